"""A relay to a target, which closes connections, or is silent, in the place of an answer."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.fake_server import CLOSE, HANG, FakeRequest, Reply, Then, fake_server, read_message

Closes = Callable[[bytes], str]
"""Takes a request as it came; says ``before``, ``within`` or ``after`` the answer of upstream,
``never``, or nothing."""


@contextmanager
def relay(upstream: str, closes: Closes) -> Iterator[str]:
    """The base URL of a relay to ``upstream``, while the block lasts."""
    url = urlsplit(upstream)

    def forward(request: FakeRequest) -> Reply:
        how = closes(request.raw)
        if how in {"before", "never"}:
            return CLOSE if how == "before" else HANG
        with socket.create_connection((str(url.hostname), int(url.port or 80))) as server:
            server.sendall(request.raw)
            answer = read_message(server, has_body=not request.raw.startswith(b"HEAD "))
        if how == "after":
            return CLOSE
        if how == "within":
            return Reply(answer[:-5], Then.CLOSE)
        return Reply(answer) if answer else CLOSE

    with fake_server(forward) as origin:
        yield f"{origin}{url.path}"
