"""Calls in any order: cheap, repeatable, shrunk, and fair to servers that conform otherwise."""

import math
import time

import pytest

from conformance.catalogue.sabotage import with_body
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.server.sequences.sequences import BETWEEN_LOOKS_SECONDS
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.target import Target
from demo.mock_process import MockProcess
from openapi.contract import Contract

CONTRACT = Contract.bundled()
CREATE = CONTRACT.operations["createCredential"]
TOKENS = ("dinie_at_first", "dinie_at_second")
REQUIREMENT = catalogue()["sequences.model-holds"]
SABOTAGE = {one.name: one for one in REQUIREMENT.sabotage}


def check(
    mock: MockProcess, tamper: Tamper | None = None, *lacking: Capability, seed: int = 1
) -> tuple[Result, int]:
    """The result, and how many requests it took."""
    with Target(mock.base_url, TOKENS, tamper=tamper) as target:
        target.capabilities = set(Capability) - set(lacking)
        return Run(CONTRACT, target, [], seed).check(REQUIREMENT, CREATE), target.requests_sent


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.thorough)])
def test_it_is_cheap(healthy: MockProcess, seed: int) -> None:
    result, requests = check(healthy, seed=seed)

    assert result.outcome is Outcome.PASSED
    assert requests < 200


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [2, pytest.param(3, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("name", SABOTAGE)
def test_any_seed_catches_it(healthy: MockProcess, name: str, seed: int) -> None:
    result, _ = check(healthy, SABOTAGE[name].make(), seed=seed)

    assert result.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("forget keys", 2),
        ("forget keys on a revocation", 3),
        ("know the last key only", 3),
        ("take a conflict for a call", 2),
    ],
)
def test_it_is_shrunk_to_what_is_needed(
    healthy: MockProcess, name: str, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is.
    monkeypatch.setattr("conformance.generation.search._MOST_SECONDS_TO_SHRINK", math.inf)
    result, _ = check(healthy, SABOTAGE[name].make())

    assert result.reproduce.count("curl ") == calls
    assert not any(token in result.reproduce for token in TOKENS)


def test_less_is_done_where_the_target_offers_less(healthy: MockProcess) -> None:
    sent: list[Request] = []

    def note(request: Request, forward: Forward) -> Answer:
        sent.append(request)
        return forward(request)

    result, _ = check(healthy, note, Capability.SECOND_PARTNER, Capability.REVOCATION)

    assert result.outcome is Outcome.PASSED
    assert {one.partner for one in sent} == {0}
    assert {one.method for one in sent} == {"GET", "POST"}


def test_a_key_with_another_body_may_be_replayed(healthy: MockProcess) -> None:
    kept: dict[object, Answer] = {}

    def replaying(request: Request, forward: Forward) -> Answer:
        key = (request.partner, dict(request.headers).get("Idempotency-Key"))
        if request.method == "POST" and key in kept:
            return kept[key]
        kept[key] = forward(request)
        return kept[key]

    assert check(healthy, replaying)[0].outcome is Outcome.PASSED


@pytest.mark.thorough
def test_a_list_may_show_changes_a_little_late(healthy: MockProcess) -> None:
    # A lag that the check's own first look meets, however fast or slow the machine is.
    changes: list[float] = []
    lag = 1.25 * BETWEEN_LOOKS_SECONDS

    def late(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.method != "GET":
            changes.append(time.monotonic())
            return answer
        is_early = bool(changes) and time.monotonic() - changes[-1] < lag
        return with_body(answer, {"data": [], "has_more": False}) if is_early else answer

    result, _ = check(healthy, late)

    assert result.outcome in {Outcome.PASSED, Outcome.NOT_VERIFIED}, result.actual


def test_revoked_keys_may_leave_the_list(healthy: MockProcess) -> None:
    def leaving(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        page = answer.json_object() or {}
        if request.method != "GET" or "data" not in page:
            return answer
        # The last one stays, for the cursor of the next page.
        left = [one for one in page["data"][:-1] if one["status"] != "revoked"]
        return with_body(answer, {**page, "data": [*left, *page["data"][-1:]]})

    assert check(healthy, leaving)[0].outcome is Outcome.PASSED


def test_a_target_that_refuses_plain_calls_is_not_judged(healthy: MockProcess) -> None:
    def full(request: Request, forward: Forward) -> Answer:
        return Answer(409) if request.method == "POST" else forward(request)

    assert check(healthy, full)[0].outcome is Outcome.NOT_VERIFIED
