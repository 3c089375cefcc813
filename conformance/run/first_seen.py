"""Violations as they come: told when they are first seen, long before the report."""

import time
from collections.abc import Callable

from conformance.catalogue.requirement import Level
from conformance.results.baseline import Baseline
from conformance.results.result import VIOLATIONS, Result, ResultKey
from conformance.run.runner import Run

FAIL_FAST = "it ended at the first violation (--fail-fast)"


class FirstSeen:
    """Tells each violation once, unless the baseline accepts it.

    Call :meth:`look` with each result. ``tell`` gets a line, from any thread of the run. With
    ``fail_fast``, the first violation that fails the run at its level ends it.
    """

    def __init__(
        self,
        run: Run,
        level: Level,
        baseline: Baseline,
        tell: Callable[[str], None],
        *,
        fail_fast: bool = False,
    ) -> None:
        self._run = run
        self._levels = {Level.MUST, level}
        self._baseline = baseline
        self._tell = tell
        self._fail_fast = fail_fast
        self._start = time.monotonic()
        self._seen: set[ResultKey] = set()
        run.on_violation = self.look

    def look(self, result: Result) -> None:
        """Tell of a result that is a violation, where it was not told of yet."""
        if result.outcome not in VIOLATIONS or self._baseline.accepts(result):
            return
        if result.key in self._seen:
            return
        self._seen.add(result.key)
        after = time.monotonic() - self._start
        self._tell(f"{after:.1f} s: {result.title}: {result.actual or result.expected}")
        if self._fail_fast and result.level in self._levels:
            self._run.stop(FAIL_FAST)
