"""Requests that are sent at once are complete at one moment: no last byte before all the others."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from conformance.target.exchange import Answer, Request
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from conformance.target.transport import together
from conformance.target.transport.together import Together

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
WITH_BODY = Request("POST", "/keys").with_json({"name": "dinie-conformance together"})
WITHOUT = Request("GET", "/keys")
LONG = 30.0


@dataclass
class Server:
    """Answers one request, and shows what of it is there."""

    url: str
    received: bytes = b""

    @property
    def lacks(self) -> int:
        """The bytes that are not there yet; many where the end of the head is not."""
        head, ended, body = f"{self.received.decode()} ".partition("\r\n\r\n")
        if not ended:
            return 1 if self.received.endswith(b"\r\n\r") else 1000
        lines = [one for one in head.lower().split("\r\n") if one.startswith("content-length:")]
        length = int(lines[0].partition(":")[2]) if lines else 0
        return length + 1 - len(body)

    def wait_until_lacking(self, count: int) -> None:
        end = time.monotonic() + LONG
        while self.lacks > count and time.monotonic() < end:
            time.sleep(0.005)


@contextmanager
def serving() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LONG)
        server = Server(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(LONG)
                while server.lacks:
                    server.received += connection.recv(65536)
                connection.sendall(ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            thread.join(LONG)


def sent(target: Target, request: Request, group: Together) -> Answer:
    with group.joined():
        return target.send(request)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_LONGEST_WAIT_SECONDS", LONG)


@pytest.mark.parametrize("request_", [WITH_BODY, WITHOUT], ids=["a body", "none"])
def test_a_last_byte_waits_for_the_others(request_: Request) -> None:
    group = Together(2)
    with serving() as server, Target(server.url, ["token"]) as target, ThreadPoolExecutor() as pool:
        answer = pool.submit(sent, target, request_, group)
        server.wait_until_lacking(1)
        time.sleep(0.05)
        assert server.lacks == 1
        group.arrive()
        assert answer.result(LONG).status == 200


def test_who_sends_nothing_holds_up_nobody() -> None:
    group = Together(2)
    with serving() as server, Target(server.url, ["token"]) as target, ThreadPoolExecutor() as pool:
        answer = pool.submit(sent, target, WITH_BODY, group)
        server.wait_until_lacking(1)
        with group.joined():
            pass
        assert answer.result(LONG).status == 200


def test_a_request_that_is_sent_again_waits_for_nobody() -> None:
    group = Together(1)
    with group.joined():
        for _ in range(2):
            with serving() as server, Target(server.url, ["token"]) as target:
                assert target.send(WITH_BODY).status == 200


def test_a_pace_is_kept() -> None:
    settings = TargetSettings(max_rps=1000)
    with (
        serving() as server,
        Target(server.url, ["token"], settings=settings) as target,
        ThreadPoolExecutor() as pool,
    ):
        answer = pool.submit(sent, target, WITH_BODY, target.together(8))
        assert answer.result(LONG / 3).status == 200
