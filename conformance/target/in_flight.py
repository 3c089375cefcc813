"""How many checks are in flight together: as many as a target bears without taking longer."""

import threading
from collections import deque
from statistics import median

from conformance.target.exchange import Answer
from conformance.target.retry_after import is_limit
from dinie_contract.options import MOST_CHECKS

FEWEST = 8
"""The checks in flight together with a quick target, and after a 429."""

_SLOW_SECONDS = 0.02
"""Quicker answers are the work of a machine near by: more at once would wait for each other."""

_ROUNDS = 3
"""So many answers for each check in flight are looked at together, by their median."""

_REMEMBERED = 8
"""The looks that the next one is compared with: a target may become slower for all of a run."""

_FLAT, _RISEN = 1.25, 1.6
"""Times as long as the quickest of these: up to here more are tried, and beyond it fewer."""

_GROWTH, _DECLINE = 1.5, 0.75


class InFlight:
    """The number of checks that may be in flight together now, from 1 to ``most``.

    It begins with :data:`FEWEST`. A slow target gets more while its answers take no longer for
    it, and fewer when they do. From its first 429 on it gets the fewest.
    """

    def __init__(self, most: int = MOST_CHECKS) -> None:
        self._fewest, self._most = min(FEWEST, most), most
        self._now = float(self._fewest)
        self._seconds: list[float] = []
        self._looks: deque[float] = deque(maxlen=_REMEMBERED)
        self._lock = threading.Lock()

    def number(self) -> int:
        """The number now."""
        return int(self._now)

    def add(self, answer: Answer) -> None:
        """Learn from the time that an answer took, or from the limit that it tells of."""
        with self._lock:
            if is_limit(answer):
                self._most, self._now = self._fewest, self._fewest
                return
            self._seconds.append(answer.seconds)
            if len(self._seconds) >= _ROUNDS * self._now:
                self._look(median(self._seconds))
                self._seconds.clear()

    def _look(self, seconds: float) -> None:
        self._looks.append(seconds)
        longer = seconds / max(min(self._looks), _SLOW_SECONDS)
        if seconds >= _SLOW_SECONDS and longer <= _FLAT:
            self._now = min(self._now * _GROWTH, self._most)
        elif longer > _RISEN:
            self._now = max(self._now * _DECLINE, self._fewest)
