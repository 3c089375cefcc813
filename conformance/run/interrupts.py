"""Orderly end of a run on Ctrl-C, SIGTERM and SIGHUP, or when its time is over."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from conformance.target.target import Target
from dinie_contract.systems import ENDING, ends_runs


@contextmanager
def stopped_by_signals(stop_run: Callable[[], None], target: Target) -> Iterator[None]:
    """Call ``stop_run`` on Ctrl-C, SIGTERM or SIGHUP while the block lasts.

    Results until then stay. The second signal stops the clean-up as well, also before it begins,
    and the third one the process.
    """
    seen = 0

    def stop(number: int, _: object) -> None:
        nonlocal seen
        seen += 1
        if seen > 1:
            # Python hears of a signal only between its own steps: the third one ends any of them.
            is_ctrl_c = number == signal.SIGINT
            signal.signal(number, before[number] if is_ctrl_c else signal.SIG_DFL)
            target.halt(for_good=True)
        stop_run()

    before: dict[int, Any] = {one: signal.signal(one, stop) for one in ENDING if ends_runs(one)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def stopped_after(seconds: float, stop_run: Callable[[], None]) -> Iterator[None]:
    """Call ``stop_run``, in another thread, where the block lasts longer than so many seconds."""
    clock = threading.Timer(min(max(seconds, 0.0), threading.TIMEOUT_MAX), stop_run)
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()
        clock.join()
