"""What names one request: in its response, in the log and in the journal."""

import itertools
import secrets

REQUEST_ID_HEADER = b"x-request-id"


class RequestIds:
    """Gives ids that no other process or start gives: a random beginning, and a count.

    What a client sends as ``X-Request-Id`` is never taken: it may be sent twice, and may be
    anything.
    """

    def __init__(self) -> None:
        self._start = b"req_%b" % secrets.token_hex(8).encode()
        self._count = itertools.count(1)

    def next(self) -> bytes:
        """The next one, as a header carries it."""
        return b"%b-%x" % (self._start, next(self._count))
