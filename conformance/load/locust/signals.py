"""Ctrl-C and SIGTERM during a load run."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import gevent

from conformance.load.locust.worker_state import WorkerState
from conformance.target.target import Target


class Signals:
    """Signals of the user: the first ends the load, the second the cleaning up as well.

    ``seen`` is how many there were.
    """

    def __init__(self, target: Target) -> None:
        self.seen = 0
        self.state: WorkerState | None = None
        self._target = target

    def take(self) -> None:
        """Count one."""
        self.seen += 1
        if self.state is None:
            # Nothing but a first look at the target is under way.
            self._target.halt()
        elif self.seen > 1:
            self.state.is_hurried = True


@contextmanager
def listening(target: Target) -> Iterator[Signals]:
    """Take the process's signals until the block ends."""
    told = Signals(target)
    handlers = [gevent.signal_handler(one, told.take) for one in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield told
    finally:
        for one in handlers:
            one.cancel()
