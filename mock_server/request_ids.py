"""What names one request: in its response, in the log and in the journal."""

import itertools
import secrets
from collections.abc import Iterator

REQUEST_ID_HEADER = b"x-request-id"


def request_ids() -> Iterator[bytes]:
    """Ids that no other process or start gives: a random beginning, and a count.

    What a client sends as ``X-Request-Id`` is never taken: it may be sent twice, and may be
    anything.
    """
    start = b"req_%b-" % secrets.token_hex(8).encode()
    # All of it in the interpreter's own loop: every request has one.
    return map((start + b"%x").__mod__, itertools.count(1))
