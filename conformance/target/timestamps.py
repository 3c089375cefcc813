"""Timestamps: RFC 3339 date-times in every spelling, and the dates of HTTP headers."""

import math
import re
from datetime import datetime
from email.utils import parsedate_to_datetime

_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:)([0-5]\d|60)(\.\d+)?"
    r"(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    # RFC 3339 section 5.6: "T" and "Z" may alternatively be lower case.
    re.ASCII | re.IGNORECASE,
)

# RFC 3339 section 1 has a year 0000, and Python none: the calendar of 0400, 400 years earlier.
_400_YEARS = 146_097 * 24 * 60 * 60


def instant(value: object) -> float | None:
    """The Unix time that an RFC 3339 date-time names; None where ``value`` is none.

    A leap second is the second after it, for Unix time has no other name for it. However many
    digits a fraction has, it does not round up to the next second.
    """
    found = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    minute, second, fraction, offset = found.groups()
    shift = _400_YEARS if minute.startswith("0000") else 0
    minute = f"0400{minute[4:]}" if shift else minute
    try:
        start = datetime.fromisoformat(f"{minute}00{offset}".upper())
    except ValueError:
        return None
    whole = start.timestamp() + int(second) - shift
    return min(whole + float(fraction or 0), math.nextafter(whole + 1, whole))


def http_date(value: str | None) -> float | None:
    """The Unix time of a ``Date`` header (RFC 9110 section 5.6.7); None where it is none."""
    try:
        return parsedate_to_datetime(value or "").timestamp()
    except (ValueError, OverflowError):
        return None
