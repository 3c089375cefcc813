"""Ctrl-C, SIGTERM and SIGHUP during a load run."""

from collections.abc import Iterator
from contextlib import contextmanager

import gevent

from conformance.load.locust.worker_state import WorkerState
from conformance.target.target import Target
from dinie_contract.systems import ENDING, ends_runs


class Signals:
    """Signals received, counted in ``seen``: the first ends the load, the second the clean-up."""

    def __init__(self, target: Target) -> None:
        self.seen = 0
        self.state: WorkerState | None = None
        self._target = target

    def count(self) -> None:
        """Count a signal, and act on it."""
        self.seen += 1
        if self.state is None:
            # Only the survey of the target is under way.
            self._target.halt(for_good=self.seen > 1)
            return
        self.state.interrupt(for_good=self.seen > 1)


@contextmanager
def listening(target: Target) -> Iterator[Signals]:
    """Handle the process's signals until the block ends."""
    signals = Signals(target)
    handlers = [gevent.signal_handler(one, signals.count) for one in ENDING if ends_runs(one)]
    try:
        yield signals
    finally:
        for one in handlers:
            one.cancel()
