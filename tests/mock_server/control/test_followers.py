"""Followers of journals that read nothing, or slowly, and those beside them."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from demo.mock_process import MockProcess, mock_process
from mock_server.control.journals import MOST_FOLLOWERS
from tests.mock_server.clients import WiredJob
from tests.mock_server.connection.test_hostile_clients import hung_up, impatient
from tests.mock_server.control.test_journal_events import followed
from tests.mock_server.wire import Wire, until, wire_to

MANY = 300
BODY = "x" * 16_000


def request(job: WiredJob, after: int = 0) -> bytes:
    lines = [
        f"GET /_mock/partners/{job.id}/journal/events HTTP/1.1",
        f"Host: {urlsplit(str(job.http.base_url)).netloc}",
        f"Last-Event-ID: {after}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


@contextmanager
def following(mock: MockProcess, job: WiredJob, count: int) -> Iterator[list[Wire]]:
    """Followers that have sent their request, and read nothing yet."""
    with ExitStack() as stack:
        wires = [stack.enter_context(wire_to(mock, receive_buffer=4096)) for _ in range(count)]
        for wire in wires:
            wire.send(request(job))
        yield wires


def status(wire: Wire) -> int:
    head = wire.socket.recv(64, socket.MSG_PEEK)
    return int(head.split()[1])


def fill(job: WiredJob, count: int) -> None:
    for _ in range(count):
        assert job.create(name=BODY).status_code == 201


@pytest.fixture
def mock() -> Iterator[MockProcess]:
    with impatient(unread=60, sweep=0.1) as mock:
        yield mock


def test_hundreds_that_read_nothing_disturb_nobody(mock: MockProcess) -> None:
    with httpx.Client(base_url=mock.origin, timeout=60) as http:
        job = WiredJob(http)
        fill(job, 100)
        before = psutil.Process(mock.process.pid).memory_info().rss
        seen: list[int] = []
        follows = threading.Event()

        def follow() -> None:
            with followed(job, 100) as events:
                follows.set()
                seen.extend(next(events)["number"] for _ in range(300))

        reading = threading.Thread(target=follow, daemon=True)
        reading.start()
        # Else the others may have taken its place.
        assert follows.wait(60)
        with following(mock, job, MANY) as wires:
            statuses = {wire: status(wire) for wire in wires}
            fill(job, 300)
            reading.join(60)
            used = psutil.Process(mock.process.pid).memory_info().rss - before
            served = [wire for wire in wires if statuses[wire] == 200 and not hung_up(wire)]
        assert seen == list(range(101, 401))
        assert set(statuses.values()) == {200, 503}
        assert 0 < len(served) <= MOST_FOLLOWERS
        # A buffer of 64 KiB and one event for each of them, and the journal itself.
        assert used < 100 << 20
        assert mock.stop() == 0
        assert mock.log() == ""


def test_one_that_reads_nothing_makes_room_for_another(mock: MockProcess) -> None:
    with httpx.Client(base_url=mock.origin, timeout=60) as http:
        job = WiredJob(http)
        fill(job, 60)
        with following(mock, job, MOST_FOLLOWERS) as wires:
            until(lambda: can_follow(job))
            until(lambda: any(hung_up(wire) for wire in wires))


def can_follow(job: WiredJob) -> bool:
    url = f"{job.http.base_url}/_mock/partners/{job.id}/journal/events"
    with httpx.stream("GET", url, timeout=60) as response:
        assert response.status_code in {200, 503}
        if response.status_code == 503:
            assert response.headers["retry-after"] == "1"
            assert json.loads(response.read())["code"] == "overloaded"
            return False
        return next(response.iter_lines()) == "event: exchange"


def test_one_that_reads_nothing_is_dropped_in_time() -> None:
    with impatient(unread=0.6, sweep=0.1) as mock, httpx.Client(base_url=mock.origin) as http:
        job = WiredJob(http)
        fill(job, 60)
        with following(mock, job, 1) as [wire]:
            until(lambda: hung_up(wire))
        assert mock.stop() == 0
        assert mock.log() == ""


@pytest.mark.thorough
def test_one_that_reads_slowly_is_kept_and_misses_nothing() -> None:
    """It takes many times as long as a client may read nothing."""
    with impatient(unread=1, sweep=0.1) as mock, httpx.Client(base_url=mock.origin) as http:
        job = WiredJob(http)
        fill(job, 20)
        with following(mock, job, 1) as [wire]:
            wire.socket.settimeout(60)
            received = b""
            pause = threading.Event()
            while received.count(b"event: exchange") < 20 or not received.endswith(b"\r\n"):
                piece = wire.socket.recv(16_384)
                assert piece, "it was dropped"
                received += piece
                pause.wait(0.1)
        assert [f"id: {number}\n".encode() in received for number in range(1, 21)] == [True] * 20


def test_a_shutdown_does_not_wait_for_those_that_read_nothing(tmp_path: Path) -> None:
    with mock_process() as mock, httpx.Client(base_url=mock.origin) as http:
        job = WiredJob(http)
        fill(job, 60)
        with following(mock, job, 20) as wires:
            assert {status(wire) for wire in wires} == {200}
            assert mock.stop() == 0
        assert mock.log() == ""
