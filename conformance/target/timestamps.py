"""Instants as texts: RFC 3339 allows more spellings than the standard library reads."""

import calendar
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|([+-])(\d\d):(\d\d))",
    # RFC 3339 section 5.6: "T" and "Z" may alternatively be lower case.
    re.ASCII | re.IGNORECASE,
)
_LEAP_SECOND = 60
_HOURS, _MINUTES = 24, 60


def instant(value: object) -> float | None:
    """The Unix time that an RFC 3339 date-time names; None where ``value`` is none.

    A leap second is the second after it, for Unix time has no other name for it.
    """
    found = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.group(1, 2, 3, 4, 5, 6))
    fraction, sign = found.group(7, 8)
    offset_hours, offset_minutes = (int(part or 0) for part in found.group(9, 10))
    if second > _LEAP_SECOND or offset_hours >= _HOURS or offset_minutes >= _MINUTES:
        return None
    try:
        day_start = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
    offset = offset_hours * 3600 + offset_minutes * 60
    return (
        calendar.timegm(day_start.timetuple())
        + second
        + float(fraction or 0)
        - (-offset if sign == "-" else offset)
    )


def http_date(value: str | None) -> float | None:
    """The Unix time of a ``Date`` header (RFC 9110 section 5.6.7); None where it is none."""
    try:
        return parsedate_to_datetime(value or "").timestamp()
    except (ValueError, OverflowError):
        return None
