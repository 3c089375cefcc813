"""A PUT without an answer adds a member, and a DELETE of its path takes it away."""

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from openapi.contract import Contract
from openapi.memberships import membership_of
from tests.other_contracts.crates import TOKENS, Hasty
from tests.other_contracts.judging import accused, judged_mock
from tests.other_contracts.teams import Teams, teams

ADDED, REMOVED, OWN = (
    "operations.member-is-there", "operations.removed-member-is-gone",
    "operations.members-belong-to-their-partner",
)  # fmt: skip


def outcomes(server: Teams, document: dict[str, Any]) -> dict[str, Outcome]:
    """What the requirements on members find on a server."""
    own = Contract(document)
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        target.capabilities.add(Capability.SECOND_PARTNER)
        run = Run(own, target, [catalogue()[one] for one in (ADDED, REMOVED, OWN)], seed=1)
        return {one.id: run.check(one, operation).outcome for one, operation in run.checks}


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        ("", set()),
        ("added not", {ADDED}),
        ("added twice", {ADDED}),
        ("listed late", {ADDED}),
        ("stays", {REMOVED}),
        ("removes all", {REMOVED}),
        ("of anybody", {OWN}),
    ],
)
def test_each_fault_of_members_is_found(fault: str, broken: set[str]) -> None:
    found = outcomes(Teams(fault), teams())

    assert {one for one, outcome in found.items() if outcome is Outcome.FAILED} == broken


@pytest.mark.parametrize(
    ("ways", "fault", "broken"),
    [
        ({"is_read": False}, "added not", {ADDED}),
        ({"is_read": False}, "stays", {REMOVED}),
        ({"is_listed": False}, "added not", {ADDED}),
        ({"is_listed": False}, "removes all", {REMOVED}),
        ({"is_read": False}, "", set()),
        ({"is_listed": False}, "", set()),
    ],
)
def test_one_way_of_seeing_them_is_enough(
    ways: dict[str, bool], fault: str, broken: set[str]
) -> None:
    found = outcomes(Teams(fault), teams(**ways))

    assert {one for one, outcome in found.items() if outcome is Outcome.FAILED} == broken
    if not fault:
        assert set(found.values()) == {Outcome.PASSED}


def test_who_is_a_member_from_the_beginning_is_no_fault() -> None:
    found = outcomes(Teams(adds_its_owner=True), teams())

    assert set(found.values()) == {Outcome.PASSED}


def test_what_nothing_shows_is_not_judged() -> None:
    assert outcomes(Teams("added not"), teams(is_read=False, is_listed=False)) == {}


def test_only_what_something_makes_is_a_member() -> None:
    document = teams()
    del document["paths"]["/users/{user_id}"], document["paths"]["/users"]
    own = Contract(document)

    assert [one.id for one in own.operations.values() if membership_of(one)] == []


def test_the_mock_of_the_contract_conforms(tmp_path: Path) -> None:
    file = tmp_path / "teams.json"
    file.write_text(json.dumps(teams()))
    code, report = judged_mock(file, tmp_path)

    assert accused(report) == []
    assert code == 0
    passed = {one["id"] for one in report["results"] if one["outcome"] == "passed"}
    assert passed >= {ADDED, REMOVED, OWN}
    of_members = {
        one["outcome"]
        for one in report["results"]
        if "/members/" in one["operation"] and one["id"] == "authentication.no-token-is-refused"
    }
    assert of_members == {"passed"}
