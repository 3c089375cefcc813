"""How long a run will take whose target limits its requests."""

import time
from collections.abc import Callable

from conformance.run.runner import Run

_LEAST_WAITED_SECONDS = 2.0
_LEAST_DONE = 0.1
"""The share of the checks after which the rest can be foreseen."""


class Pace:
    """Tells once how long a run will take, where its target makes it wait.

    Call :meth:`look` now and then; ``tell`` gets the line.
    """

    def __init__(self, run: Run, tell: Callable[[str], None]) -> None:
        self._run = run
        self._tell = tell
        self._start = time.monotonic()
        self._is_told = False

    def look(self) -> None:
        """Tell, if it is time for that."""
        done, target = self._run.checked, self._run.target
        waits = target.waits.seconds >= _LEAST_WAITED_SECONDS
        if self._is_told or not waits or done < _LEAST_DONE * len(self._run.checks):
            return
        self._is_told = True
        left = (time.monotonic() - self._start) / done * (len(self._run.checks) - done)
        self._tell(
            f"{target.base_url} limits requests: the run takes about {left:.0f} s more"
            " (--max-time bounds it, a higher limit shortens it)"
        )
