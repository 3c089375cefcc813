"""The reception of one answer: what has come of it, and the bounds of its time and size."""

import time
from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar

from conformance.target.transport.together import Together

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 16 * 1024 * 1024
"""The most bytes of an answer, as received and as decoded. A page of 100 items has 50 kB."""

MOST_HEADERS, MOST_HEADER_BYTES = 256, 64 * 1024
"""The most header fields of an answer, and the most bytes until the end of its headers."""

MOST_SECONDS = 60.0
"""The longest time from the first byte of a request to the last byte of its answer."""

TIMEOUT_SECONDS = 30.0
"""The longest time without a byte of an answer."""

POLL_SECONDS = 0.1
"""How soon a run that was stopped stops waiting."""

GRACE_SECONDS = 1.0
"""How long a stopped run waits for answers on their way: what they tell of is to be revoked."""

_SHORTEST_POLL_SECONDS = 0.001

EXTENSION = "reception"
"""The name of the reception among the extensions of a request to a transport."""

Value = TypeVar("Value")


class OutOfBounds(Exception):
    """An answer went past a bound; the message goes on after "an answer"."""


class Abandoned(Exception):
    """The run was stopped while it waited for an answer."""


class Way(IntEnum):
    """How far the way to the target is open: each stage comes after the one before."""

    NONE = 0
    CONNECTED = 1
    IN_TLS = 2
    """The handshake has begun; where there is a proxy, it has opened a tunnel."""
    SECURE = 3


class Reception:
    """Counts the bytes and seconds of one answer, and waits for it no longer than they allow."""

    def __init__(
        self,
        most_seconds: float = MOST_SECONDS,
        is_abandoned: Callable[[], bool] = lambda: False,
        together: Together | None = None,
    ) -> None:
        self.together = together
        """The requests whose last bytes wait for each other, its own among them."""
        self.received = 0
        """The bytes that have come of the answer."""
        self.in_headers = True
        """Whether the headers are not complete yet."""
        self.is_reused = False
        """Whether the request went out on a connection that had answered others before."""
        self.way = Way.NONE
        """How far the connection came that was made for this request."""
        self._most_seconds = most_seconds
        self._is_abandoned = is_abandoned
        self._begun = self._last = 0.0
        self._ended: Exception | None = None

    @property
    def seconds(self) -> float:
        """The seconds since the first byte of the request; 0 before it is sent."""
        return time.monotonic() - self._begun if self._begun else 0.0

    @property
    def has_begun(self) -> bool:
        """Whether a byte of the request was sent."""
        return bool(self._begun)

    def begin(self) -> None:
        """Mark the first byte of the request as sent."""
        self._begun = self._begun or time.monotonic()

    def receive(self, count: int) -> None:
        """Count bytes of the answer; raises :class:`OutOfBounds` where they are too many.

        It raises as well where nobody waits for the answer any more.
        """
        self.received += count
        self._last = time.monotonic()
        if self.in_headers and self.received > MOST_HEADER_BYTES:
            self._ended = OutOfBounds(f"of more than {MOST_HEADER_BYTES} bytes of headers")
        elif self.received > MOST_BYTES + MOST_HEADER_BYTES:
            self._ended = OutOfBounds(f"of more than {MOST_BYTES} bytes")
        if self._ended:
            raise self._ended

    def wait_for(self, attempt: Callable[[float], Value], silent_seconds: float | None) -> Value:
        """The value of ``attempt``, which is given some seconds again and again.

        It raises TimeoutError where it needs more of them. Raises TimeoutError after so many
        silent seconds, or where nothing at all has come within the longest time,
        :class:`OutOfBounds` for an answer that does not end, and :class:`Abandoned`.
        """
        start = time.monotonic()
        silent = float("inf") if silent_seconds is None else silent_seconds
        while True:
            if self._is_abandoned():
                raise Abandoned
            left = self._most_seconds - self.seconds
            if left <= 0:
                raise self._without_end()
            quiet = time.monotonic() - max(start, self._last)
            try:
                return attempt(max(min(POLL_SECONDS, left, silent - quiet), _SHORTEST_POLL_SECONDS))
            except Exception as error:
                if self._ended:
                    # An app in this process went on after the bound: its end is a consequence.
                    raise self._ended from None
                is_late = time.monotonic() - max(start, self._last) >= silent
                if is_late or not isinstance(error, TimeoutError):
                    raise

    def end(self) -> None:
        """Let :meth:`receive` raise from now on: nobody waits for the answer any more."""
        self._ended = self._ended or OutOfBounds("that nobody waits for")

    def _without_end(self) -> Exception:
        if not self.received:
            return TimeoutError("timed out")
        return OutOfBounds(f"without an end within {self._most_seconds:g} s")


def expect_few(headers: int) -> None:
    """Raise :class:`OutOfBounds` for so many headers, where they are too many."""
    if headers > MOST_HEADERS:
        raise OutOfBounds(f"of {headers} headers")


def reception_of(request: "httpx.Request") -> Reception:
    """The reception of the answer to a request; a new one where the request has none."""
    found = request.extensions.get(EXTENSION)
    return found if isinstance(found, Reception) else Reception()
