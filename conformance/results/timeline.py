"""The timeline of a run: statuses and latencies in spans of time, of bounded number."""

import math
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


def told(seconds: float) -> str:
    """Such as ``1:02:03``; minutes and seconds where there is no hour."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


MOST_SPANS = 240
"""Spans in which something was answered. Where there would be more, each becomes twice as long."""

SHORTEST_SPAN = 1 / 16
"""In seconds."""

STEPS_PER_DOUBLING = 8
"""Of the latency histogram: two neighbouring steps are 9 % apart."""

_FASTEST, _DOUBLINGS = 1e-5, 27
_LAST_STEP = _DOUBLINGS * STEPS_PER_DOUBLING


@dataclass(frozen=True, slots=True)
class Span:
    """The answers of a span that begins at ``start`` (seconds since the epoch).

    ``statuses`` counts answers by status and ``latencies`` by step of the histogram.
    ``slowest`` is the longest that one took, in seconds.
    """

    start: float
    seconds: float
    statuses: Mapping[int, int]
    latencies: Mapping[int, int]
    slowest: float

    @property
    def end(self) -> float:
        """The begin of the next span."""
        return self.start + self.seconds

    @property
    def requests(self) -> int:
        """The number of answers."""
        return sum(self.statuses.values())

    def quantile(self, share: float) -> float:
        """Within 4.5 % of what a ``share`` of the answers took at most (nearest rank), in seconds.

        From 10 µs to 20 minutes, that is; what is beyond counts as these.
        """
        left = max(math.ceil(share * self.requests), 1)
        for step, count in sorted(self.latencies.items()):
            left -= count
            if left <= 0:
                return min(_FASTEST * 2 ** ((step + 0.5) / STEPS_PER_DOUBLING), self.slowest)
        return self.slowest


class _Counted:
    """The counts of a span that may still grow."""

    __slots__ = ("latencies", "slowest", "statuses")

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.latencies: Counter[int] = Counter()
        self.slowest = 0.0

    def add(
        self, statuses: Mapping[int, int], latencies: Mapping[int, int], slowest: float
    ) -> None:
        self.statuses.update(statuses)
        self.latencies.update(latencies)
        self.slowest = max(self.slowest, slowest)


class Timeline:
    """Counts answers as they come in, from several threads at once.

    Spans are aligned with the wall clock, so two timelines can be added up, whichever way what
    they hold lies in time. The sum is the same as if one had met everything. What takes no time,
    such as the night between two sessions, takes no space.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._doublings = 0
        self._spans: dict[int, _Counted] = {}

    def met(self, moment: float, status: int, seconds: float) -> None:
        """An answer came in at a moment, in seconds since the epoch, and took so many."""
        step = _step(seconds)
        with self._lock:
            counted = self._at(math.floor(moment / self._width))
            counted.statuses[status] += 1
            counted.latencies[step] += 1
            counted.slowest = max(counted.slowest, seconds)
            self._fit()

    def add(self, other: "Timeline") -> None:
        """Add the counts of another timeline."""
        self.restore(other.state())

    @property
    def spans(self) -> tuple[Span, ...]:
        """The spans with an answer, in order."""
        with self._lock:
            return tuple(
                Span(index * self._width, self._width, dict(one.statuses), dict(one.latencies),
                     one.slowest)
                for index, one in sorted(self._spans.items())
            )  # fmt: skip

    def state(self) -> dict[str, Any]:
        """To be kept as JSON, and given to :meth:`restore`."""
        with self._lock:
            return {
                "doublings": self._doublings,
                "spans": [
                    [index, one.slowest, list(one.statuses.items()), list(one.latencies.items())]
                    for index, one in sorted(self._spans.items())
                ],
            }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Add to what was counted before; what was kept by an older version counted nothing."""
        doublings, spans = int(state.get("doublings", 0)), state.get("spans", [])
        with self._lock:
            while self._doublings < doublings:
                self._double()
            for index, slowest, statuses, latencies in spans:
                place = int(index) >> (self._doublings - doublings)
                self._at(place).add(dict(statuses), dict(latencies), float(slowest))
            self._fit()

    @property
    def _width(self) -> float:
        return float(SHORTEST_SPAN * 2**self._doublings)

    def _at(self, index: int) -> _Counted:
        counted = self._spans.get(index)
        if counted is None:
            counted = self._spans[index] = _Counted()
        return counted

    def _fit(self) -> None:
        while len(self._spans) > MOST_SPANS:
            self._double()

    def _double(self) -> None:
        before, self._spans = self._spans, {}
        self._doublings += 1
        for index, one in before.items():
            self._at(index >> 1).add(one.statuses, one.latencies, one.slowest)


def _step(seconds: float) -> int:
    if seconds <= _FASTEST:
        return 0
    return min(int(math.log2(seconds / _FASTEST) * STEPS_PER_DOUBLING), _LAST_STEP)


def joined(spans: Iterable[Span], start: float, seconds: float) -> Span:
    """Several spans as one."""
    counted = _Counted()
    for one in spans:
        counted.add(one.statuses, one.latencies, one.slowest)
    return Span(start, seconds, counted.statuses, counted.latencies, counted.slowest)
