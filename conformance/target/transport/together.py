"""Requests that are complete at the same moment, each but for its last byte until then.

What is sent in one go arrives spread over the time that connections, threads and bodies take: a
target may well have answered the first before the last is there. A last byte takes no time.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

_LONGEST_WAIT_SECONDS = 1.0
"""How long a request waits for the others: one of them may never get a connection."""


class Together:
    """So many requests whose last bytes wait for each other."""

    def __init__(self, count: int) -> None:
        self._barrier = threading.Barrier(count)

    def arrive(self) -> None:
        """Wait until all others have arrived, or one will not."""
        with suppress(threading.BrokenBarrierError):
            self._barrier.wait(_LONGEST_WAIT_SECONDS)

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Let the next request of this thread be one of them."""
        _NEXT.set(self)
        try:
            yield
        finally:
            if _NEXT.get() is not None:
                # Nothing was sent: nobody need wait for it.
                self._barrier.abort()
            _NEXT.set(None)


_NEXT: ContextVar[Together | None] = ContextVar("together", default=None)


def taken() -> Together | None:
    """What the next request of this thread belongs to, and no later one."""
    found = _NEXT.get()
    _NEXT.set(None)
    return found
