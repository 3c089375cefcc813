"""Every requirement passes on a healthy target and fails under each sabotage that it names."""

import pytest

from conformance.catalogue.requirement import Level, Requirement
from conformance.catalogue.sabotage import Sabotage
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from demo.mock_process import MockProcess
from dinie_contract.output import SHAPES
from openapi.contract import Contract

CONTRACT = Contract.bundled()
REQUIREMENTS = list(catalogue().values())
# These want a target that limits, a clock, or a contract with more in it. They are proven in
# test_rate_limits.py, test_key_expiry.py, test_nested.py, test_reads.py and, of plain servers,
# test_schemes.py.
ELSEWHERE = (
    "rate_limits.limited-",
    "authentication.challenge-names-basic",
    "idempotency.key-is-kept-for-24",
    "idempotency.key-is-free-after-24",
    "tokens.expired-token",
    "validation.nested-",
    "reads.",
    "operations.",
)
PROVABLE = [one for one in REQUIREMENTS if not one.id.startswith(ELSEWHERE)]
SLOW = {"robustness.huge-bodies"}
SABOTAGED = [
    pytest.param(one, sabotage, marks=[pytest.mark.thorough] * (one.generates or one.id in SLOW))
    for one in PROVABLE
    for sabotage in one.sabotage
]
TOKENS = ("dinie_at_first", "dinie_at_second")


@pytest.fixture(scope="module")
def capabilities(running: MockProcess) -> frozenset[Capability]:
    """What the target can do, found out while it is healthy."""
    with Target(running.base_url, TOKENS) as untouched:
        Run(CONTRACT, untouched, [], seed=1).survey()
        return frozenset(untouched.capabilities)


def results(
    mock: MockProcess,
    capabilities: frozenset[Capability],
    requirement: Requirement,
    sabotage: Sabotage | None = None,
) -> list[Result]:
    """What the requirement gives on each operation that it applies to."""
    tamper = sabotage.make() if sabotage else None
    with Target(
        mock.base_url, TOKENS, tamper=tamper, settings=TargetSettings(replay_delay=1)
    ) as target:
        target.capabilities = set(capabilities)
        run = Run(CONTRACT, target, [requirement], seed=1)
        return [
            run.check(requirement, operation)
            for operation in CONTRACT.operations.values()
            if requirement.applies_to(operation)
        ]


@pytest.mark.parametrize("requirement", PROVABLE, ids=lambda one: one.id)
def test_a_healthy_target_passes(
    healthy: MockProcess, capabilities: frozenset[Capability], requirement: Requirement
) -> None:
    found = results(healthy, capabilities, requirement)

    assert found, "it applies to no operation of the bundled contract"
    for result in found:
        assert result.outcome is Outcome.PASSED, (result.operation, result.expected, result.actual)


@pytest.mark.parametrize(
    ("requirement", "sabotage"),
    SABOTAGED,
    ids=lambda one: getattr(one, "id", None) or getattr(one, "name", ""),
)
def test_each_sabotage_is_caught(
    healthy: MockProcess,
    capabilities: frozenset[Capability],
    requirement: Requirement,
    sabotage: Sabotage,
) -> None:
    found = results(healthy, capabilities, requirement, sabotage)
    caught = [
        result
        for result in found
        if result.outcome is (Outcome.FAILED if result.level is Level.MUST else Outcome.WARNING)
    ]

    assert caught, [(one.operation, one.outcome, one.actual) for one in found]
    for result in caught:
        assert result.expected
        assert result.actual
        assert "curl" in result.reproduce
        assert result.evidence or "another try" in result.actual, "an answer was seen"
        told = f"{result.reproduce} {result.evidence}"
        assert not any(token in told for token in TOKENS)
        assert not SHAPES.search(told)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda one: one.id)
def test_it_says_all_that_a_reader_needs(requirement: Requirement) -> None:
    assert requirement.summary.endswith(".")
    assert requirement.source
    assert requirement.sabotage, "a requirement ships with the sabotage it must catch"
    section, _, name = requirement.id.partition(".")
    assert section.islower()
    assert name
