"""Keys and the 24 hours that they are kept, on a server whose clock can be moved."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from conformance.catalogue.judge import Purpose
from conformance.catalogue.requirement import Level, Requirement
from conformance.catalogue.sabotage import Sabotage
from conformance.results.baseline import Baseline
from conformance.results.result import Outcome, Result
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue, judges
from conformance.target.access import Access, Issued
from conformance.target.capabilities import Capability
from conformance.target.exchange import Request
from conformance.target.sign_in import token_for
from conformance.target.target import Target
from conformance.target.target_settings import AS_RUN
from openapi.contract import Contract
from openapi.operation import Operation
from tests.conformance.servers.application import CLOCK
from tests.conformance.servers.options import Bug, Options
from tests.conformance.servers.serving import serving

CONTRACT = Contract.bundled()
CREATE_TOKEN = CONTRACT.operations["createToken"]
CREATE = CONTRACT.operations["createCredential"]
PARTNERS = {"dinie_at_First-dQw4w9WgXcQ": "first"}
MOVING = [one for one in catalogue().values() if Capability.CLOCK in one.needs]
EXPIRY = [one for one in MOVING if one.section == "idempotency"]
CASES = [(one, sabotage) for one in EXPIRY for sabotage in one.sabotage]
KEPT, FREE = "idempotency.key-is-kept-for-24-hours", "idempotency.key-is-free-after-24-hours"


@contextmanager
def ticking(bug: Bug | None = None, sabotage: Sabotage | None = None) -> Iterator[Target]:
    """A target whose clock is moved at a server of the tests."""
    options = Options(has_clock=True, bug=bug)
    tamper = sabotage.make() if sabotage else None
    with serving(options, PARTNERS) as url:
        clock = url.removesuffix(options.path) + CLOCK
        with Target(
            url, tuple(PARTNERS), tamper=tamper, settings=replace(AS_RUN, clock_url=clock)
        ) as target:
            yield target


def checked(target: Target, id_: str, operation: Operation = CREATE) -> Result:
    return Run(CONTRACT, target, [], seed=1).check(catalogue()[id_], operation)


def test_both_ends_of_the_day_are_required() -> None:
    assert {one.id for one in EXPIRY} == {KEPT, FREE}


def test_a_token_that_expires_passes_and_one_for_ever_does_not() -> None:
    expired = catalogue()["tokens.expired-token-is-refused"]
    for sabotage in (None, *expired.sabotage):
        with ticking(sabotage=sabotage) as target:
            target.capabilities |= {Capability.TOKENS, Capability.LISTING}
            result = checked(target, expired.id, CREATE_TOKEN)
            wanted = Outcome.FAILED if sabotage else Outcome.PASSED
            assert result.outcome is wanted, result.actual


@pytest.mark.parametrize("requirement", EXPIRY, ids=lambda one: one.id)
def test_a_server_that_keeps_keys_for_a_day_passes(requirement: Requirement) -> None:
    with ticking() as target:
        result = checked(target, requirement.id)

    assert result.outcome is Outcome.PASSED, result.actual


@pytest.mark.parametrize(
    ("requirement", "sabotage"), CASES, ids=lambda one: getattr(one, "id", getattr(one, "name", ""))
)
def test_each_sabotage_is_caught(requirement: Requirement, sabotage: Sabotage) -> None:
    with ticking(sabotage=sabotage) as target:
        result = checked(target, requirement.id)

    broken = Outcome.FAILED if result.level is Level.MUST else Outcome.WARNING
    assert result.outcome is broken, result.actual
    # The script moves the clock between the requests, as the check did.
    first, *between, last = [one for one in result.reproduce.splitlines() if "curl" in one]
    moves = [one for one in between if one.endswith(CLOCK)]
    moved = [int(found) for one in moves for found in re.findall(r'"seconds": (\d+)', one)]
    assert abs(sum(moved) - 24 * 3600) == 60
    assert "Idempotency-Key: ${KEY_1}" in first
    assert "Idempotency-Key: ${KEY_1}" in last


@pytest.mark.parametrize(
    ("bug", "id_", "outcome"),
    [
        (Bug.KEYS_ARE_KEPT_FOR_EVER, KEPT, Outcome.PASSED),
        (Bug.KEYS_ARE_KEPT_FOR_EVER, FREE, Outcome.WARNING),
        (Bug.KEYS_EXPIRE_EARLY, KEPT, Outcome.FAILED),
        (Bug.KEYS_EXPIRE_EARLY, FREE, Outcome.PASSED),
    ],
)
def test_a_real_fault_is_caught_by_the_right_one(bug: Bug, id_: str, outcome: Outcome) -> None:
    with ticking(bug) as target:
        assert checked(target, id_).outcome is outcome


def _key_of_its_own(target: Target) -> tuple[str, str]:
    made = target.send(Request("POST", "/auth/credentials").with_json({"name": "own"}))
    return made.field("client_id"), made.field("client_secret")


@pytest.mark.parametrize("id_", [KEPT, FREE])
def test_a_token_that_does_not_outlive_the_day_is_no_accusation(id_: str) -> None:
    with ticking() as target:
        issued = token_for(target, CREATE_TOKEN, *_key_of_its_own(target))
        target.set_access([Access(Issued(issued.token))])
        result = checked(target, id_)

    assert result.outcome is Outcome.NOT_VERIFIED
    assert "--client-id and --client-secret" in result.actual


def test_a_run_with_a_client_id_signs_in_again() -> None:
    with ticking() as target:
        pair = _key_of_its_own(target)
        target.set_access(
            [
                Access(
                    token_for(target, CREATE_TOKEN, *pair),
                    lambda: token_for(target, CREATE_TOKEN, *pair),
                )
            ]
        )
        outcomes = [checked(target, id_).outcome for id_ in (KEPT, FREE)]

    assert outcomes == [Outcome.PASSED, Outcome.PASSED]


@pytest.mark.parametrize(
    ("path", "told"),
    [("/v3/nowhere", "--clock-url answered 404"), (None, "does not answer")],
)
def test_a_clock_that_cannot_be_moved_verifies_nothing(path: str | None, told: str) -> None:
    with serving(Options(), PARTNERS) as url:
        clock = "http://127.0.0.1:1/clock" if path is None else url.removesuffix("/v3") + path
        with Target(url, tuple(PARTNERS), settings=replace(AS_RUN, clock_url=clock)) as target:
            for id_ in (KEPT, FREE):
                result = checked(target, id_)
                assert result.outcome is Outcome.NOT_VERIFIED
                assert told in result.actual


@pytest.mark.thorough
@pytest.mark.parametrize("generates", [False, pytest.param(True, marks=pytest.mark.thorough)])
def test_a_second_run_finds_the_clock_ahead_and_accuses_nobody(
    generates: bool,  # noqa: FBT001 - of a table
) -> None:
    with ticking() as target:
        everything = [one for one in catalogue().values() if generates or not one.generates]
        verdicts = [
            judge(one, Level.SHOULD, Baseline(), lambda _: None)
            for one in [Run(CONTRACT, target, everything, seed=1) for _ in range(2)]
        ]

    assert [one.exit_code for one in verdicts] == [0, 0], [one.violations for one in verdicts]
    before, after = (
        {one.requirement.id for one in each.having(Outcome.NOT_VERIFIED)} for each in verdicts
    )
    assert after - before == {"created.timestamps-are-now"}


@pytest.mark.thorough
def test_the_clock_is_moved_when_everything_else_is_done() -> None:
    with ticking() as target:
        run = Run(CONTRACT, target, catalogue().values(), seed=1)
        results = list(run.results())

    # Those that any answer can break come when all answers are there.
    late = judges().of(Purpose.OBSERVED)
    order = [one.requirement.phase for one in results if one.requirement.id not in late]
    assert order == sorted(order)
    assert order.count(2) == len(MOVING)
