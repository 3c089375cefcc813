"""The moments of a verdict as text, in UTC."""

from datetime import UTC, datetime

_LATEST = 253_402_300_799
"""The last second that has a date (year 9999), as Unix time."""


def date_of(seconds: float) -> datetime:
    """The date of a Unix time; one after all dates is the last of them."""
    return datetime.fromtimestamp(min(seconds, _LATEST), UTC)


def moment(seconds: float) -> str:
    """A Unix time for people, to the second."""
    when = date_of(seconds)
    return f"{when.day} {when:%b %Y %H:%M:%S} UTC"


def iso_moment(seconds: float) -> str:
    """A Unix time for tools, by ISO 8601 and to the second."""
    return date_of(seconds).isoformat(timespec="seconds")
