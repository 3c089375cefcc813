"""Kind to its target: slower when it must be, and no more when the target is down."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage
from conformance.fuzz.safety import BEATS_THAT_FAIL, REFERENCE_SECONDS, Pace
from conformance.fuzz.verdicts import verdict_of
from conformance.results.exit_code import BROKEN, NO_VERDICT
from conformance.target.errors import ConnectionClosed, TargetError
from conformance.target.exchange import Answer, Forward, Request, Tamper
from demo.mock_process import MockProcess
from tests.conformance.cli.command_line import active
from tests.conformance.fuzz.conftest import TOKENS, Campaigns


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += REFERENCE_SECONDS / 8
        return self.now


def test_a_429_slows_down_and_later_answers_speed_up_again() -> None:
    pauses: list[float] = []
    pace = Pace(pauses.append, Time())
    pace.beat(0.01)
    assert pauses == []
    for _ in range(3):
        pace.limited()
        pace.beat(0.01)
    assert pauses == sorted(set(pauses))
    assert pauses
    for _ in range(5):
        pace.beat(0.01)
    assert pauses[-1] == 0


def test_rising_latency_slows_down() -> None:
    pace = Pace(lambda _: None, Time())
    for _ in range(10):
        pace.beat(0.02)
    assert pace.pause == 0
    for _ in range(5):
        pace.beat(0.5)
    assert pace.pause > 0
    for _ in range(12):
        pace.beat(0.02)
    assert pace.pause == 0


def down_after(answers: int, broken: Callable[[Answer], Answer]) -> Sabotage:
    def make() -> Tamper:
        seen = 0

        def tamper(request: Request, forward: Forward) -> Answer:
            nonlocal seen
            seen += 1
            # The clean-up comes when it is back again.
            is_down = seen > answers and request.method != "DELETE"
            return broken(Answer(200)) if is_down else forward(request)

        return tamper

    return Sabotage("down", make)


def unreachable(_: Answer) -> Answer:
    raise TargetError("it does not answer: timed out")


def closing(_: Answer) -> Answer:
    raise ConnectionClosed("it does not answer: disconnected")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda one: replace(one, status=503), "503 to plain requests"),
        (lambda one: replace(one, status=500), "500 to plain requests"),
        (unreachable, "timed out"),
        (closing, "disconnected"),
    ],
)
def test_the_circuit_breaker_ends_it_without_a_verdict(
    broken: Callable[[Answer], Answer], said: str, campaigns: Campaigns, healthy: MockProcess
) -> None:
    campaign = campaigns(down_after(60, broken), "created", "idempotency")
    campaign.work_through()
    verdict = verdict_of(campaign.record, Level.MUST)
    assert verdict.exit_code == NO_VERDICT
    assert "the circuit breaker is open" in verdict.line
    assert said in verdict.line
    assert f"{BEATS_THAT_FAIL} times" in verdict.line
    # A target that is down is no finding.
    assert not campaign.record.findings
    assert active(healthy, TOKENS[0]) == []


def failing_list(request: Request, forward: Forward) -> Answer:
    return Answer(500) if request.method == "GET" else forward(request)


def failing_list_once_half_a_character_is_stored() -> Tamper:
    stored = threading.Event()

    def tamper(request: Request, forward: Forward) -> Answer:
        if rb"\ud800" in request.body:
            stored.set()
            return forward(request.with_json({"name": "dinie-conformance stored"}))
        return failing_list(request, forward) if stored.is_set() else forward(request)

    return tamper


@pytest.mark.parametrize(
    "make", [lambda: failing_list, failing_list_once_half_a_character_is_stored]
)
def test_a_list_that_fails_alone_is_a_finding_and_no_target_that_is_down(
    make: Callable[[], Tamper], campaigns: Campaigns, healthy: MockProcess
) -> None:
    campaign = campaigns(
        Sabotage("failing list", make), "robustness.stored-names-are-no-failure", max_findings=1
    )
    campaign.work_through()
    verdict = verdict_of(campaign.record, Level.MUST)
    assert verdict.exit_code == BROKEN, verdict.line
    assert active(healthy, TOKENS[0]) == []


def test_what_cannot_be_revoked_is_listed_and_told(campaigns: Campaigns) -> None:
    def refuse(request: Request, forward: Forward) -> Answer:
        is_first = not refuse_after
        refuse_after.append(request.method == "DELETE")
        if request.method == "DELETE" and not is_first and sum(refuse_after) > 1:
            return Answer(500)
        return forward(request)

    refuse_after: list[bool] = []
    fault = Sabotage("keep all", lambda: refuse)
    campaign = campaigns(fault, "idempotency.replay-is-identical", max_turns=3)
    campaign.work_through()
    assert campaign.record.left_behind
    text = (campaign.record.directory.path / "left-behind.txt").read_text()
    assert len(text.splitlines()) == len(campaign.record.left_behind)
    remarks = verdict_of(campaign.record, Level.MUST).remarks
    assert any("could not be revoked" in one for one in remarks)


def test_a_limited_target_is_waited_for_and_left_clean(campaigns: Campaigns) -> None:
    def make() -> Tamper:
        seen = 0

        def tamper(request: Request, forward: Forward) -> Answer:
            nonlocal seen
            seen += 1
            limited = Answer(429, (("retry-after", "0"),))
            return limited if seen % 5 == 0 else forward(request)

        return tamper

    campaign = campaigns(Sabotage("limit", make), "idempotency", max_turns=20, max_seconds=3)
    campaign.work_through()
    assert not campaign.record.findings
    assert campaign.record.left_behind == set()
    assert campaign.target.created == set()
    assert campaign.pace.pause > 0
