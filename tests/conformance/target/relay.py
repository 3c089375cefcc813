"""A relay to a target, which closes connections, or is silent, in the place of an answer."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.fake_server import (
    CLOSE,
    HANG,
    FakeRequest,
    Reply,
    Then,
    fake_server,
    handling,
    read_message,
)

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


@contextmanager
def tunnel(upstream: str) -> Iterator[str]:
    """The URL of a proxy whose tunnels lead to ``upstream``, whatever name they are asked for."""
    url = urlsplit(upstream)

    def pass_on(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(65_536):
                sink.sendall(part)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def handle(connection: socket.socket) -> None:
        if not read_message(connection, has_body=False):
            return
        with socket.create_connection((str(url.hostname), int(url.port or 443))) as server:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pass_on, args=[server, connection], daemon=True)
            back.start()
            pass_on(connection, server)
            back.join(10)

    with handling(handle) as place:
        yield f"http://{place}"
