"""Every answer has a bound: past it the connection is closed, and it is a violation."""

import gzip
import json
import random
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator

import httpx
import pytest

from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target import exchange
from conformance.target.errors import AnswerOutOfBounds, AnswerOverdue, TargetError
from conformance.target.exchange import NO_ANSWER, Answer, Recording, Request
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from conformance.target.transport.connection_settings import DIRECT
from conformance.target.transport.decoding import decoded
from conformance.target.transport.reception import MOST_BYTES
from conformance.target.transport.sockets import SocketTransport
from demo.mock_process import MockProcess
from openapi.contract import Contract
from tests.conformance.target.hostile import (
    LARGE,
    OK,
    SLOW,
    Attack,
    hostile,
    silent,
    whole,
    zeros,
)
from tests.fake_server import FakeRequest

CONTRACT = Contract.bundled()
CREATE = CONTRACT.operations["createCredential"]
PLAIN = Request("GET", "/auth/credentials", partner=None)
GENEROUS_SECONDS = 20.0
"""It ends at all."""


@pytest.mark.parametrize("name", [*LARGE, *SLOW])
def test_an_answer_without_a_bound_is_given_up(name: str) -> None:
    attack, said = {**LARGE, **SLOW}[name]
    attack()  # what it sends is made now, and takes no time later
    with (
        hostile(lambda one: attack() if one.line.startswith("GET") else None) as (url, seen),
        Target(url, (), most_seconds=1.0 if name in SLOW else GENEROUS_SECONDS) as target,
    ):
        with pytest.raises(AnswerOutOfBounds, match=said) as found:
            target.send(PLAIN)
        assert "bytes received in" in found.value.excess
        if name in SLOW or "endless" in name:
            assert seen.closed.acquire(timeout=GENEROUS_SECONDS)
        # The next request is not disturbed.
        assert target.send(Request("POST", "/auth/credentials", partner=None)).status == 422


def test_an_answer_without_a_byte_is_overdue() -> None:
    with (
        hostile(lambda _: silent()) as (url, _),
        Target(url, (), timeout=0.5, most_seconds=5.0) as target,
        pytest.raises(AnswerOverdue),
    ):
        target.send(PLAIN)


def test_a_request_that_is_not_read_is_given_up() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Target(f"http://127.0.0.1:{listener.getsockname()[1]}", (), timeout=0.5) as target,
        pytest.raises(AnswerOverdue),
    ):
        target.send(Request("POST", "/", body=bytes(64 * 2**20), partner=None))


def test_a_request_that_is_read_slowly_is_given_up() -> None:
    over = threading.Event()

    def read_slowly(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while not over.wait(0.02):
                connection.recv(65_536)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=read_slowly, args=[listener], daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        request = Request("POST", "/", body=bytes(256 * 2**20), partner=None)
        with Target(url, (), timeout=5.0, most_seconds=1.0) as target:
            with pytest.raises(AnswerOverdue):
                target.send(request)
            over.set()


def test_a_handshake_without_an_end_is_given_up() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Target(f"https://127.0.0.1:{listener.getsockname()[1]}", (), timeout=0.5) as target,
        pytest.raises(TargetError, match="does not answer"),
    ):
        target.send(PLAIN)


MEASURING = """
import resource, sys
from conformance.target import exchange
from conformance.target.exchange import NO_ANSWER, Answer, Recording, Request
from conformance.target.errors import TargetError
from conformance.target.target import Target
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with Target(sys.argv[1], ()) as target:
    before = used()
    try:
        target.send(Request("GET", "/", partner=None)).json_object()
    except TargetError:
        pass
    print(used() - before)
"""


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_memory_is_bounded(times: int) -> None:
    """Zeros of many times the bound, and the same compressed again, are not decoded beyond it.

    Nor are the values of a body within the bound read that would take many times its memory.
    """
    body = zeros(times, 256) if times else gzip.compress(b"[" + b"[]," * 5_000_000 + b"1]", 1)
    codings = ", ".join(["gzip"] * max(times, 1)).encode()
    with hostile(lambda _: whole(b"Content-Encoding: " + codings, body)) as (url, _):
        done = subprocess.run(
            [sys.executable, "-c", MEASURING, url], capture_output=True, text=True, check=True
        )
    unit = 1 if sys.platform == "darwin" else 2**10
    assert int(done.stdout) * unit < 4 * MOST_BYTES


MANY = """
import random, resource, sys
from conformance.cli.memory import give_back_large_blocks
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.target.exchange import Request
from conformance.target.target import Target
from openapi.contract import Contract
give_back_large_blocks()
contract = Contract.bundled()
request = Request("GET", "/auth/credentials", partner=None)
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with Target(sys.argv[1], ()) as target:
    target.send(request)
    before = used()
    probe = Probe(contract, contract.operations["createCredential"], target, random.Random(1))
    try:
        probe.send_at_once([request] * 24)
    except NotVerified:
        print(used() - before)
"""


@pytest.mark.thorough
def test_memory_is_bounded_where_many_large_answers_come_at_once() -> None:
    body = b'{"pad": "' + b"x" * (MOST_BYTES - 100) + b'"}'
    with hostile(lambda _: whole(b"X-One: two", body)) as (url, _):
        done = subprocess.run(
            [sys.executable, "-c", MANY, url], capture_output=True, text=True, check=True
        )
    unit = 1 if sys.platform == "darwin" else 2**10
    assert int(done.stdout) * unit < 24 * MOST_BYTES


def probe_of(target: Target) -> Probe:
    return Probe(CONTRACT, CREATE, target, random.Random(1))


@pytest.mark.parametrize("name", ["gzip", "endless headers", "slow chunks"])
def test_it_is_a_violation_of_the_check_that_sent_the_request(name: str) -> None:
    attack, said = {**LARGE, **SLOW}[name]
    attack()

    def answering(request: FakeRequest) -> Attack | None:
        return attack() if b"\\u00e9" in request.body else None

    with hostile(answering) as (url, _), Target(url, ["token"], most_seconds=2.0) as target:
        probe = probe_of(target)
        with pytest.raises(
            Violation, match=f"{said.removesuffix('1 s')}.*and again on another try"
        ) as found:
            probe.send(probe.request().with_json({"name": "é"}))
        assert found.value.breaks == "generated.nothing-makes-it-fail"
        # And the run goes on.
        assert probe.send(probe.request()).status == 422


def test_an_absurd_request_may_be_refused_but_not_be_answered_without_an_end() -> None:
    def answering(request: FakeRequest) -> Attack | None:
        return LARGE["endless chunks"][0]() if len(request.body) > 100_000 else None

    with hostile(answering) as (url, _), Target(url, ["token"]) as target:
        run = Run(CONTRACT, target, [], seed=1)
        result = run.check(catalogue()["robustness.huge-bodies"], CREATE)
    assert result.outcome is Outcome.FAILED
    assert "of more than" in result.actual


def test_a_target_that_gives_no_other_answers_ends_the_run() -> None:
    with (
        hostile(lambda _: SLOW["slow chunks"][0]()) as (url, _),
        Target(url, ["token"], most_seconds=0.5) as target,
    ):
        run = Run(CONTRACT, target, list(catalogue().values()), seed=1)
        with pytest.raises(TargetError, match="without an end within"):
            list(run.results())


def test_a_list_without_an_end_is_a_violation_and_no_target_that_is_down(
    healthy: MockProcess,
) -> None:
    with Target(healthy.base_url, ("dinie_at_first",), transport=_EndlessLists()) as target:
        run = Run(CONTRACT, target, [catalogue()["lists.page-has-its-shape"]], seed=1)
        [result] = list(run.results())
        run.clean_up()
    assert result.outcome is Outcome.WARNING
    assert "of more than 16777216 bytes" in result.actual


class _EndlessLists(SocketTransport):
    def __init__(self) -> None:
        super().__init__(DIRECT)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, stream=_Endless())
        return super().handle_request(request)


class _Endless(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield bytes(2**16)


def test_requests_without_an_answer_may_not_take_for_ever() -> None:
    def answering(request: FakeRequest) -> Attack | None:
        return silent() if request.line.startswith("POST") else None

    with hostile(answering) as (url, _), Target(url, ["token"], timeout=1.0) as target:
        target.most_lost_seconds = 3.0
        probe = probe_of(target)
        request = probe.request()
        # It takes two tries.
        assert probe.try_to_send(request).status == NO_ANSWER
        with pytest.raises(TargetError, match="is given up"):
            list(map(probe.try_to_send, [request] * 9))
        target.resume()
        assert target.send(PLAIN).status == 422


def test_a_clock_that_answers_without_a_bound_is_not_moved() -> None:
    attack, said = LARGE["endless chunks"]
    with hostile(lambda _: attack()) as (url, _):
        settings = TargetSettings(clock_url=f"{url}/clock")
        with Target(url, (), settings) as target, pytest.raises(TargetError, match=said) as found:
            target.move_clock(1)
    assert str(found.value).startswith(f"{url}/clock gives an answer")


def test_a_stopped_run_does_not_wait_for_an_answer() -> None:
    with hostile(lambda _: silent()) as (url, seen), Target(url, ()) as target:

        def halt() -> None:
            seen.attacked.acquire()
            target.halt()

        threading.Thread(target=halt, daemon=True).start()
        start = time.monotonic()
        with pytest.raises(TargetError, match="the run was stopped"):
            target.send(PLAIN)
        assert time.monotonic() - start < GENEROUS_SECONDS


def test_a_slow_answer_within_the_bounds_is_an_answer() -> None:
    def slowly() -> Attack:
        yield OK + b"Content-Length: 20\r\n\r\n"
        for _ in range(20):
            yield None
            yield b"x"

    with (
        hostile(lambda _: slowly()) as (url, _),
        Target(url, (), timeout=0.5, most_seconds=GENEROUS_SECONDS) as target,
    ):
        assert target.send(PLAIN).body == b"x" * 20


@pytest.mark.parametrize("length", [0, 1, 65_535, 65_536, 65_537, MOST_BYTES])
@pytest.mark.parametrize("size", [1000, 10_000_000])
def test_what_is_within_the_bounds_is_decoded_whole(length: int, size: int) -> None:
    body = random.Random(length).randbytes(min(length, 100_000)).ljust(length, b"y")
    packed = {
        "": body,
        "gzip": gzip.compress(body),
        "GZIP , identity": gzip.compress(body),
        "deflate": zlib.compress(body),
        "deflate, gzip": gzip.compress(zlib.compress(body)),
        "unknown": body,
    }
    packed["Deflate"] = packed["deflate"][2:-4]
    for codings, data in packed.items():
        parts = [data[start : start + size] for start in range(0, len(data), size)]
        assert decoded(parts, codings.split(",")) == body, codings


def test_a_body_in_another_coding_than_it_says_is_no_answer_of_its_own() -> None:
    assert decoded([b'{"name": "plain"}'], ["gzip"]) == b""
    assert decoded([gzip.compress(b"{}")[:-9]], ["gzip"]) in {b"", b"{", b"{}"}
    assert decoded([gzip.compress(b"{}") + b"more"], ["gzip"]) == b"{}"


def test_a_body_is_parsed_once_and_not_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []

    def parse(body: bytes) -> object:
        parsed.append(body)
        return json.loads(body)

    monkeypatch.setattr(exchange, "parse", parse)
    answer, no_json = Answer(200, body=b'{"id": "one", "data": [{}]}'), Answer(200, body=b"{")
    for _ in range(3):
        assert (answer.text("id"), answer.objects("data")) == ("one", [{}])
        assert no_json.json_object() is None
        with pytest.raises(ValueError, match="Expecting"):
            no_json.json()
    assert parsed == [answer.body, no_json.body]
    # What is kept for long is the text alone, which takes a part of the memory.
    recording = Recording()
    recording.add(PLAIN, answer)
    [(_, kept)] = recording.exchanges
    assert kept == answer
    assert kept.text("id") == "one"
    assert len(parsed) == 3


def test_a_check_keeps_a_few_large_answers_and_no_more() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=b"x" * MOST_BYTES))
    with Target("http://target/v3", ["token"], transport=transport) as target:
        probe = probe_of(target)

        def send_many() -> None:
            for _ in range(9):
                probe.send(PLAIN)

        with pytest.raises(NotVerified, match="one check have more than 67108864 bytes"):
            send_many()
        assert probe.recording.body_bytes <= 5 * MOST_BYTES
