"""Lists of every usual kind: the harness reads their pages, and the mock keeps them."""

import json
import random
from pathlib import Path

import pytest

from conformance.fuzz.checks.pagination_under_writes import pagination_under_writes
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.target import Target
from openapi.contract import Contract
from openapi.paging import page_members
from tests.other_contracts.judging import TOKENS, accused, judged_mock
from tests.other_contracts.paged import (
    KINDS,
    Fault,
    Server,
    contract_of,
    endless,
    losing,
    repeating,
)

COMPLETE, ALL_LISTED = "lists.pagination-is-complete", "lists.all-that-was-made-is-listed"


def outcome_of(requirement: str, server: Server) -> tuple[Outcome, str]:
    """What a check finds on a server in this process."""
    contract = Contract(contract_of(server.kind))
    with Target("http://target.invalid", TOKENS, tamper=server) as target:
        target.capabilities.add(Capability.LISTING)
        run = Run(contract, target, [], seed=1)
        result = run.check(catalogue()[requirement], contract.operations["GET /things"])
    return result.outcome, str(result.actual)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("requirement", [COMPLETE, ALL_LISTED])
def test_a_list_that_is_right_is_read_to_its_end(kind: str, requirement: str) -> None:
    assert outcome_of(requirement, Server(KINDS[kind])) == (Outcome.PASSED, "")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [losing, repeating])
def test_pages_that_lose_or_repeat_an_item_are_found(kind: str, fault: Fault) -> None:
    outcome, _ = outcome_of(COMPLETE, Server(KINDS[kind], fault))
    assert outcome is Outcome.WARNING


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_lost_between_the_new_items_is_found(kind: str) -> None:
    outcome, _ = outcome_of(COMPLETE, Server(KINDS[kind], losing, others=1))
    assert outcome is Outcome.WARNING


SAYING = [one for one in KINDS if "no one" not in one and "no word" not in one]
"""The kinds whose pages say whether another follows."""


@pytest.mark.parametrize("kind", SAYING)
def test_a_list_without_an_end_is_found(kind: str) -> None:
    has_flag = kind in {"spring", "pageable"}
    requirement = "lists.has-more-is-true" if has_flag else ALL_LISTED
    outcome, _ = outcome_of(requirement, Server(KINDS[kind], endless))
    assert outcome is Outcome.WARNING


@pytest.mark.parametrize("kind", KINDS)
def test_a_campaign_that_writes_between_pages_accuses_nobody(kind: str) -> None:
    server = Server(KINDS[kind])
    contract = Contract(contract_of(server.kind))
    listing = contract.operations["GET /things"]
    members = page_members(listing)
    with Target("http://target.invalid", TOKENS, tamper=server) as target:
        is_judged = True
        try:
            pagination_under_writes(Probe(contract, listing, target, random.Random(1)))
        except NotVerified:
            is_judged = False
    assert members is not None
    assert is_judged != members.is_counted


@pytest.mark.parametrize("kind", KINDS)
def test_the_mock_keeps_each_kind_of_list(kind: str, tmp_path: Path) -> None:
    contract = tmp_path / "things.json"
    contract.write_text(json.dumps(contract_of(KINDS[kind])))
    code, report = judged_mock(contract, tmp_path, "--select", "lists")

    assert accused(report) == []
    assert code == 0
    passed = {one["id"] for one in report["results"] if one["outcome"] == "passed"}
    assert {COMPLETE, ALL_LISTED, "lists.only-ones-own"} <= passed
