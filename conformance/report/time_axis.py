"""The time axis of all plots: wall clock in UTC, with pauses cut short."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime

from conformance.report.timeline_data import TimelineData
from conformance.results.timeline import Span

_MOST_TICKS = 10
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800,
          21600, 43200, 86400)  # fmt: skip
_PAUSE_SHARE, _ALL_PAUSES_SHARE = 0.04, 0.3
_CLOSE = 0.05


class TimeAxis:
    """Positions of moments, from 0 to ``length``: one unit for each second of a session.

    ``pauses`` have start and end on the axis, and their real length in seconds.
    """

    def __init__(self, timeline: TimelineData) -> None:
        self._sessions = [(one[0].start, one[-1].end) for one in timeline.sessions]
        gaps = len(self._sessions) - 1
        pause = timeline.seconds * min(_PAUSE_SHARE, _ALL_PAUSES_SHARE / max(gaps, 1))
        self._offsets: list[float] = []
        self.pauses: list[tuple[float, float, float]] = []
        self.length = 0.0
        last = None
        for start, end in self._sessions:
            if last is not None:
                self.pauses.append((self.length, self.length + pause, start - last))
                self.length += pause
            self._offsets.append(self.length)
            self.length += end - start
            last = end

    def position(self, moment: float) -> float:
        """The position of a moment; a moment within a pause is at its begin."""
        starts = [start for start, _ in self._sessions]
        number = max(bisect_right(starts, moment) - 1, 0)
        start, end = self._sessions[number]
        return self._offsets[number] + min(max(moment, start), end) - start

    def edges(self, session: Sequence[Span]) -> tuple[list[float], list[Span | None]]:
        """The edges of all spans of a session, and the spans; None for one without an answer."""
        first, width = session[0], session[0].seconds
        by_number = {round((one.start - first.start) / width): one for one in session}
        spans = [by_number.get(number) for number in range(max(by_number) + 1)]
        begin = self.position(first.start)
        return [begin + number * width for number in range(len(spans) + 1)], spans

    def ticks(self) -> tuple[list[float], list[str]]:
        """Positions and texts of the labels; the day stands where it begins."""
        busy = sum(end - start for start, end in self._sessions)
        step = next((one for one in _STEPS if busy / one <= _MOST_TICKS), _STEPS[-1])
        form = "%H:%M:%S" if step < 60 else "%H:%M"  # noqa: PLR2004 - seconds of a minute
        positions: list[float] = []
        labels: list[str] = []
        day = ""
        for moment in self._moments(step):
            position = self.position(moment)
            if positions and position - positions[-1] < _CLOSE * self.length:
                continue
            when = datetime.fromtimestamp(moment, UTC)
            label = when.strftime(form)
            if step < 1:
                label += f".{when.microsecond // 100_000}"
            if (today := f"{when.day} {when:%b %Y}") != day:
                label, day = f"{label} UTC\n{today}", today
            positions.append(position)
            labels.append(label)
        return positions, labels

    def _moments(self, step: float) -> list[float]:
        """Round moments within the sessions, and the beginning of a session that has none."""
        found: list[float] = []
        for start, end in self._sessions:
            first = -int(-start // step)
            inside = [number * step for number in range(first, int(end // step) + 1)]
            found += inside or [start]
        return found
