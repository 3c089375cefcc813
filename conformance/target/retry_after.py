"""The waits of a limited client (RFC 9110 section 10.2.3)."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from conformance.target.errors import TargetError
from conformance.target.exchange import Answer
from conformance.target.timestamps import http_date

LONGEST_WAIT_SECONDS = 90.0
"""The longest wait that a target may ask for in ``Retry-After``."""

LONGEST_UNTOLD_SECONDS = 3.0
"""The longest wait for the end of a limit that no ``Retry-After`` tells."""

MOST_UNTOLD = 3
"""So many of those waits in vain, and a target is not waited for in this way any more."""

MOST_WAITED_SECONDS = 3600.0
"""The longest time that a run waits for limits in all: that of 2,400 requests at 40 a minute."""

MOST_WAITED_AT_END_SECONDS = 600.0
"""The longest time that the cleaning up waits for limits in all."""

WAITS = 2
"""A target may say the end of one window, and have a longer one beside it."""

RESET = "X-RateLimit-Reset"
"""The header that says when a limit ends, in seconds since the epoch (vendor facts)."""

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0

_JUST_OVER_SECONDS = 5.0
"""A limit that ended longer ago ends at another time than its header says."""


def pauses() -> Iterator[float]:
    """The shortest waits, one by one, in seconds.

    A target that limits and asks for no wait still gets a pause before the next request.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def seconds_to_wait(answer: Answer) -> float | None:
    """The seconds that a 429 asks for; None without ``Retry-After``, and for any other answer."""
    return seconds_of(answer) if is_limit(answer) else None


def is_limit(answer: Answer) -> bool:
    """Whether an answer is a 429."""
    return answer.status == HTTPStatus.TOO_MANY_REQUESTS


def seconds_of(answer: Answer) -> float | None:
    """The seconds in ``Retry-After``; None where there is none that can be read.

    A date is taken by the target's own clock, where it says what that shows
    (RFC 9110 sections 10.2.3 and 6.6.1).
    """
    text = answer.header("retry-after")
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    date = http_date(text)
    if date is None:
        return None
    return max(0.0, date - (http_date(answer.header("date")) or time.time()))


def seconds_until_reset(answer: Answer) -> float | None:
    """The seconds until the limit's own header says that it ends; None where that is no time."""
    text = answer.header(RESET) or ""
    if not (text.isascii() and text.isdigit()):
        return None
    left = float(text) - (http_date(answer.header("date")) or time.time())
    return max(0.0, left) if left > -_JUST_OVER_SECONDS else None


class WaitingTime:
    """The time in which a run waits for limits, in however many threads, and its end."""

    def __init__(self, most_seconds: float) -> None:
        self.most_seconds = most_seconds
        self._seconds = self._since = 0.0
        self._waiting = 0
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """How long it has been so far."""
        with self._lock:
            return self._seconds + (time.monotonic() - self._since if self._waiting else 0.0)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the time of this block; that of several at the same time counts once."""
        with self._lock:
            self._since = self._since if self._waiting else time.monotonic()
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1
                now = time.monotonic()
                self._seconds += now - self._since
                self._since = now

    def expect_more(self, url: str) -> None:
        """Raise :class:`TargetError` where no time is left to wait for the limits of ``url``."""
        seconds = self.seconds
        if seconds > self.most_seconds:
            raise TargetError(
                f"{url} limits too many requests: the waits that its 429s ask for took"
                f" {seconds:.0f} s; a higher limit, or --max-rps below it, needs fewer"
            )
