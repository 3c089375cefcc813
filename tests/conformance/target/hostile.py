"""A server on a real socket whose answers have no bound: of time, of size, or of headers."""

import gzip
import socket
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from tests.fake_server import FakeRequest, read_message, reply, running

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PAUSE_SECONDS = 0.05

Attack = Iterator[bytes | None]
"""The parts of an answer; None is a short pause."""


@cache
def zeros(times: int = 1, megabytes: int = 64) -> bytes:
    """A body of zeros, compressed ``times`` times."""
    packed = gzip.compress(bytes(megabytes * 2**20), 1)
    for _ in range(times - 1):
        packed = gzip.compress(packed)
    return packed


@cache
def deflated() -> bytes:
    """The same in zlib's format."""
    return zlib.compress(bytes(64 * 2**20), 1)


def whole(headers: bytes, body: bytes) -> Attack:
    yield OK + headers + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def endless(begin: bytes, part: bytes, *, slowly: bool = False) -> Attack:
    yield begin
    while True:
        yield part
        if slowly:
            yield None


def silent() -> Attack:
    while True:
        yield None


def wrapped(coding: str, count: int) -> Attack:
    """A small body in many codings."""
    body = b"{}"
    for _ in range(count):
        body = gzip.compress(body)
    return whole(b"Content-Encoding: " + ", ".join([coding] * count).encode(), body)


LARGE: Mapping[str, tuple[Callable[[], Attack], str]] = {
    "gzip": (lambda: whole(b"Content-Encoding: gzip", zeros()), "of more than 16777216 bytes"),
    "gzip in gzip in gzip": (
        lambda: whole(b"Content-Encoding: gzip, gzip, gzip", zeros(3)),
        "of more than 16777216 bytes",
    ),
    "zlib": (
        lambda: whole(b"Content-Encoding: deflate", deflated()),
        "of more than 16777216 bytes",
    ),
    "deflate without its header": (
        lambda: whole(b"Content-Encoding: deflate", deflated()[2:-4]),
        "of more than 16777216 bytes",
    ),
    "many codings": (lambda: wrapped("gzip", 9), "in 9 content codings"),
    "endless chunks": (
        lambda: endless(CHUNKED, b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
        "of more than 16777216 bytes",
    ),
    "endless chunk extensions": (
        lambda: endless(CHUNKED, b"1;" + b"x" * 30_000 + b"\r\nx\r\n"),
        "of more than 16777216 bytes",
    ),
    "endless body without a length": (
        lambda: endless(OK + b"\r\n", b"x" * 65_536),
        "of more than 16777216 bytes",
    ),
    "a huge body": (
        lambda: endless(OK + b"Content-Length: 99999999999\r\n\r\n", b"x" * 65_536),
        "of more than 16777216 bytes",
    ),
    "endless headers": (lambda: endless(OK, b"X-One: two\r\n"), "65536 bytes of headers"),
    "an endless header": (lambda: endless(OK + b"X-One: ", b"x" * 999), "65536 bytes of headers"),
    "an endless status line": (
        lambda: endless(b"HTTP/1.1 200 ", b"x" * 999),
        "65536 bytes of headers",
    ),
    "many headers": (lambda: whole(b"X-One: two\r\n" * 300 + b"X: y", b"{}"), "of 303 headers"),
    "endless early hints": (
        lambda: endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
        "65536 bytes of headers",
    ),
}
"""Answers that are too large, and what is said of them."""

SLOW: Mapping[str, tuple[Callable[[], Attack], str]] = {
    "slow early hints": (
        lambda: endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", slowly=True),
        "without an end within 1 s",
    ),
    "slow headers": (lambda: endless(OK + b"X: ", b"x", slowly=True), "without an end within 1 s"),
    "slow chunks": (
        lambda: endless(CHUNKED, b"1\r\nx\r\n", slowly=True),
        "without an end within 1 s",
    ),
    "a slow body": (
        lambda: endless(OK + b"Content-Length: 9999\r\n\r\n", b"x", slowly=True),
        "without an end within 1 s",
    ),
}
"""Answers that do not end, and what is said of them where they may take a second."""


class Hostile:
    """Counts the attacks, and the connections that the client closed in one."""

    def __init__(self) -> None:
        self.attacked = threading.Semaphore(0)
        self.closed = threading.Semaphore(0)
        self.over = threading.Event()


@contextmanager
def hostile(
    answering: Callable[[FakeRequest], Attack | None], upstream: str = ""
) -> Iterator[tuple[str, Hostile]]:
    """The base URL of a server that attacks where ``answering`` gives an attack.

    Other requests are refused, or forwarded to a base URL upstream.
    """
    seen = Hostile()
    url = urlsplit(upstream)

    def usual(raw: bytes) -> bytes:
        if not upstream:
            return reply(422, b"{}", "application/problem+json").sent
        with socket.create_connection((str(url.hostname), int(url.port or 80))) as server:
            server.sendall(raw)
            return read_message(server)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):
                while raw := read_message(self.request):
                    attack = answering(FakeRequest(raw))
                    if attack is None:
                        self.request.sendall(usual(raw))
                        continue
                    seen.attacked.release()
                    attacks(self.request, attack, seen)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: Any) -> None:
            """A client that closes its connection is no error."""

    with Server(("127.0.0.1", 0), Handler) as server, running(server):
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v3", seen
        finally:
            seen.over.set()


def attacks(connection: socket.socket, attack: Attack, seen: Hostile) -> None:
    """Send the parts until the client closes the connection."""
    try:
        for part in attack:
            if part is None:
                seen.over.wait(PAUSE_SECONDS)
            else:
                connection.sendall(part)
            if seen.over.is_set():
                return
    except ConnectionError:
        seen.closed.release()
        raise
