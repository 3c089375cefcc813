"""The timeline of a run: statuses and latencies in spans of time, of bounded number."""

import math
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


def format_elapsed(seconds: float) -> str:
    """A time span such as ``1:02:03``; minutes and seconds where there is no hour."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


MOST_SPANS = 240
"""The most spans with an answer. Where there would be more, each becomes twice as long."""

SHORTEST_SPAN = 1 / 16
"""The length of a span at first, in seconds."""

STEPS_PER_DOUBLING = 8
"""Steps of the latency histogram for a factor of two: neighbouring ones are 9 % apart."""

_FASTEST, _DOUBLINGS = 1e-5, 27
LAST_STEP = _DOUBLINGS * STEPS_PER_DOUBLING
"""The number of the last step of the latency histogram."""


@dataclass(slots=True)
class Span:
    """The answers of a span that begins at ``start`` (seconds since the epoch).

    ``statuses`` counts answers by status and ``latencies`` by step of the histogram.
    ``slowest`` is the largest latency in seconds.
    """

    start: float
    seconds: float
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0

    @property
    def end(self) -> float:
        """The moment at which the span ends, in seconds since the epoch."""
        return self.start + self.seconds

    @property
    def requests(self) -> int:
        """The number of answers."""
        return sum(self.statuses.values())

    def count_of_class(self, leading: int) -> int:
        """The number of answers of a status class: 5 is 5xx."""
        return sum(count for status, count in self.statuses.items() if status // 100 == leading)

    def quantile(self, share: float) -> float:
        """The latency that a ``share`` of the answers did not exceed (nearest rank), in seconds.

        From 10 µs to 20 minutes it is exact within 4.5 %; latencies beyond count as these.
        """
        left = max(math.ceil(share * self.requests), 1)
        for step, count in sorted(self.latencies.items()):
            left -= count
            if left <= 0:
                return min(_FASTEST * 2 ** ((step + 0.5) / STEPS_PER_DOUBLING), self.slowest)
        return self.slowest

    def add(self, other: "Span") -> None:
        """Add the answers of another span."""
        self.statuses.update(other.statuses)
        self.latencies.update(other.latencies)
        self.slowest = max(self.slowest, other.slowest)


def merge_spans(spans: Iterable[Span], start: float, seconds: float) -> Span:
    """Several spans as one, which lasts from ``start`` for so many seconds."""
    whole = Span(start, seconds)
    for one in spans:
        whole.add(one)
    return whole


def ends_of(spans: Sequence[Span]) -> tuple[float, float] | None:
    """The first and the last moment of spans in order; None where there are none.

    The last span is not over where the clock says so.
    """
    return (spans[0].start, min(spans[-1].end, time.time())) if spans else None


class Timeline:
    """Counts answers as they come in, from several threads at once.

    Spans are aligned with the wall clock, so two timelines can be added up, whichever times they
    cover: the sum is the same as if one had counted all answers. Time without an answer, such as
    the night between two sessions, takes no space.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._doublings = 0
        self._spans: dict[int, Span] = {}

    def record(self, moment: float, status: int, seconds: float) -> None:
        """Count an answer that came at ``moment`` (since the epoch) after so many seconds."""
        step = _step(seconds)
        with self._lock:
            span = self._at(math.floor(moment / self._width))
            span.statuses[status] += 1
            span.latencies[step] += 1
            span.slowest = max(span.slowest, seconds)
            self._fit()

    def add(self, other: "Timeline") -> None:
        """Add the counts of another timeline."""
        self.restore(other.state())

    @property
    def spans(self) -> tuple[Span, ...]:
        """Copies of the spans with an answer, in order."""
        with self._lock:
            return tuple(
                replace(one, statuses=one.statuses.copy(), latencies=one.latencies.copy())
                for _, one in sorted(self._spans.items())
            )

    def state(self) -> dict[str, Any]:
        """All counts, to be saved as JSON and passed to :meth:`restore`."""
        with self._lock:
            return {
                "doublings": self._doublings,
                "spans": [
                    [index, one.slowest, list(one.statuses.items()), list(one.latencies.items())]
                    for index, one in sorted(self._spans.items())
                ],
            }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Add the counts of a saved state; one of an older version has none."""
        doublings, spans = int(state.get("doublings", 0)), state.get("spans", [])
        with self._lock:
            while self._doublings < doublings:
                self._double()
            for index, slowest, statuses, latencies in spans:
                counts = Counter(dict(statuses)), Counter(dict(latencies))
                saved = Span(0, 0, *counts, float(slowest))
                self._at(int(index) >> (self._doublings - doublings)).add(saved)
            self._fit()

    @property
    def _width(self) -> float:
        return float(SHORTEST_SPAN * 2**self._doublings)

    def _at(self, index: int) -> Span:
        if index not in self._spans:
            self._spans[index] = Span(index * self._width, self._width)
        return self._spans[index]

    def _fit(self) -> None:
        while len(self._spans) > MOST_SPANS:
            self._double()

    def _double(self) -> None:
        before, self._spans = self._spans, {}
        self._doublings += 1
        for index, one in before.items():
            self._at(index >> 1).add(one)


def _step(seconds: float) -> int:
    if seconds <= _FASTEST:
        return 0
    return min(int(math.log2(seconds / _FASTEST) * STEPS_PER_DOUBLING), LAST_STEP)
