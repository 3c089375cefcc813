"""One thread that sends alone, while the others rest."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from conformance.target.transport.reception import POLL_SECONDS


class OneAlone:
    """What one thread holds to send alone, and the others wait for before each request."""

    def __init__(self) -> None:
        self._holder: int | None = None
        self._changed = threading.Condition()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no other thread send in this block; what is on its way is not waited for."""
        self.wait(lambda: None, and_hold=True)
        try:
            yield
        finally:
            with self._changed:
                self._holder = None
                self._changed.notify_all()

    def wait(self, expect_open: Callable[[], None], *, and_hold: bool = False) -> None:
        """Wait until no other thread holds it; ``expect_open`` raises where nothing is sent."""
        own = threading.get_ident()
        with self._changed:
            while True:
                expect_open()
                if self._holder in {None, own}:
                    break
                self._changed.wait(POLL_SECONDS)
            if and_hold:
                self._holder = own
