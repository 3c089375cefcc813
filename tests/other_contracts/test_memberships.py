"""A PUT without an answer adds a member, and a DELETE of its path takes it away."""

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue.requirement import Level
from conformance.results.baseline import Baseline
from conformance.results.result import Outcome
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from demo.mock_process import mock_process
from openapi.contract import Contract
from openapi.memberships import membership_of
from tests.other_contracts.crates import TOKENS, Hasty, answered
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


def test_a_put_below_what_a_post_makes_is_no_membership() -> None:
    document = teams()
    members = document["paths"]["/teams/{team_id}/members"]
    members["post"] = document["paths"]["/users"]["post"]
    own = Contract(document)

    assert [one.id for one in own.operations.values() if membership_of(one)] == []


def test_members_that_are_refused_by_rules_of_business_keep_no_verdict_from_a_run(
    tmp_path: Path,
) -> None:
    document = teams()
    put = document["paths"]["/teams/{team_id}/members/{user_id}"]["put"]
    put["responses"]["422"] = put["responses"]["400"]
    file = tmp_path / "teams.json"
    file.write_text(json.dumps(document))

    def refuse(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        is_meant = request.method == "PUT" and answer.is_success
        return answered(422, {"message": "not invited"}) if is_meant else answer

    partners = [text for number, token in enumerate(TOKENS)
                for text in ("--partner", f"id_{number}:secret_{number}:{token}")]  # fmt: skip
    with (
        mock_process("--contract", str(file), *partners) as mock,
        Target(mock.base_url, TOKENS, tamper=refuse) as target,
    ):
        run = Run(Contract.from_file(file), target, [*catalogue().values()], seed=1)
        verdict = judge(run, Level.SHOULD, Baseline(), lambda _: None)
        run.clean_up()
    assert verdict.exit_code == 0, verdict.line


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
