"""A target that leaves one input unanswered is accused; one that is down, or restarts, is not."""

import itertools
import random
import threading

import pytest

from conformance.probe.probe import Probe
from conformance.probe.violation import CLOSED, Violation
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.errors import ConnectionClosed, TargetError
from conformance.target.exchange import NO_ANSWER, Request
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from conformance.target.transport.connections import in_chunks
from demo.mock_process import MockProcess
from openapi.contract import Contract
from tests.conformance.target.relay import Closes, relay

CONTRACT = Contract.bundled()
CREATE = CONTRACT.operations["createCredential"]
TOKENS = ("dinie_at_first", "dinie_at_second")


def beyond_ascii(how: str) -> Closes:
    """Hangs up on names that are not in ASCII, escaped or not."""

    def closes(request: bytes) -> str:
        body = request.partition(b"\r\n\r\n")[2]
        return how if b"\\u" in body or not body.isascii() else ""

    return closes


def probe_of(target: Target) -> Probe:
    return Probe(CONTRACT, CREATE, target, random.Random(1))


def checked(url: str, requirement_id: str) -> Result:
    requirement = catalogue()[requirement_id]
    with Target(url, TOKENS, settings=TargetSettings(replay_delay=0)) as target:
        run = Run(CONTRACT, target, [requirement], seed=1)
        try:
            return run.check(requirement, CREATE)
        finally:
            run.clean_up()


@pytest.mark.parametrize("how", ["before", "within"])
@pytest.mark.parametrize(
    "requirement_id",
    [
        "generated.nothing-makes-it-fail",
        "generated.valid-data-is-no-failure",
        "generated.accepted-data-comes-back",
        "created.name-is-unchanged",
        "robustness.lone-surrogates",
    ],
)
def test_a_target_that_hangs_up_on_one_input_is_accused(
    requirement_id: str, how: str, healthy: MockProcess
) -> None:
    with relay(healthy.base_url, beyond_ascii(how)) as url:
        result = checked(url, requirement_id)
    assert (result.outcome, result.actual) == (Outcome.FAILED, CLOSED)
    assert "curl" in result.reproduce


def test_no_answer_is_no_undocumented_status(healthy: MockProcess) -> None:
    with relay(healthy.base_url, beyond_ascii("before")) as url:
        result = checked(url, "generated.statuses-are-documented")
    assert result.outcome is Outcome.PASSED


def test_a_target_that_closes_its_connections_is_not_accused(healthy: MockProcess) -> None:
    number = itertools.count(1)
    lock = threading.Lock()

    def now_and_then(_: bytes) -> str:
        with lock:
            return ["", "", "before", "", "within"][next(number) % 5]

    with relay(healthy.base_url, now_and_then) as url:
        for one in ("created.name-is-unchanged", "generated.nothing-makes-it-fail"):
            assert checked(url, one).outcome is Outcome.PASSED


@pytest.mark.parametrize("after", [3, 4, 5, 6])
def test_a_target_that_goes_down_is_not_accused(after: int, healthy: MockProcess) -> None:
    number = itertools.count(1)

    def from_then_on(_: bytes) -> str:
        return "before" if next(number) > after else ""

    with relay(healthy.base_url, from_then_on) as url, pytest.raises(TargetError):
        checked(url, "created.name-is-unchanged")


@pytest.mark.parametrize("lost", [2, 4])
def test_a_target_that_restarts_is_not_accused(lost: int, healthy: MockProcess) -> None:
    """It closes some connections, whatever is sent, and then it is there again."""
    number = itertools.count(1)
    request = Request("POST", "/auth/credentials").with_json({"name": "dinie-conformance"})

    def meanwhile(received: bytes) -> str:
        return "before" if b"conformance" in received and next(number) <= lost else ""

    with relay(healthy.base_url, meanwhile) as url, Target(url, TOKENS) as target:
        assert probe_of(target).send(request).status == 201


def test_what_is_closed_at_the_same_time_is_told(healthy: MockProcess) -> None:
    with relay(healthy.base_url, beyond_ascii("before")) as url, Target(url, TOKENS) as target:
        probe = probe_of(target)
        plain = probe.request()
        odd = plain.with_json({"name": "é"})
        found = probe.try_to_send_at_once([plain, odd])
        assert [one.status for one in found] == [201, NO_ANSWER]
        with pytest.raises(Violation, match="closed connection"):
            probe.send_at_once([plain, odd])
        with pytest.raises(ConnectionClosed):
            probe.send_once(odd)


def test_a_body_is_sent_in_its_chunks(healthy: MockProcess) -> None:
    received: list[bytes] = []

    def noted(request: bytes) -> str:
        received.append(request)
        return ""

    body = '{"name": "dinie-conformance é"}'.encode()
    request = Request(
        "POST", "/auth/credentials", (("Content-Type", "application/json"),), body, chunks=(1, 28)
    )
    with relay(healthy.base_url, noted) as url, Target(url, TOKENS) as target:
        answer = target.send(request)
    assert (answer.status, answer.field("name")) == (201, "dinie-conformance é")
    head, _, sent = received[0].lower().partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert b"content-length" not in head
    sizes = [int(one, 16) for one in sent.split(b"\r\n")[::2][:-1]]
    assert sizes == [len(one) for one in in_chunks(body, request.chunks)] + [0]


def test_a_target_that_is_silent_on_one_input_is_accused(healthy: MockProcess) -> None:
    with (
        relay(healthy.base_url, beyond_ascii("never")) as url,
        Target(url, TOKENS, timeout=0.5, settings=TargetSettings(replay_delay=0)) as target,
    ):
        probe = probe_of(target)
        with pytest.raises(Violation, match=r"no answer within 0\.5 s") as found:
            probe.send(probe.request().with_json({"name": "é"}))
        assert found.value.breaks == "generated.nothing-makes-it-fail"
        assert probe.send(probe.request()).status == 201


def test_a_target_that_is_silent_once_is_not_accused(healthy: MockProcess) -> None:
    number = itertools.count()

    def once(_: bytes) -> str:
        return "" if next(number) else "never"

    with relay(healthy.base_url, once) as url, Target(url, TOKENS, timeout=0.5) as target:
        probe = probe_of(target)
        assert probe.send(probe.request()).status == 201


def test_a_target_that_is_silent_on_everything_is_not_accused(healthy: MockProcess) -> None:
    with (
        relay(healthy.base_url, lambda _: "never") as url,
        Target(url, TOKENS, timeout=0.2) as target,
    ):
        probe = probe_of(target)
        with pytest.raises(TargetError, match="timed out"):
            probe.send(probe.request())
