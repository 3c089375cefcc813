"""Clocks of partners, and instants in RFC 3339.

An instant is a Unix time in seconds. Text is RFC 3339, which allows more than the standard
library reads: lower-case letters, leap seconds, any number of fraction digits, the year 0000.
"""

import calendar
import functools
import math
import re
import time
from datetime import UTC, datetime
from typing import Protocol

_RFC_3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)

_GREGORIAN_CYCLE_YEARS = 400
_GREGORIAN_CYCLE_SECONDS = 146_097 * 86_400


class Clock(Protocol):
    """A source of the current time."""

    def now(self) -> float:
        """The current Unix time in seconds."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """The current Unix time in seconds."""
        return time.time()


def timestamp(instant: float) -> str:
    """An instant as RFC 3339 in UTC with milliseconds: ``2026-03-01T12:00:00.250Z``."""
    milliseconds = math.floor(instant * 1000)
    return f"{_whole_second(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@functools.lru_cache(maxsize=16)
def _whole_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[: len("2026-03-01T12:00:00")]


def instant(text: str) -> float:
    """The instant of an RFC 3339 date-time; raises ValueError for any other text."""
    found = _RFC_3339.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not an RFC 3339 date-time")
    year, month, day, hour, minute, second = (int(part) for part in found.group(1, 2, 3, 4, 5, 6))
    fraction, sign, offset_hours, offset_minutes = found.group(7, 8, 9, 10)
    # The standard library's calendar begins with the year 1; one cycle later all days recur.
    early = year < _GREGORIAN_CYCLE_YEARS
    seconds = calendar.timegm(
        (year + _GREGORIAN_CYCLE_YEARS * early, month, day, hour, minute, second)
    )
    offset = (int(offset_hours) * 3600 + int(offset_minutes) * 60) if sign else 0
    return (
        seconds
        - _GREGORIAN_CYCLE_SECONDS * early
        + float(fraction or 0)
        - (offset if sign == "+" else -offset)
    )


class PartnerClocks:
    """The clocks of all partners, as offsets from the machine's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead: dict[str, float] = {}

    def now(self, partner_id: str | None) -> float:
        """The current time of a partner, or of the machine for the partner None."""
        now = self._clock.now()
        ahead = self._ahead
        return now + ahead[partner_id] if partner_id in ahead else now

    def ahead(self, partner_id: str) -> float:
        """Seconds by which a partner's clock is ahead of the machine's; negative if behind."""
        return self._ahead.get(partner_id, 0.0)

    def advance(self, partner_id: str, seconds: float) -> None:
        """Move a clock forward, or back by a negative number."""
        self._ahead[partner_id] = self.ahead(partner_id) + seconds

    def set(self, partner_id: str, instant: float) -> None:
        """Set a clock to ``instant``, from where it goes on running."""
        self._ahead[partner_id] = instant - self._clock.now()

    def forget(self, partner_id: str) -> None:
        """Reset a clock to the machine's time."""
        self._ahead.pop(partner_id, None)
