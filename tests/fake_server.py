"""Servers on real sockets for tests: one that a function answers for, and one for an ASGI app."""

import socket
import socketserver
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

import uvicorn


@dataclass(frozen=True, slots=True)
class FakeRequest:
    """One HTTP/1.1 request as it was received; ``raw`` is all of it, to the byte."""

    raw: bytes

    @property
    def line(self) -> str:
        return self.raw.partition(b"\r\n")[0].decode("latin-1")

    @property
    def headers(self) -> dict[str, str]:
        """Header fields by their names as they were spelt; of two with one name, the last."""
        head = self.raw.partition(b"\r\n\r\n")[0].decode("latin-1")
        pairs = (line.partition(":") for line in head.split("\r\n")[1:])
        return {name: value.strip() for name, _, value in pairs}

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]


class Then(Enum):
    """What a fake server does with a connection after it has sent a reply."""

    KEEP = auto()
    CLOSE = auto()
    HANG = auto()
    """Say nothing more until the client closes it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The bytes to send, which need not be HTTP, and what becomes of the connection."""

    sent: bytes = b""
    then: Then = Then.KEEP


CLOSE = Reply(then=Then.CLOSE)
"""No answer: the connection ends."""

HANG = Reply(then=Then.HANG)
"""No answer, on a connection that stays open."""

Answering = Callable[[FakeRequest], Reply]


def reply(status: int, body: bytes = b"", media_type: str = "application/json") -> Reply:
    """A well-formed answer on a connection that stays open."""
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Reply(head.encode() + body)


@contextmanager
def fake_server(answering: Answering) -> Iterator[str]:
    """The origin of a server that replies by ``answering``, in a thread for each connection."""

    def handle(connection: socket.socket) -> None:
        while raw := read_message(connection):
            found = answering(FakeRequest(raw))
            connection.sendall(found.sent)
            if found.then is Then.HANG:
                connection.recv(1)
            if found.then is not Then.KEEP:
                return

    with handling(handle) as place:
        yield f"http://{place}"


@contextmanager
def handling(handle: Callable[[socket.socket], None]) -> Iterator[str]:
    """The host and port of a server that leaves each connection to a function, in a thread."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            handle(self.request)

    with _Server(("127.0.0.1", 0), Handler) as server, running(server):
        yield f"127.0.0.1:{server.server_address[1]}"


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    """Serve in a thread until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def read_message(connection: socket.socket, *, has_body: bool = True) -> bytes:
    """One HTTP/1.1 message with its body; empty where the connection has ended before its end.

    An answer to HEAD has no body, whatever its Content-Length says (RFC 9110, section 9.3.2).
    """
    found = b""
    while b"\r\n\r\n" not in found:
        if not (part := connection.recv(65_536)):
            return b""
        found += part
    head, _, rest = found.partition(b"\r\n\r\n")
    pairs = (line.lower().partition(b":") for line in head.split(b"\r\n")[1:])
    fields = {name: value.strip() for name, _, value in pairs}
    length = int(fields.get(b"content-length", 0))
    is_chunked = fields.get(b"transfer-encoding") == b"chunked"
    if not has_body:
        return found
    body = bytearray(rest)
    if fields.get(b"expect") == b"100-continue" and not body:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while len(body) < length or (is_chunked and not body.endswith(b"0\r\n\r\n")):
        if not (part := connection.recv(65_536)):
            return b""
        body += part
    return head + b"\r\n\r\n" + bytes(body)


@contextmanager
def serve_app(app: Callable[..., Awaitable[None]], **options: Any) -> Iterator[str]:
    """The origin of an ASGI app under uvicorn; ``options`` are those of ``uvicorn.Config``."""
    quiet = {"lifespan": "off", "log_level": "critical", "access_log": False, "ws": "none"}
    server = uvicorn.Server(uvicorn.Config(app, **{**quiet, **options}))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                thread.join(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
