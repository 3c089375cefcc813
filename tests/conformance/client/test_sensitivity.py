"""A correct client passes every requirement, and each sabotage of its journal is caught."""

import pytest

from conformance.catalogue.requirement import Level
from conformance.client.judging import judge
from conformance.client.registry import ClientRequirement
from conformance.client.requirements import client_catalogue
from conformance.client.sabotage import Sabotage
from conformance.results.result import Outcome
from tests.conformance.client.journals import CONTRACT, correct_client

REQUIREMENTS = list(client_catalogue().values())
SABOTAGED = [(one, sabotage) for one in REQUIREMENTS for sabotage in one.sabotage]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda one: one.id)
def test_a_correct_client_passes(requirement: ClientRequirement) -> None:
    verdict = judge(correct_client(), CONTRACT, requirements=[requirement])

    assert verdict.results
    for one in verdict.results:
        assert one.outcome is Outcome.PASSED, (one.operation, one.actual, one.reproduce)


@pytest.mark.parametrize(
    ("requirement", "sabotage"),
    SABOTAGED,
    ids=lambda one: getattr(one, "id", None) or getattr(one, "name", ""),
)
def test_each_sabotage_is_caught(requirement: ClientRequirement, sabotage: Sabotage) -> None:
    verdict = judge(sabotage(correct_client()), CONTRACT, requirements=[requirement])

    assert verdict.violations, [(one.operation, one.outcome, one.actual) for one in verdict.results]
    for one in verdict.violations:
        assert one.outcome is (Outcome.FAILED if one.level is Level.MUST else Outcome.WARNING)
        assert one.expected
        assert one.actual
        assert one.reproduce.startswith("#")


@pytest.mark.parametrize("seed", range(20))
def test_chance_accuses_nobody(seed: int) -> None:
    verdict = judge(correct_client(seed), CONTRACT, Level.SHOULD)

    assert [(one.requirement.id, one.actual) for one in verdict.violations] == []
    assert verdict.exit_code == 0


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda one: one.id)
def test_it_says_all_that_a_reader_needs(requirement: ClientRequirement) -> None:
    assert requirement.summary.endswith(".")
    assert requirement.source
    assert requirement.occasion
    assert requirement.sabotage, "a requirement ships with the sabotage it must catch"
    assert requirement.preset in {
        None, "lost-response", "failed-response", "brownout", "outage", "rate-limit-storm", "slow",
        "expired-token", "gateway", "connection-reset", "refusal",
    }  # fmt: skip
