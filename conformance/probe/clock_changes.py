"""The hours that local clocks skip, or show twice, where they are changed for summer."""

from calendar import SUNDAY, monthcalendar
from datetime import date

_MARCH, _OCTOBER, _NOVEMBER = 3, 10, 11


def clock_changes(year: int) -> list[str]:
    """Date-times of a year that a server loses which reads or keeps them as local time.

    Those of March are in hours that clocks of Europe and North America skip. Those of autumn are in
    the second of two hours that such clocks show alike: in Europe, in New York, in Los Angeles.
    """
    autumn = _sunday(year, _NOVEMBER, 0)
    return [
        f"{_sunday(year, _MARCH, -1)}T02:30:00Z",
        f"{_sunday(year, _MARCH, 1)}T02:30:00Z",
        f"{_sunday(year, _OCTOBER, -1)}T01:30:00Z",
        f"{autumn}T06:30:00Z",
        f"{autumn}T09:30:00Z",
    ]


def _sunday(year: int, month: int, number: int) -> date:
    weeks = monthcalendar(year, month)
    return date(year, month, [week[SUNDAY] for week in weeks if week[SUNDAY]][number])
