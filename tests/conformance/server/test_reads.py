"""Operations on one item: proven with a contract that has them, for the bundled one has none."""

from collections.abc import Iterator

import pytest

from conformance.catalogue.requirement import Requirement
from conformance.catalogue.sabotage import Sabotage
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from openapi.contract import Contract
from tests.payments.serving import FILE, TOKENS, serving

CONTRACT = Contract.from_file(FILE)
READS = [one for one in catalogue().values() if one.section in {"reads", "operations"}]
CASES = [(one, sabotage) for one in READS for sabotage in one.sabotage]


@pytest.fixture(scope="module")
def payments() -> Iterator[str]:
    with serving() as url:
        yield url


def results(
    url: str, requirement: Requirement, sabotage: Sabotage | None = None
) -> Iterator[Result]:
    tamper = sabotage.make() if sabotage else None
    with Target(url, TOKENS, tamper=tamper) as target:
        run = Run(CONTRACT, target, [requirement], seed=1)
        for _, operation in run.checks:
            yield run.check(requirement, operation)


def test_they_apply_where_an_item_is_read_by_the_id_that_was_made() -> None:
    applying = {
        one.id: [
            operation.id for operation in CONTRACT.operations.values() if one.applies_to(operation)
        ]
        for one in READS
    }
    each = ["readMerchant", "readTerminal", "readPayment"]

    assert applying == {
        "operations.answers-match-their-schemas": [
            "readMerchant", "replaceMerchant", "readTerminal", "removeTerminal", "renameTerminal",
            "readPayment", "cancelPayment",
        ],
        "operations.change-is-shown": ["replaceMerchant", "renameTerminal"],
        "operations.required-headers-are-there": ["openMerchant"],
        "operations.unknown-id-is-404": ["replaceMerchant", "renameTerminal", "cancelPayment"],
        "reads.shows-what-was-made": each,
        "reads.unknown-id-is-404": each,
        "reads.belongs-to-its-partner": each,
        "reads.deleted-is-gone": ["readTerminal"],
    }  # fmt: skip
    bundled = Contract.bundled().operations.values()
    assert not any(one.applies_to(operation) for one in READS for operation in bundled)


@pytest.mark.parametrize("requirement", READS, ids=lambda one: one.id)
def test_a_healthy_target_passes(payments: str, requirement: Requirement) -> None:
    found = [*results(payments, requirement)]

    assert found
    assert [(one.operation, one.outcome, one.actual) for one in found] == [
        (one.operation, Outcome.PASSED, "") for one in found
    ]


@pytest.mark.parametrize(
    ("requirement", "sabotage"), CASES, ids=lambda one: getattr(one, "id", getattr(one, "name", ""))
)
def test_each_sabotage_is_caught(
    payments: str, requirement: Requirement, sabotage: Sabotage
) -> None:
    result = next(results(payments, requirement, sabotage))

    assert result.outcome is Outcome.FAILED, result.actual
    assert "curl" in result.reproduce
    assert result.evidence
    assert not any(token in f"{result.reproduce} {result.evidence}" for token in TOKENS)
