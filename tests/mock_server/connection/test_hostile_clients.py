"""Clients that keep a server waiting, or want more of it than it has, on real sockets.

What must happen in time is a ratio of a limit: where the machine held up the test's own client
for longer than that, the run says nothing, and is repeated with longer limits.
"""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import pairwise
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
LIMIT = 0.6
"""Seconds that the hasty mock grants a client."""

SCALES = (0.25, 1, 4, 16)
"""How much longer the times of a run are, if those of the run before were too short."""


def impatient(*options: str, **limits: float) -> AbstractContextManager[MockProcess]:
    return mock_process(*options, program=(IMPATIENT, json.dumps(limits)))


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProcess]:
    with mock_process() as mock:
        yield mock
        assert mock.log() == ""


@pytest.fixture(scope="module")
def hasty() -> Iterator[MockProcess]:
    """A mock whose limits on time are short."""
    limits = dict.fromkeys(("head", "body_pause", "idle", "unread"), LIMIT)
    with impatient(**limits, sweep=LIMIT / 6) as mock:
        yield mock
        assert mock.log() == ""


def resident(mock: MockProcess) -> int:
    return int(psutil.Process(mock.process.pid).memory_info().rss)


@contextmanager
def bounded_memory(mock: MockProcess) -> Iterator[None]:
    """Assert that the mock keeps less than a fraction of what is sent to it in the block."""
    # The first requests load modules, which stay in memory.
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
def test_an_unfinished_head_is_answered_with_408(hasty: MockProcess, start: bytes) -> None:
    with wire_to(hasty) as wire:
        wire.send(start)
        answer = wire.last_answer()
    assert (answer.status, answer.problem["code"]) == (408, "request_timeout")
    assert "instance" not in answer.problem


def test_a_head_that_comes_byte_by_byte_is_answered_with_408(hasty: MockProcess) -> None:
    """The limit is for the whole head, from its first byte."""
    with wire_to(hasty) as wire:
        wire.send(b"GET / HTTP/1.1\r\nX: ")
        until(lambda: is_closed_after(wire, b"x"))
        assert wire.last_answer().status == 408


@pytest.mark.parametrize("start", [b"", b"\r\n", b"\r\n\r\n\n"])
def test_a_silent_client_is_closed_without_an_answer(hasty: MockProcess, start: bytes) -> None:
    with wire_to(hasty) as wire:
        wire.send(start)
        assert wire.rest() == b""


@pytest.mark.parametrize(
    "headers", [("Content-Length: 20",), ("Transfer-Encoding: chunked",)], ids=["length", "chunks"]
)
def test_a_body_that_stalls_is_answered_with_408(
    hasty: MockProcess, headers: tuple[str, ...]
) -> None:
    with wire_to(hasty) as wire:
        wire.send(head(hasty, "POST", "Content-Type: application/json", *headers) + b"5")
        answer = wire.last_answer()
    assert (answer.status, answer.problem["code"]) == (408, "request_timeout")
    assert answer.problem["instance"] == CREDENTIALS
    assert listed(hasty) == []


def test_a_body_that_stalls_after_its_answer_gets_no_second_answer(hasty: MockProcess) -> None:
    with wire_to(hasty) as wire:
        wire.send(head(hasty, "POST", "Authorization: none", "Content-Length: 20"))
        assert wire.answer().status == 401
        assert wire.rest() == b""


def test_a_body_without_end_is_answered_with_408_though_it_makes_progress() -> None:
    with impatient(body=LIMIT, sweep=LIMIT / 6) as mock, wire_to(mock) as wire:
        wire.send(head(mock, "POST", *CHUNKED))
        until(lambda: is_closed_after(wire, b"1\r\n \r\n"))
        assert wire.last_answer().status == 408


def test_a_connection_without_a_next_request_is_closed(hasty: MockProcess) -> None:
    with wire_to(hasty) as wire:
        wire.send(head(hasty, "GET"))
        assert wire.answer().status == 200
        assert wire.rest() == b""


def is_closed_after(wire: Wire, data: bytes) -> bool:
    """Send some more, and look whether the server has answered or closed."""
    wire.send(data)
    return not wire.is_open()


def test_a_slow_client_that_makes_progress_is_served() -> None:
    """It takes longer than it may pause, in pauses that are shorter."""
    for scale in SCALES:
        pause = 1.5 * scale
        limits = {"head": 4 * pause, "body_pause": pause, "sweep": pause / 15}
        with impatient(**limits) as mock, wire_to(mock) as wire:
            longest = send_slowly(wire, create(mock, "slow"), pause / 3)
            if longest < pause * 0.8:
                assert wire.answer().status == 201
                return
    pytest.fail("NOT TESTED: the client itself was held up in every run")


def send_slowly(wire: Wire, request: bytes, pause: float) -> float:
    """Send the head in two pieces and the body in seven; the result is the longest pause."""
    start, body = request[:-14], request[-14:]
    sent_at = []
    for piece in [start[:20], start[20:], *(body[at : at + 2] for at in range(0, 14, 2))]:
        wire.send(piece)
        sent_at.append(time.monotonic())
        time.sleep(pause)
    return max(later - earlier for earlier, later in pairwise([*sent_at, time.monotonic()]))


def test_a_slow_server_is_not_blamed_on_its_client(hasty: MockProcess) -> None:
    delay(hasty, 5 * LIMIT, 1)
    with wire_to(hasty) as wire:
        wire.send(head(hasty, "GET") + b"GET / HTTP/1.1\r\n")
        assert wire.answer().status == 200
        # Only now is the rest of the second request due.
        assert wire.last_answer().status == 408


@pytest.mark.thorough
def test_a_server_that_does_not_read_is_not_blamed_on_its_client() -> None:
    """A client that is held up itself is closed in one run, and not in one of longer limits."""
    body = json.dumps({"name": "x", "more": "x" * 900_000}).encode()
    for scale in SCALES:
        limit = LIMIT * scale
        with impatient(body_pause=limit, sweep=limit / 6) as mock, wire_to(mock) as wire:
            delay(mock, 5 * limit, 1)
            wire.send(head(mock, "POST", CHUNKED[0], f"Content-Length: {len(body)}") + body)
            status = None
            with contextlib.suppress(EOFError):
                status = wire.answer().status
            if status == 201:
                return
            assert status in {None, 408}
    pytest.fail("the client was refused in every run")


def delay(mock: MockProcess, seconds: float, times: int) -> None:
    """Delay the next requests of the mock's partner, so many times."""
    [partner] = httpx.get(f"{mock.origin}/_mock/partners").json()["data"]
    fault = {"action": {"kind": "delay", "seconds": seconds}, "fire": {"times": times}}
    url = f"{mock.origin}/_mock/partners/{partner['id']}/faults"
    httpx.post(url, json=fault).raise_for_status()


@pytest.mark.thorough
def test_a_client_that_reads_nothing_is_given_up() -> None:
    def read_nothing(mock: MockProcess) -> None:
        with wire_to(mock, receive_buffer=4096) as wire:
            sending = Sending(wire, head(mock, "GET", path="/v3/" + "x" * 1500) * 20)
            until(lambda: sending.is_refused() or hung_up(wire))

    with impatient("--no-control", unread=LIMIT, sweep=LIMIT / 6) as mock:
        # The buffers of the first such client stay with the process.
        read_nothing(mock)
        with bounded_memory(mock):
            read_nothing(mock)


class Sending:
    """Whole requests one after the other, as many as the server reads."""

    def __init__(self, wire: Wire, requests: bytes) -> None:
        self.socket = wire.socket
        self.socket.settimeout(0)
        self.requests = self.unsent = requests

    def is_refused(self) -> bool:
        """Send as much as there is room for, and look whether the connection is reset."""
        try:
            while True:
                self.unsent = self.unsent[self.socket.send(self.unsent) :] or self.requests
        except BlockingIOError:
            return False
        except ConnectionError:
            return True


def hung_up(wire: Wire) -> bool:
    """Whether the connection is reset or closed, read or not."""
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
def test_a_head_without_end_is_answered_with_431(mock: MockProcess, shape: str) -> None:
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


def test_the_limit_applies_to_each_head_on_its_own(mock: MockProcess) -> None:
    requests = head(mock, "GET", "X: " + "x" * 60_000) * 5
    with wire_to(mock) as wire:
        wire.send(requests)
        assert [wire.answer().status for _ in range(5)] == [200] * 5


def test_the_limit_of_a_head_is_100_headers(mock: MockProcess) -> None:
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


@pytest.mark.thorough
@pytest.mark.parametrize("shape", ENDLESS_FRAMING)
def test_framing_without_end_is_answered_with_431(mock: MockProcess, shape: str) -> None:
    start, more = ENDLESS_FRAMING[shape]
    with wire_to(mock) as wire, bounded_memory(mock):
        wire.send(head(mock, "POST", *CHUNKED) + start + more * (ENDLESS // len(more)))
        answer = wire.last_answer()
    assert (answer.status, answer.problem["code"]) == (431, "head_too_large")
    assert listed(mock) == []


def test_chunks_of_one_byte_are_accepted() -> None:
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


def test_a_client_that_expects_100_is_refused_before_it_sends_the_body(mock: MockProcess) -> None:
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
def test_a_client_that_sends_the_whole_body_can_read_the_refusal(
    mock: MockProcess, framing: str
) -> None:
    body = b"x" * ENDLESS
    if "chunked" in framing:
        body = b"%x\r\n%b\r\n" % (MEGABYTE, b"x" * MEGABYTE) * 4
    with wire_to(mock) as wire, bounded_memory(mock):
        wire.socket.sendall(head(mock, "POST", CHUNKED[0], framing) + body)
        too_large(wire)


def test_the_connection_ends_where_a_refused_body_is_too_large(mock: MockProcess) -> None:
    chunk = b"%x\r\n%b\r\n" % (MEGABYTE, b"x" * MEGABYTE)
    with wire_to(mock) as wire, bounded_memory(mock):
        wire.send(head(mock, "POST", "Authorization: none", *CHUNKED))
        assert wire.answer().status == 401
        wire.send(chunk * 4 + b"0\r\n\r\n" + create(mock, "smuggled"))
        assert wire.rest() == b""
    assert listed(mock) == []


def test_a_body_of_exactly_the_limit_is_read(mock: MockProcess) -> None:
    with wire_to(mock) as wire:
        body = b'"' + b"x" * (MEGABYTE - 2) + b'"'
        wire.send(head(mock, "POST", CHUNKED[0], f"Content-Length: {MEGABYTE}") + body)
        assert wire.answer().status == 422


# Clients that are many


def test_thousands_of_silent_clients_keep_no_other_from_being_served() -> None:
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


def test_a_connection_with_a_request_at_work_makes_no_room() -> None:
    for scale in SCALES:
        seconds = 4.0 * scale
        with impatient(connections=20) as mock, ExitStack() as held:
            delay(mock, seconds, 20)
            started = time.monotonic()
            busy = [held.enter_context(wire_to(mock)) for _ in range(20)]
            for wire in busy:
                wire.send(head(mock, "GET"))
            refusals = []
            for _ in range(5):
                wire = held.enter_context(wire_to(mock))
                wire.send(head(mock, "GET"))
                # The next one may push it out at once, before it could end gently.
                refusals.append(wire.answer())
            if time.monotonic() - started >= seconds:
                continue  # too late: those at work may have their answers
            for answer in refusals:
                assert (answer.status, answer.problem["code"]) == (503, "overloaded")
                assert answer.headers["retry-after"] == "1"
                assert answer.headers["connection"] == "close"
            assert [wire.answer().status for wire in busy] == [200] * 20
            assert listed(mock) == []
            return
    pytest.fail("NOT TESTED: the test itself was held up in every run")


def test_many_small_requests_at_once_take_little_memory(mock: MockProcess) -> None:
    """One packet may hold thousands of requests, which must not all be parsed at once."""
    request = b"GET / HTTP/1.1\r\nHost:m\r\n\r\n"
    with wire_to(mock) as wire, bounded_memory(mock):
        wire.send(request * 4000)
        assert {wire.answer().status for _ in range(4000)} == {404}
