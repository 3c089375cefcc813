"""The timeline of a run as reports show it: few enough spans to be seen, without pauses."""

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.results.timeline import Span, merge_spans

MOST_SHOWN = 120

_SHORTEST_PAUSE_SECONDS = 60.0
_PAUSE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class TimelineData:
    """Sessions, each of spans of one length in order, and ``whole``, all of them as one span.

    Between two sessions is a pause without an answer that would take up much of a plot. Within a
    session, spans without an answer are left out too.
    """

    sessions: tuple[tuple[Span, ...], ...]
    whole: Span

    @property
    def spans(self) -> list[Span]:
        """The spans of all sessions."""
        return [span for session in self.sessions for span in session]

    def seen_in(self, span: Span, marks: Sequence["Mark"]) -> int:
        """The number of marks in a span; the first span has all marks before it, too."""
        starts = [one.start for one in self.spans]
        numbers = [max(bisect_right(starts, one.moment), 1) for one in marks]
        return numbers.count(starts.index(span.start) + 1)

    @property
    def seconds(self) -> float:
        """The length of all sessions together, in seconds."""
        return sum(one[-1].end - one[0].start for one in self.sessions)


@dataclass(frozen=True, slots=True)
class Mark:
    """A violation on the plots: when it was first seen, its link, its title and its colour."""

    moment: float
    link: str
    title: str
    colour: str


def timeline_data(spans: Sequence[Span], most: int = MOST_SHOWN) -> TimelineData | None:
    """The data of a timeline in about ``most`` spans; None for a run without an answer."""
    if not spans:
        return None
    whole = merge_spans(spans, spans[0].start, spans[-1].end - spans[0].start)
    busy = TimelineData(_sessions(spans, _SHORTEST_PAUSE_SECONDS), whole).seconds
    width = spans[0].seconds
    while busy / width > most:
        width *= 2
    pause = max(_SHORTEST_PAUSE_SECONDS, busy * _PAUSE_SHARE)
    coarse = [
        merge_spans(some, number * width, width)
        for number, some in itertools.groupby(spans, lambda one: one.start // width)
    ]
    return TimelineData(_sessions(coarse, pause), whole)


def _sessions(spans: Sequence[Span], pause: float) -> tuple[tuple[Span, ...], ...]:
    found: list[list[Span]] = []
    for one in spans:
        if found and one.start - found[-1][-1].end <= pause:
            found[-1].append(one)
        else:
            found.append([one])
    return tuple(map(tuple, found))


def format_duration(seconds: float) -> str:
    """A latency such as ``2 ms`` or ``1.5 s``."""
    units: tuple[tuple[float, str], ...] = ((1, "s"), (1e-3, "ms"), (0, "µs"))
    unit, name = next(one for one in units if seconds >= one[0])
    return f"{float(f'{seconds / (unit or 1e-6):.3g}'):g} {name}"
