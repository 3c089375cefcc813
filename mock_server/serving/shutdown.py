"""The shutdown flag, set as soon as a signal arrives."""

import signal
from types import FrameType


class ShutdownFlag:
    """Whether shutdown was requested. No lock, because a signal handler may interrupt one."""

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        """Mark shutdown as requested."""
        self._is_set = True

    def is_set(self) -> bool:
        """Whether shutdown was requested."""
        return self._is_set


def set_on_signal(flag: ShutdownFlag) -> None:
    """Set the flag on SIGINT and SIGTERM at once; the server polls only ten times a second."""
    handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}

    def handle(number: int, frame: FrameType | None) -> None:
        flag.set()
        handler = handlers[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for one in handlers:
        signal.signal(one, handle)
