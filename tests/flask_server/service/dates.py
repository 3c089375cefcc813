"""Dates and times as RFC 3339 writes them, over all its years, with fractions and leap seconds."""

import re
from collections.abc import Callable
from dataclasses import dataclass

DAY = 86_400
SHAPE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class Moment:
    """An instant: whole Unix seconds, the digits after them, and whether it is a leap second."""

    seconds: int
    fraction: str
    leap: bool
    text: str


def leap_year(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def length_of_month(year: int, month: int) -> int:
    return 29 if month == 2 and leap_year(year) else LENGTHS[month - 1]


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01, in the Gregorian calendar made to reach back to year 0."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def date_of(number: int) -> tuple[int, int, int]:
    era, of_era = divmod(number + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    return year + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1


def read(text: str) -> Moment:
    """Read a date and time; ValueError for what is none."""
    text = text.upper()
    match = SHAPE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second = (int(match[part]) for part in range(1, 7))
    offset = 0
    if match[8]:
        offset = (int(match[9]) * 60 + int(match[10])) * (-60 if match[8] == "-" else 60)
        if int(match[9]) > 23 or int(match[10]) > 59:
            raise ValueError(text)
    if not 1 <= month <= 12 or not 1 <= day <= length_of_month(year, month):
        raise ValueError(text)
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError(text)
    leap = second == 60
    seconds = day_number(year, month, day) * DAY + hour * 3600 + minute * 60 + second - leap
    seconds -= offset
    if leap and seconds % DAY != DAY - 1:
        raise ValueError(text)
    return Moment(seconds, match[7] or "", leap, text)


def write(moment: Moment) -> str:
    """The instant in UTC, or as it was sent where UTC is in a year of more than four digits."""
    days, rest = divmod(moment.seconds, DAY)
    year, month, day = date_of(days)
    if not 0 <= year <= 9999:
        return moment.text
    hour, rest = divmod(rest, 3600)
    minute, second = divmod(rest, 60)
    second += moment.leap
    clock = f"{hour:02}:{minute:02}:{second:02}{moment.fraction}"
    return f"{year:04}-{month:02}-{day:02}T{clock}Z"


def stamp(time: float) -> str:
    """A time of the server's clock, to the millisecond."""
    seconds, thousandths = divmod(int(time * 1000), 1000)
    return write(Moment(seconds, f".{thousandths:03}", leap=False, text=""))


@dataclass
class Dates:
    """The seams of dates."""

    read: Callable[[str], Moment] = read
    write: Callable[[Moment], str] = write
    stamp: Callable[[float], str] = stamp
