"""Shutdown by SIGINT and SIGTERM: before the server runs, and once it does."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""The signals that end the mock."""


@dataclass(slots=True)
class ShutdownFlag:
    """Whether shutdown was requested. No lock, because a signal handler may interrupt one."""

    is_set: bool = False


def set_on_signal(flag: ShutdownFlag) -> None:
    """Set the flag on SIGINT and SIGTERM at once; the server polls only ten times a second."""
    handlers = {one: signal.getsignal(one) for one in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        flag.is_set = True
        handler = handlers[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for one in handlers:
        signal.signal(one, handle)


@contextmanager
def ended_by_signals(*signals: signal.Signals) -> Iterator[None]:
    """Let these signals end the process at once, inside a library that returns late as well.

    Nothing is served in the block, so there is nothing to finish. A handler in Python would run
    only after a call into such a library, and an ignored signal stays ignored.
    """
    before = {
        one: signal.signal(one, signal.SIG_DFL)
        for one in signals
        if signal.getsignal(one) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
