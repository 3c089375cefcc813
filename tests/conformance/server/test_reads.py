"""Operations on one item: proven with contracts that have them, for the bundled one has none."""

from collections.abc import Iterator, Mapping

import pytest

from conformance.catalogue.requirement import Level, Requirement
from conformance.catalogue.sabotage import Sabotage, on_answers, with_header
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.exchange import Tamper
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.files import Files, files
from tests.other_contracts.teams import Teams, teams
from tests.payments import serving as payments
from tests.shelves import serving as shelves

CONTRACT = Contract.from_file(payments.FILE)
SHELVES = Contract.from_file(shelves.FILE)
FILES, TEAMS = Contract(files()), Contract(teams())
SERVERS = {FILES: Files, TEAMS: Teams}
READS = [one for one in catalogue().values() if one.section in {"reads", "operations"}]
CASES = [(one, sabotage) for one in READS for sabotage in one.sabotage]


@pytest.fixture(scope="module")
def urls() -> Iterator[Mapping[Contract, str]]:
    """The base URL of a server of each contract."""
    with payments.serving() as first, shelves.serving() as second:
        nowhere = dict.fromkeys(SERVERS, "http://target.invalid")
        yield {CONTRACT: first, SHELVES: second, **nowhere}


def applies(requirement: Requirement, contract: Contract) -> bool:
    return any(map(requirement.applies_to, contract.operations.values()))


def tampered(own: Tamper, tamper: Tamper | None) -> Tamper:
    """A server, whose answers are tampered with."""
    if tamper is None:
        return own
    return lambda request, forward: tamper(request, lambda one: own(one, forward))


def results(
    urls: Mapping[Contract, str], requirement: Requirement, sabotage: Sabotage | None = None
) -> Iterator[Result]:
    contract = next(one for one in (CONTRACT, SHELVES, *SERVERS) if applies(requirement, one))
    tokens = payments.TOKENS if contract is CONTRACT else shelves.TOKENS
    tamper = sabotage.make() if sabotage else None
    if contract in SERVERS:
        tamper = tampered(SERVERS[contract](), tamper)
    with Target(urls[contract], tokens, tamper=tamper) as target:
        target.capabilities.update({Capability.LISTING, Capability.SECOND_PARTNER})
        run = Run(contract, target, [requirement], seed=1)
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
        "operations.action-is-done": ["cancelPayment"],
        "operations.action-is-shown": ["cancelPayment"],
        "operations.answers-match-their-schemas": [
            "listMerchants", "readMerchant", "replaceMerchant", "readTerminal", "removeTerminal",
            "renameTerminal", "listPayments", "readPayment", "cancelPayment",
        ],
        "operations.belongs-to-its-parent": ["cancelPayment"],
        "operations.belongs-to-its-partner": [
            "replaceMerchant", "removeTerminal", "renameTerminal", "cancelPayment",
        ],
        "operations.change-is-shown": ["replaceMerchant", "renameTerminal"],
        "operations.creation-sets-each-member": ["takePayment"],
        "operations.defaults-are-as-documented": [],
        "operations.location-leads-to-the-item": ["openMerchant"],
        "operations.refused-change-changes-nothing": ["replaceMerchant", "renameTerminal"],
        "operations.parent-must-be-there": ["takePayment"],
        "operations.wrong-data-is-refused": [
            "openMerchant", "replaceMerchant", "pairTerminal", "renameTerminal", "takePayment",
        ],
        "operations.ill-formed-text-is-refused": ["takePayment"],
        "operations.member-is-there": [],
        "operations.members-belong-to-their-partner": [],
        "operations.other-media-type-is-refused": [],
        "operations.patch-keeps-the-rest": [],
        "operations.patch-sets-each-member": [],
        "operations.put-replaces-the-rest": [],
        "operations.change-sets-each-member": ["replaceMerchant"],
        "operations.removed-member-is-gone": [],
        "operations.required-headers-are-asked-for": [],
        "operations.required-headers-are-there": ["openMerchant"],
        "operations.stale-change-is-refused": [],
        "operations.stale-deletion-is-refused": [],
        "operations.strong-etag-is-of-one-version": [],
        "operations.unknown-id-is-404": ["replaceMerchant", "renameTerminal", "cancelPayment"],
        "operations.write-only-is-not-shown": [],
        "operations.wrong-query-is-refused": ["listMerchants", "listPayments"],
        "reads.another-tag-is-not-304": [],
        "reads.belongs-to-its-parent": ["readPayment"],
        "reads.list-is-filtered": [],
        "reads.list-is-of-its-parent": ["listPayments"],
        "reads.shows-what-was-made": each,
        "reads.unknown-id-is-404": each,
        "reads.belongs-to-its-partner": each,
        "reads.deleted-file-is-gone": [],
        "reads.file-belongs-to-its-partner": [],
        "reads.file-is-as-sent": [],
        "reads.deleted-is-gone": ["readTerminal"],
        "reads.others-stay": ["readTerminal"],
    }  # fmt: skip
    bundled = Contract.bundled().operations.values()
    assert not any(one.applies_to(operation) for one in READS for operation in bundled)


@pytest.mark.parametrize("requirement", READS, ids=lambda one: one.id)
def test_a_healthy_target_passes(urls: Mapping[Contract, str], requirement: Requirement) -> None:
    found = [*results(urls, requirement)]

    assert found
    assert [(one.operation, one.outcome, one.actual) for one in found] == [
        (one.operation, Outcome.PASSED, "") for one in found
    ]


@pytest.mark.parametrize(
    ("requirement", "sabotage"), CASES, ids=lambda one: getattr(one, "id", getattr(one, "name", ""))
)
def test_each_sabotage_is_caught(
    urls: Mapping[Contract, str], requirement: Requirement, sabotage: Sabotage
) -> None:
    result = next(results(urls, requirement, sabotage))
    broken = Outcome.FAILED if requirement.level is Level.MUST else Outcome.WARNING

    assert result.outcome is broken, result.actual
    assert "curl" in result.reproduce
    assert result.evidence
    told = f"{result.reproduce} {result.evidence}"
    assert not any(token in told for token in (*payments.TOKENS, *shelves.TOKENS))


def test_a_weak_etag_may_stay_after_a_change(urls: Mapping[Contract, str]) -> None:
    weak = on_answers("one weak ETag", lambda _, one: with_header(one, "etag", 'W/"1"'))
    requirement = catalogue()["operations.strong-etag-is-of-one-version"]

    found = {one.outcome for one in results(urls, requirement, weak)}
    assert found == {Outcome.NOT_VERIFIED}
