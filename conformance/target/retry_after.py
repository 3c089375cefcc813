"""The wait of a limited client (RFC 9110 section 10.2.3)."""

import time
from collections.abc import Iterator
from http import HTTPStatus

from conformance.target.exchange import Answer
from conformance.target.timestamps import http_date

LONGEST_WAIT_SECONDS = 90.0
"""The longest wait that a target may ask for in ``Retry-After``."""

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0


def pauses() -> Iterator[float]:
    """The shortest waits, one by one, in seconds.

    A target that limits and asks for no wait still gets a pause before the next request.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def seconds_to_wait(answer: Answer) -> float | None:
    """The seconds that a 429 asks for; None without ``Retry-After``, and for any other answer.

    A date is taken by the target's own clock, where it says what that shows
    (RFC 9110 sections 10.2.3 and 6.6.1).
    """
    text = answer.header("retry-after")
    if answer.status != HTTPStatus.TOO_MANY_REQUESTS or text is None:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    date = http_date(text)
    if date is None:
        return None
    return max(0.0, date - (http_date(answer.header("date")) or time.time()))
