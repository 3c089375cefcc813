"""Connections are used again, and none is kept for so long that a server would miss it."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from conformance.target.exchange import Request
from conformance.target.target import Target

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CLOSING = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@dataclass
class Server:
    """Answers every request on every connection, and counts connections."""

    answer: bytes = ANSWER
    answers_at_once: threading.Barrier | None = None
    opened: int = 0
    open: set[socket.socket] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.opened += 1
                self.open.add(connection)
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, threading.BrokenBarrierError):
            while connection.recv(65536):
                if self.answers_at_once:
                    self.answers_at_once.wait(10)
                connection.sendall(self.answer)
                if self.answer is CLOSING:
                    break
        connection.close()
        self.open.discard(connection)

    def close(self) -> None:
        self._listener.close()


@contextlib.contextmanager
def serving(server: Server) -> Iterator[Server]:
    with contextlib.closing(server):
        yield server


def ask(target: Target) -> int:
    return target.send_once(Request("GET", "/", partner=None)).status


def wait_until(server: Server, connections: int) -> None:
    end = time.monotonic() + 20
    while len(server.open) > connections and time.monotonic() < end:
        time.sleep(0.01)
    assert len(server.open) == connections


def test_one_request_after_another_goes_out_on_one_connection() -> None:
    with serving(Server()) as server, Target(server.url, ()) as target:
        assert {ask(target) for _ in range(20)} == {200}
        assert server.opened == 1


def test_requests_at_once_have_a_connection_each_which_serve_the_next_ones() -> None:
    server = Server(answers_at_once=threading.Barrier(12))
    with serving(server), Target(server.url, ()) as target, ThreadPoolExecutor(12) as threads:
        for _ in range(2):
            assert set(threads.map(lambda _: ask(target), range(12))) == {200}
        assert server.opened == 12


def test_what_a_burst_leaves_idle_is_closed_while_others_go_on() -> None:
    """A server that has a thread for each connection needs them back."""
    server = Server(answers_at_once=threading.Barrier(8))
    with serving(server), Target(server.url, ()) as target, ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: ask(target), range(8))) == {200}
        server.answers_at_once = None
        end = time.monotonic() + 20
        while len(server.open) > 1 and time.monotonic() < end:
            assert ask(target) == 200
            time.sleep(0.05)
        wait_until(server, 1)
        assert server.opened == 8


def test_a_connection_that_the_server_closes_is_not_used_again() -> None:
    with serving(Server(CLOSING)) as server, Target(server.url, ()) as target:
        assert {ask(target) for _ in range(5)} == {200}
        assert server.opened == 5


def test_none_is_left_open_at_the_end() -> None:
    with serving(Server()) as server:
        with Target(server.url, ()) as target:
            ask(target)
        wait_until(server, 0)
