"""Whether this process was told to end, known from the signal on."""

import signal
from types import FrameType


class ShutdownFlag:
    """Whether the process was told to end. A lock has no place where signals are handled."""

    def __init__(self) -> None:
        self._was_told = False

    def tell(self) -> None:
        """It was."""
        self._was_told = True

    def is_set(self) -> bool:
        """Whether it was."""
        return self._was_told


def set_on_signal(ending: ShutdownFlag) -> None:
    """Tell of a signal as soon as it comes; the server looks for one only ten times a second."""
    server_told = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}

    def told(number: int, frame: FrameType | None) -> None:
        ending.tell()
        handler = server_told[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for one in server_told:
        signal.signal(one, told)
