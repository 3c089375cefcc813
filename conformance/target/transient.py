"""Transient answers: of a gateway in front, or of a moment in which the target was away."""

import time
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from threading import Lock

from conformance.target.exchange import Answer, Request

TRANSIENT_STATUSES = {
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
"""RFC 9110 sections 15.6.3 to 15.6.5: another try may be answered otherwise."""

_PAUSES_SECONDS = (0.2, 1.0, 2.0)
LONGEST_PAUSE_SECONDS = 5.0
"""The longest wait before another try, whatever ``Retry-After`` says."""

_IN_VAIN = 5
"""So many requests were repeated in vain: what is wrong with the target is not transient."""

_MOST_KINDS, _MOST_LOST = 1000, 1000


def is_transient(answer: Answer) -> bool:
    """Whether an answer may be one of a moment: by its status, or a server error as a web page.

    A 501 is none: it says that the server does not have the method (RFC 9110 section 15.6.2).
    """
    is_page = answer.is_server_error and answer.media_type == "text/html"
    is_lasting = answer.status == HTTPStatus.NOT_IMPLEMENTED
    return answer.status in TRANSIENT_STATUSES or (is_page and not is_lasting)


Kind = tuple[str, str, int]
"""Method, path without query, and status; the status is ``NO_ANSWER`` for none at all."""


class Transients:
    """The answers of a run that did not come again when their requests were repeated.

    ``count`` is their number, ``kinds`` counts them by kind, ``first`` and ``last`` are seconds
    since the epoch. ``lost`` are creations without an answer of their own, whether one came on
    another try or not: they may have been carried out. ``resent`` counts the requests whose
    connection, one that was kept, was closed under them: most often because it was idle.
    """

    def __init__(self) -> None:
        self.count = self.resent = 0
        self.kinds: Counter[Kind] = Counter()
        self.first = self.last = 0.0
        self.lost: list[Request] = []
        self._in_vain = 0
        self._lock = Lock()

    def pauses(self) -> Iterator[float]:
        """The seconds before each further try."""
        yield from _PAUSES_SECONDS if self._in_vain < _IN_VAIN else (0.0,)

    def add(self, request: Request, answer: Answer) -> None:
        """Count an answer, or the lack of one, that did not come again on another try."""
        now = time.time()
        kind = request.method, request.path.partition("?")[0], answer.status
        with self._lock:
            self._in_vain = 0
            self.count += 1
            self.first, self.last = self.first or now, now
            if kind in self.kinds or len(self.kinds) < _MOST_KINDS:
                self.kinds[kind] += 1
        self.lose(request)

    def resend(self, request: Request) -> None:
        """Count a request that was sent again on another connection."""
        with self._lock:
            self.resent += 1
        self.lose(request)

    def lose(self, request: Request) -> None:
        """Note a request whose answer did not come: a creation may have been carried out."""
        with self._lock:
            if request.method == "POST" and len(self.lost) < _MOST_LOST:
                self.lost.append(request)

    def repeat(self) -> None:
        """Note that an answer came again on each try."""
        with self._lock:
            self._in_vain += 1
