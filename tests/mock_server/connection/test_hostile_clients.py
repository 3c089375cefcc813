"""Clients that keep a server waiting, or want more of it than it has, on real sockets."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from demo.mock_process import MockProcess, mock_process
from tests.mock_server.wire import CREDENTIALS, Wire, create, head, listed, until, wire_to

IMPATIENT = str(Path(__file__).with_name("impatient_mock.py"))
CHUNKED = ("Content-Type: application/json", "Transfer-Encoding: chunked")
ENDLESS = 4 * 1_048_576
MEGABYTE = 1_048_576


def impatient(*options: str, **limits: float) -> AbstractContextManager[MockProcess]:
    return mock_process(*options, program=(IMPATIENT, json.dumps(limits)))


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProcess]:
    with mock_process() as mock:
        yield mock
        assert mock.log() == ""


@pytest.fixture(scope="module")
def hasty() -> Iterator[MockProcess]:
    """Everything is over within a second or so."""
    limits = {"head": 0.6, "body_pause": 0.6, "idle": 0.6, "unread": 0.6, "sweep": 0.1}
    with impatient(**limits) as mock:
        yield mock
        assert mock.log() == ""


def resident(mock: MockProcess) -> int:
    return int(psutil.Process(mock.process.pid).memory_info().rss)


@contextmanager
def bounded_memory(mock: MockProcess) -> Iterator[None]:
    """What was sent meanwhile, several times over, is not kept."""
    # What the first requests load stays, and counts for nobody.
    for _ in range(20):
        httpx.get(f"{mock.base_url}/nothing")
        httpx.post(f"{mock.base_url}/auth/credentials", content=iter([b"x" * 70_000] * 2))
    before = resident(mock)
    yield
    assert resident(mock) - before < 2 * MEGABYTE


# Clients that are slow


@pytest.mark.parametrize(
    "start",
    [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: mock\r\nX: ", b"POST / HTTP/1.1\r"],
)
def test_a_head_that_does_not_come(hasty: MockProcess, start: bytes) -> None:
    with wire_to(hasty) as wire:
        wire.send(start)
        answer = wire.last_answer()
    assert (answer.status, answer.problem["code"]) == (408, "request_timeout")
    assert "instance" not in answer.problem


def test_a_head_that_comes_byte_by_byte(hasty: MockProcess) -> None:
    """Progress is no excuse where the whole head is due."""
    with wire_to(hasty) as wire:
        wire.send(b"GET / HTTP/1.1\r\nX: ")
        until(lambda: wire.send(b"x") or not wire.is_open())
        assert wire.last_answer().status == 408


@pytest.mark.parametrize("start", [b"", b"\r\n", b"\r\n\r\n\n"])
def test_who_says_nothing_is_told_nothing(hasty: MockProcess, start: bytes) -> None:
    with wire_to(hasty) as wire:
        wire.send(start)
        assert wire.rest() == b""


@pytest.mark.parametrize(
    "headers", [("Content-Length: 20",), ("Transfer-Encoding: chunked",)], ids=["length", "chunks"]
)
def test_a_body_that_stalls(hasty: MockProcess, headers: tuple[str, ...]) -> None:
    with wire_to(hasty) as wire:
        wire.send(head(hasty, "POST", "Content-Type: application/json", *headers) + b"5")
        answer = wire.last_answer()
    assert (answer.status, answer.problem["code"]) == (408, "request_timeout")
    assert answer.problem["instance"] == CREDENTIALS
    assert listed(hasty) == []


def test_a_body_that_stalls_after_its_answer_gets_no_other(hasty: MockProcess) -> None:
    with wire_to(hasty) as wire:
        wire.send(head(hasty, "POST", "Authorization: none", "Content-Length: 20"))
        assert wire.answer().status == 401
        assert wire.rest() == b""


def test_a_body_that_never_ends_is_cut_though_it_makes_progress() -> None:
    with impatient(body=1, sweep=0.1) as mock, wire_to(mock) as wire:
        wire.send(head(mock, "POST", *CHUNKED))
        until(lambda: wire.send(b"1\r\n \r\n") or not wire.is_open())
        assert wire.last_answer().status == 408


def test_a_connection_without_a_next_request_is_closed(hasty: MockProcess) -> None:
    with wire_to(hasty) as wire:
        wire.send(head(hasty, "GET"))
        assert wire.answer().status == 200
        assert wire.rest() == b""


def test_a_slow_client_that_makes_progress_is_served() -> None:
    with impatient(head=6, body_pause=1.5, sweep=0.1) as mock, wire_to(mock) as wire:
        request = create(mock, "slow")
        start, body = request[:-14], request[-14:]
        for piece in [start[:20], start[20:], *(body[at : at + 2] for at in range(0, 14, 2))]:
            wire.send(piece)
            time.sleep(0.5)
        assert wire.answer().status == 201


def test_a_slow_server_is_not_blamed_on_its_client(hasty: MockProcess) -> None:
    delay(hasty, 3, 1)
    with wire_to(hasty) as wire:
        wire.send(head(hasty, "GET") + b"GET / HTTP/1.1\r\n")
        assert wire.answer().status == 200
        # Only now is the rest of the second request due.
        assert wire.last_answer().status == 408


def test_a_server_that_does_not_read_is_not_blamed_on_its_client(hasty: MockProcess) -> None:
    delay(hasty, 3, 1)
    with wire_to(hasty) as wire:
        body = json.dumps({"name": "x", "more": "x" * 900_000}).encode()
        wire.send(head(hasty, "POST", CHUNKED[0], f"Content-Length: {len(body)}") + body)
        assert wire.answer().status == 201


def delay(mock: MockProcess, seconds: float, times: int) -> None:
    """Let the next requests wait."""
    [partner] = httpx.get(f"{mock.origin}/_mock/partners").json()["data"]
    fault = {"action": {"kind": "delay", "seconds": seconds}, "fire": {"times": times}}
    url = f"{mock.origin}/_mock/partners/{partner['id']}/faults"
    httpx.post(url, json=fault).raise_for_status()


def test_a_client_that_reads_nothing_is_given_up() -> None:
    with (
        impatient("--no-control", unread=0.6, sweep=0.1) as mock,
        wire_to(mock, receive_buffer=4096) as wire,
        bounded_memory(mock),
    ):
        asking = head(mock, "GET", path="/v3/" + "x" * 1500) * 20
        wire.socket.settimeout(0.05)
        # It sends as long as the server reads.
        with contextlib.suppress(ConnectionError):
            until(lambda: not sent(wire, asking))
        wire.socket.settimeout(60)
        until(lambda: hung_up(wire))


def sent(wire: Wire, data: bytes) -> bool:
    try:
        wire.socket.sendall(data)
    except TimeoutError:
        return False
    return True


def hung_up(wire: Wire) -> bool:
    error = wire.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    state = wire.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return bool(error) or state != 1  # established


# Clients that want too much


ENDLESS_HEADS = {
    "a request line": (b"GET /", b"x" * 1000),
    "a header": (b"GET / HTTP/1.1\r\nHost: mock\r\nX: ", b"x" * 1000),
    "a name": (b"GET / HTTP/1.1\r\nHost: mock\r\n", b"x" * 1000),
    "many headers": (b"GET / HTTP/1.1\r\nHost: mock\r\n", b"X: y\r\n" * 100),
    "the lines of a folded one": (b"GET / HTTP/1.1\r\nHost: mock\r\nX: y", b"y" * 1000),
}


@pytest.mark.parametrize("shape", ENDLESS_HEADS)
def test_a_head_without_end(mock: MockProcess, shape: str) -> None:
    start, more = ENDLESS_HEADS[shape]
    with wire_to(mock) as wire, bounded_memory(mock):
        wire.send(start + more * (ENDLESS // len(more)))
        answer = wire.last_answer()
    assert (answer.status, answer.problem["code"]) == (431, "head_too_large")


def test_the_limit_of_a_head_is_64_kib(mock: MockProcess) -> None:
    with wire_to(mock) as wire:
        wire.send(head(mock, "GET", "X: " + "x" * 65_000))
        assert wire.answer().status == 200
        wire.send(head(mock, "GET", "X: " + "x" * 70_000))
        assert wire.last_answer().status == 431


def test_the_limit_is_that_of_each_head(mock: MockProcess) -> None:
    requests = head(mock, "GET", "X: " + "x" * 60_000) * 5
    with wire_to(mock) as wire:
        wire.send(requests)
        assert [wire.answer().status for _ in range(5)] == [200] * 5


def test_a_head_has_100_headers(mock: MockProcess) -> None:
    with wire_to(mock) as wire:
        wire.send(head(mock, "GET", *["X: y"] * 98))
        assert wire.answer().status == 200
        wire.send(head(mock, "GET", *["X: y"] * 99))
        assert wire.last_answer().problem["code"] == "head_too_large"


ENDLESS_FRAMING = {
    "an extension": (b"5;", b"x" * 1000),
    "a quoted extension": (b'5;x="', b"x" * 1000),
    "zeros before a size": (b"", b"0" * 1000),
    "extensions of small chunks": (b"", b"1;%b\r\nx\r\n" % (b"x" * 1000)),
    "a trailer": (b"0\r\nX: ", b"x" * 1000),
    "many trailers": (b"0\r\n", b"X: y\r\n" * 100),
}


@pytest.mark.parametrize("shape", ENDLESS_FRAMING)
def test_framing_without_end(mock: MockProcess, shape: str) -> None:
    start, more = ENDLESS_FRAMING[shape]
    with wire_to(mock) as wire, bounded_memory(mock):
        wire.send(head(mock, "POST", *CHUNKED) + start + more * (ENDLESS // len(more)))
        answer = wire.last_answer()
    assert (answer.status, answer.problem["code"]) == (431, "head_too_large")
    assert listed(mock) == []


def test_chunks_of_one_byte_are_no_excess() -> None:
    with mock_process() as mock, wire_to(mock) as wire:
        body = json.dumps({"name": "tiny", "more": "x" * 100_000}).encode()
        chunks = b"".join(b"1\r\n%c\r\n" % one for one in body) + b"0\r\n\r\n"
        wire.send(head(mock, "POST", *CHUNKED) + chunks)
        assert wire.answer().status == 201


# Bodies over the limit


def too_large(wire: Wire) -> None:
    answer = wire.last_answer()
    assert (answer.status, answer.problem["code"]) == (400, "body_too_large")


def test_an_announced_body_over_the_limit_is_refused_before_it_comes(mock: MockProcess) -> None:
    with wire_to(mock) as wire:
        wire.send(head(mock, "POST", CHUNKED[0], "Content-Length: 1048577"))
        too_large(wire)


def test_whoever_asks_is_told_before_the_body(mock: MockProcess) -> None:
    expect = "Expect: 100-continue"
    with wire_to(mock) as wire:
        wire.send(head(mock, "POST", CHUNKED[0], "Content-Length: 1048577", expect))
        too_large(wire)
    with wire_to(mock) as wire:
        wire.send(head(mock, "POST", "Authorization: none", "Content-Length: 19", expect))
        assert wire.last_answer().status == 401
        # Whether its body comes now or not, nobody could know.
        wire.send(b'{"name": "carrier"}' + create(mock, "smuggled"))
    assert listed(mock) == []


@pytest.mark.parametrize("framing", ["Content-Length: 4194304", "Transfer-Encoding: chunked"])
def test_who_sends_it_all_the_same_reads_the_refusal(mock: MockProcess, framing: str) -> None:
    body = b"x" * ENDLESS
    if "chunked" in framing:
        body = b"%x\r\n%b\r\n" % (MEGABYTE, b"x" * MEGABYTE) * 4
    with wire_to(mock) as wire, bounded_memory(mock):
        wire.socket.sendall(head(mock, "POST", CHUNKED[0], framing) + body)
        too_large(wire)


def test_a_body_without_end_that_nobody_reads_ends_the_connection(mock: MockProcess) -> None:
    chunk = b"%x\r\n%b\r\n" % (MEGABYTE, b"x" * MEGABYTE)
    with wire_to(mock) as wire, bounded_memory(mock):
        wire.send(head(mock, "POST", "Authorization: none", *CHUNKED))
        assert wire.answer().status == 401
        wire.send(chunk * 4 + b"0\r\n\r\n" + create(mock, "smuggled"))
        assert wire.rest() == b""
    assert listed(mock) == []


def test_a_body_of_just_the_limit_is_read(mock: MockProcess) -> None:
    with wire_to(mock) as wire:
        body = b'"' + b"x" * (MEGABYTE - 2) + b'"'
        wire.send(head(mock, "POST", CHUNKED[0], f"Content-Length: {MEGABYTE}") + body)
        assert wire.answer().status == 422


# Clients that are many


def test_thousands_that_say_nothing_keep_nobody_from_being_served() -> None:
    with impatient(files=256) as mock, ExitStack() as held:
        for number in range(1500):
            wire = held.enter_context(wire_to(mock))
            if number % 3:
                wire.send(head(mock, "POST", "Content-Length: 9")[: -4 * (number % 3 - 1) or None])
            if number % 100 == 0:
                assert listed(mock) == []
        process = psutil.Process(mock.process.pid)
        until(lambda: process.num_fds() < 200)
        with wire_to(mock) as wire:
            wire.send(create(mock, "served"))
            assert wire.answer().status == 201
        assert mock.log() == ""


def test_who_is_being_served_makes_no_room() -> None:
    with impatient(connections=20) as mock, ExitStack() as held:
        delay(mock, 4, 20)
        busy = [held.enter_context(wire_to(mock)) for _ in range(20)]
        for wire in busy:
            wire.send(head(mock, "GET"))
        refusals = [held.enter_context(wire_to(mock)) for _ in range(5)]
        for wire in refusals:
            wire.send(head(mock, "GET"))
            # The next one may push it out at once, before it could end gently.
            answer = wire.answer()
            assert (answer.status, answer.problem["code"]) == (503, "overloaded")
            assert answer.headers["retry-after"] == "1"
            assert answer.headers["connection"] == "close"
        assert [wire.answer().status for wire in busy] == [200] * 20
        assert listed(mock) == []


def test_many_small_requests_at_once_take_little(mock: MockProcess) -> None:
    """Of one packet a parser would make thousands of requests that wait."""
    request = b"GET / HTTP/1.1\r\nHost:m\r\n\r\n"
    with wire_to(mock) as wire, bounded_memory(mock):
        wire.send(request * 4000)
        assert {wire.answer().status for _ in range(4000)} == {404}
