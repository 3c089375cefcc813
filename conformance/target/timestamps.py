"""Timestamps: RFC 3339 date-times in every spelling, and the dates of HTTP headers."""

import math
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from fractions import Fraction

_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:)([0-5]\d|60)(\.\d+)?"
    r"(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    # RFC 3339 section 5.6: "T" and "Z" may alternatively be lower case.
    re.ASCII | re.IGNORECASE,
)

# RFC 3339 section 1 has a year 0000, and Python none: the calendar of 0400, 400 years earlier.
_400_YEARS = 146_097 * 24 * 60 * 60


_MOST_DIGITS = 30
"""The digits of a fraction that count."""

_PRECISION = Fraction(2, 1000)
"""How far off a stored instant may be, for databases round: one of 1/300 s by 1.7 ms."""


def instant(value: object) -> float | None:
    """The Unix time that an RFC 3339 date-time names; None where ``value`` is none.

    A leap second is the second after it, for Unix time has no other name for it. However many
    digits a fraction has, it does not round up to the next second.
    """
    exact = _exact(value)
    if exact is None:
        return None
    whole = math.floor(exact)
    return min(float(exact), math.nextafter(whole + 1, whole))


def is_kept(sent: str, shown: object) -> bool:
    """Whether a date-time shows the instant of another that was sent.

    Its fraction of a second may be cut or rounded to fewer digits, for RFC 3339 section 5.6 asks
    for none; and what cannot name a leap second names the one before it.
    """
    exact, found = _exact(sent), _exact(shown)
    if exact is None or found is None:
        return False
    if _is_leap(sent) and exact - 1 <= found <= exact:
        return True
    kept = [exact]
    for digits in range(3):
        unit = Fraction(1, 10**digits)
        cut = math.floor(exact / unit) * unit
        kept += [cut, cut + unit] if exact - cut >= unit / 2 else [cut]
    return any(abs(found - one) <= _PRECISION for one in kept)


def _is_leap(text: str) -> bool:
    found = _DATE_TIME.fullmatch(text)
    return found is not None and found[2] == "60"


def _exact(value: object) -> Fraction | None:
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
    digits = (fraction or "")[1 : _MOST_DIGITS + 1]
    whole = int(start.timestamp()) + int(second) - shift
    return whole + Fraction(int(digits or 0), 10 ** len(digits))


def http_date(value: str | None) -> float | None:
    """The Unix time of a ``Date`` header (RFC 9110 section 5.6.7); None where it is none."""
    try:
        return parsedate_to_datetime(value or "").timestamp()
    except (ValueError, OverflowError):
        return None
