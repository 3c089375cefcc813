"""Ctrl-C and SIGTERM end a run in order."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stopped_by_signals(stop_run: Callable[[], None]) -> Iterator[None]:
    """End the run on Ctrl-C or SIGTERM with what there is.

    A second one ends the cleaning up as well, and a third one everything.
    """
    before: dict[signal.Signals, Any] = {}
    seen = 0

    def stop(number: int, _: object) -> None:
        nonlocal seen
        seen += 1
        if seen > 1:
            signal.signal(number, before[signal.Signals(number)])
        stop_run()

    for one in (signal.SIGINT, signal.SIGTERM):
        before[one] = signal.signal(one, stop)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
