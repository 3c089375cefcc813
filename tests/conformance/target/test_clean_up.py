"""The cleaning up: each resource for itself, whatever its id is like."""

import json

import pytest

from conformance.catalogue.requirement import Level
from conformance.report import FORMATS
from conformance.results.verdict import Verdict
from conformance.run.judging import clean_up_remarks, names_of
from conformance.target.clean_up import revoke_all
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.kept import CreatedResource
from conformance.target.target import Target
from openapi.contract import Contract

CONTRACT = Contract.bundled()
ODD = ["", ".", "..", "\ud800", "x" * 300_000]


def revoking(request: Request, _: Forward) -> Answer:
    """Answers revocations, and fails as no target does on one of them."""
    if request.path.endswith("/broken"):
        raise ArithmeticError("a fault of the harness")
    return Answer(204 if request.path.startswith("/auth/credentials/good") else 500)


def test_one_that_fails_stops_no_other_and_is_left_behind() -> None:
    good = [CreatedResource(0, f"good-{number}") for number in range(20)]
    bad = [CreatedResource(0, one) for one in ("broken", *ODD)]
    with Target("http://127.0.0.1:1/v3", ["dinie_at_first"], tamper=revoking) as target:
        assert sorted(revoke_all(CONTRACT, target, [*good, *bad])) == sorted(bad)


@pytest.mark.parametrize("handle", ["a\r\nb", "a\0b", "?a=b#c", "a/../b", "é😀", "%2e%2e"])
def test_an_id_of_any_characters_names_its_own_resource_alone(handle: str) -> None:
    paths: list[str] = []

    def keep(request: Request, _: Forward) -> Answer:
        paths.append(request.path)
        return Answer(204)

    with Target("http://127.0.0.1:1/v3", ["dinie_at_first"], tamper=keep) as target:
        assert revoke_all(CONTRACT, target, [CreatedResource(0, handle)]) == []

    [path] = paths
    assert path.isascii()
    assert path.isprintable()
    assert path.removeprefix("/auth/credentials/").isalnum() or "%" in path
    assert not {"/", "?", "#"} & {*path.removeprefix("/auth/credentials/")}


@pytest.mark.parametrize(("made", "named"), [(3, ""), (7, " and 2 more")])
def test_what_is_left_behind_is_named(made: int, named: str) -> None:
    left = names_of(CreatedResource(number % 2, f"key-{number}") for number in range(made))
    remarks = clean_up_remarks(CONTRACT, made + 1, left, keep=False)
    verdict = Verdict("1", "http://x", 1, Level.MUST, remarks=remarks, left_behind=left)

    assert remarks[0] == "1 key was made and revoked"
    assert f"{made} keys were made and could not be revoked: key-0 of partner 1, " in remarks[1]
    assert remarks[1].endswith(named)
    assert json.loads(FORMATS["json"](verdict))["left_behind"] == [
        f"key-{number} of partner {number % 2 + 1}" for number in range(made)
    ]


def test_what_is_left_behind_is_named_in_short() -> None:
    [name] = names_of([CreatedResource(0, "x" * 10_000)])
    assert len(name) < 400
    assert name.endswith(" of partner 1")


def test_one_that_is_left_behind_is_one() -> None:
    _, remark = clean_up_remarks(CONTRACT, 1, ["key-0"], keep=False)

    assert remark == "1 key was made and could not be revoked: key-0"
