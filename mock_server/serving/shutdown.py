"""The shutdown flag, set as soon as a signal arrives."""

import signal
from dataclasses import dataclass
from types import FrameType


@dataclass(slots=True)
class ShutdownFlag:
    """Whether shutdown was requested. No lock, because a signal handler may interrupt one."""

    is_set: bool = False


def set_on_signal(flag: ShutdownFlag) -> None:
    """Set the flag on SIGINT and SIGTERM at once; the server polls only ten times a second."""
    handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}

    def handle(number: int, frame: FrameType | None) -> None:
        flag.is_set = True
        handler = handlers[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for one in handlers:
        signal.signal(one, handle)
