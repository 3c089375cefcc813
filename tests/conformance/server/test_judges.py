"""Judges of one exchange: asked by what they say of themselves, the cause of a fault first."""

import inspect
import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.catalogue.judge import (
    ANY_PURPOSE,
    ANY_STATUS,
    Judge,
    JudgedExchange,
    Purpose,
    of_answer,
)
from conformance.catalogue.registry import Judges, requirement_of
from conformance.catalogue.requirement import Requirement
from conformance.probe.applicability import lists
from conformance.probe.not_verified import NotVerified
from conformance.probe.violation import expect
from conformance.run.observation import Observer
from conformance.server import catalogue, judges
from conformance.server.idempotency.replays import replay_is_identical
from conformance.target.exchange import Answer, Request
from openapi.contract import Contract

CONTRACT = Contract.bundled()
OPERATIONS = CONTRACT.operations
CREATE = OPERATIONS["createCredential"]
JSON = (("Content-Type", "application/json"),)
JSON_ANSWER = (("content-type", "application/json"),)


def exchange(answer: Answer, purpose: Purpose = Purpose.GENERATED) -> JudgedExchange:
    return JudgedExchange(CREATE, Request("POST", CREATE.path, JSON, b"{}"), answer, purpose)


def _expect_id(answer: Answer) -> None:
    expect(answer.header("x-request-id"), "X-Request-Id", "none")


NEW = replace(
    catalogue()["problems.media-type"],
    id="problems.answers-have-an-id",
    judges=(Judge(of_answer(_expect_id), ANY_PURPOSE, ANY_STATUS),),
)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("status", [0, 201, 302, 404, 429, 500])
def test_a_requirement_on_every_answer_is_judged_on_every_answer(
    purpose: Purpose, status: int
) -> None:
    [(found, violation)] = Judges([NEW]).judgements(exchange(Answer(status), purpose))

    assert found is NEW
    assert violation
    assert violation.expected == "X-Request-Id"


def test_a_judge_is_not_asked_where_its_requirement_does_not_apply() -> None:
    elsewhere = replace(NEW, applies_to=lists)

    assert list(Judges([elsewhere]).judgements(exchange(Answer(201)))) == []


def test_a_judge_that_can_say_nothing_is_passed_over() -> None:
    def say_nothing(_: JudgedExchange) -> None:
        raise NotVerified("nothing to go by")

    silent = replace(NEW, judges=(Judge(say_nothing, ANY_PURPOSE, ANY_STATUS),))

    assert [found for found, _ in Judges([silent, NEW]).judgements(exchange(Answer(201)))] == [NEW]


def test_the_cause_comes_before_what_follows_from_it() -> None:
    request = Request("POST", CREATE.path, JSON).with_json({"name": "sent"})
    answer = Answer(201, JSON_ANSWER, json.dumps({"name": 5}).encode())
    seen = replace(exchange(answer), request=request)
    broken = [found.id for found, violation in judges().judgements(seen) if violation]

    assert broken == [
        "generated.answers-match-their-schemas",
        "generated.accepted-data-comes-back",
    ]


SECRET = "dinie_cs_live_0f8e2b7c4d5a6b1c"
TOLD: dict[str, tuple[str, str, set[str]]] = {
    "a good one": ("/x", SECRET, set()),
    "an empty secret": ("/x", "", {"secrets.are-beyond-guessing"}),
    "a secret in a header": (f"/x?s={SECRET}", SECRET, {"secrets.never-in-headers"}),
}


@pytest.mark.parametrize(("location", "secret", "expected"), TOLD.values(), ids=TOLD)
def test_secrets_are_judged_in_every_answer(location: str, secret: str, expected: set[str]) -> None:
    headers = (*JSON_ANSWER, ("cache-control", "no-store"), ("location", location))
    answer = Answer(201, headers, json.dumps({"client_secret": secret}).encode())
    resource = CONTRACT.resource_of(CREATE)
    seen = replace(exchange(answer, Purpose.OBSERVED), resource=resource)
    broken = {one.id for one, violation in judges().judgements(seen) if violation}

    assert {one for one in broken if one.startswith("secrets.")} == expected


def test_a_secret_of_two_resources_is_noticed() -> None:
    resource = CONTRACT.resource_of(CREATE)
    observer = Observer(judges())

    def shows_old_secret(id_: str, secret: str) -> bool:
        body = json.dumps({"id": id_, "client_id": id_, "client_secret": secret}).encode()
        return observer.note(resource, Answer(201, JSON_ANSWER, body))

    assert not shows_old_secret("one", SECRET)
    assert not shows_old_secret("two", f"{SECRET}2")
    assert not shows_old_secret("one", SECRET), "a replay"
    assert shows_old_secret("three", SECRET)


def test_a_requirement_is_found_by_its_check() -> None:
    assert requirement_of(replay_is_identical).id == "idempotency.replay-is-identical"


@pytest.mark.parametrize("requirement", catalogue().values(), ids=lambda one: one.id)
def test_a_check_leads_to_its_function_in_the_folder_of_its_section(
    requirement: Requirement,
) -> None:
    code = inspect.unwrap(requirement.check).__code__
    assert Path(code.co_filename).parent.name == requirement.section
    assert code.co_name in Path(code.co_filename).read_text()
