"""HTTP as bytes on a socket: what no client library would send, and every byte of the answer."""

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from demo.mock_process import MockProcess

CREDENTIALS = "/v3/auth/credentials"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> Any:
        assert self.headers["content-type"] == "application/problem+json"
        problem = json.loads(self.body)
        assert problem["status"] == self.status
        return problem


class Wire:
    """One connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._received = b""

    def send(self, data: bytes, pace: str = "at once") -> None:
        """Send all of it; a server that has hung up already is no error."""
        in_bytes = [data[at : at + 1] for at in range(len(data))]
        pieces = {"at once": [data], "in bytes": in_bytes}[pace]
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                self.socket.sendall(piece)

    def answer(self, *, to_head: bool = False) -> Answer:
        """The next answer, the informational ones (RFC 9110 section 15.2) included."""
        while b"\r\n\r\n" not in self._received:
            self._receive()
        head, self._received = self._received.split(b"\r\n\r\n", 1)
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
        }
        length = 0 if to_head else int(headers.get("content-length", 0))
        while len(self._received) < length:
            self._receive()
        body, self._received = self._received[:length], self._received[length:]
        return Answer(int(status.split()[1]), headers, body)

    def rest(self) -> bytes:
        """What comes until the server closes, in order: a reset may lose an answer."""
        while chunk := self.socket.recv(65_536):
            self._received += chunk
        found, self._received = self._received, b""
        return found

    def last_answer(self) -> Answer:
        """The one answer that the connection ends with."""
        answer = self.answer()
        assert answer.headers["connection"] == "close"
        assert self.rest() == b""
        return answer

    def is_open(self) -> bool:
        """Whether the server has neither said something nor closed by now."""
        try:
            self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        return False

    def _receive(self) -> None:
        data = self.socket.recv(65_536)
        if not data:
            raise EOFError(f"closed after {self._received!r}")
        self._received += data


@contextmanager
def wire_to(mock: MockProcess, receive_buffer: int | None = None) -> Iterator[Wire]:
    place = urlsplit(mock.origin)
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(60)
    with sock:
        sock.connect((place.hostname, place.port))
        yield Wire(sock)


def head(mock: MockProcess, method: str, *headers: str, path: str = CREDENTIALS) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: mock",
        f"Authorization: Bearer {mock.token}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def create(mock: MockProcess, name: str, *headers: str) -> bytes:
    body = json.dumps({"name": name}).encode()
    return (
        head(
            mock, "POST", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers
        )
        + body
    )


def listed(mock: MockProcess) -> list[str]:
    """The names of all credentials, newest first."""
    with wire_to(mock) as wire:
        wire.send(head(mock, "GET", path=f"{CREDENTIALS}?limit=100"))
        answer = wire.answer()
    assert answer.status == 200
    return [one["name"] for one in json.loads(answer.body)["data"]]


def until(happened: Callable[[], bool]) -> None:
    """Wait for what must come; the test's own time limit is far away."""
    for _ in range(1200):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")
