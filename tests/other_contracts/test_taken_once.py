"""What a server takes but once is new in each plain request; a documented 409 breaks nothing."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from conformance.probe.probe import Probe
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.judging import TOKENS, accused, judged_mock
from tests.other_contracts.styles import TEXT, WHOLE, answer, document, parameter, taken, thing

ISBN = {**TEXT, "pattern": "^[0-9]{13}$", "example": "9780000000019"}
ADDRESS = {**TEXT, "format": "email"}


def titles(name: str = "isbn", form: Any = ISBN, *, has_conflict: bool = True) -> dict[str, Any]:
    """Titles by a number that clients choose, each with a label and an address."""
    title = thing([name, "label"], **{name: form, "label": TEXT, "owner": ADDRESS})
    error = answer(thing(["message"], message=TEXT))
    wrong = dict.fromkeys(("400", "401", "404"), error)
    conflict = {"409": error} if has_conflict else {}
    body = thing([name, "label", "owner"], **{name: form, "label": TEXT, "owner": ADDRESS})
    page = thing(["titles"], titles={"type": "array", "items": title})
    return document("Titles", {
        "/titles": {
            "post": {"requestBody": {"required": True, **taken(body)},
                     "responses": {"201": answer(title), **wrong, **conflict}},
            "get": {"responses": {"200": answer(page), **wrong}},
        },
        f"/titles/{{{name}}}": {
            "parameters": [parameter(name, "path", form)],
            "get": {"responses": {"200": answer(title), **wrong}},
            "delete": {"responses": {"204": answer(), **wrong}},
        },
    })  # fmt: skip


def bodies(contract: Contract) -> list[dict[str, Any]]:
    create = contract.operations["POST /titles"]
    with Target("http://target", TOKENS[:1]) as target:
        probe = Probe(contract, create, target, random.Random(1))
        made = [probe.plain_body() for _ in range(20)]
    schema = create.json_body.schema if create.json_body else None
    assert schema is not None
    assert all(map(schema.is_valid, made))
    return made


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("isbn", ISBN),
        ("isbn", {**TEXT, "pattern": "^B-[0-9A-Z]{8}$"}),
        ("code", {**TEXT, "maxLength": 12}),
        ("titleId", {**TEXT, "format": "uuid"}),
        ("number", {**WHOLE, "minimum": 1, "maximum": 1_000_000}),
    ],
)
def test_what_names_a_resource_is_new_in_each_request(name: str, form: dict[str, Any]) -> None:
    made = bodies(Contract(titles(name, form, has_conflict=False)))

    assert len({one[name] for one in made}) > 18
    assert {one["owner"] for one in made} == {"test@example.com"}


def test_an_address_is_new_where_the_contract_has_a_conflict() -> None:
    assert len({one["owner"] for one in bodies(Contract(titles()))}) == 20


def test_a_value_of_few_stays_as_it_is() -> None:
    made = bodies(Contract(titles("code", {**TEXT, "enum": ["a", "b"]})))

    assert {one["code"] for one in made} == {"a"}


def test_resources_that_clients_name_are_judged(tmp_path: Path) -> None:
    contract = tmp_path / "titles.json"
    contract.write_text(json.dumps(titles()))
    selected = ("created", "reads", "lists", "revocation", "validation")
    options = [text for one in selected for text in ("--select", one)]
    code, report = judged_mock(contract, tmp_path, *options)

    assert accused(report) == []
    assert code == 0
    passed = {one["id"] for one in report["results"] if one["outcome"] == "passed"}
    assert passed >= {"created.plain-request-succeeds", "created.each-request-makes-one",
                      "reads.shows-what-was-made", "lists.created-is-listed"}  # fmt: skip


def conflict(request: Request, _: Forward) -> Answer:
    return Answer(409 if request.method == "POST" else 200)


def checked(contract: Contract, id_: str) -> Result:
    with Target("http://target", TOKENS[:1], tamper=conflict) as target:
        run = Run(contract, target, [], seed=1)
        return run.check(catalogue()[id_], contract.operations["POST /titles"])


@pytest.mark.parametrize(
    "id_",
    [
        "created.plain-request-succeeds",
        "created.name-is-unchanged",
        "created.usual-name-is-accepted",
        "validation.plain-data-is-accepted",
    ],
)
def test_a_documented_conflict_is_no_violation(id_: str) -> None:
    result = checked(Contract(titles()), id_)

    assert result.outcome is Outcome.NOT_VERIFIED
    assert "answered 409 to a plain valid request" in result.actual


def test_a_conflict_that_is_not_documented_is_a_violation() -> None:
    result = checked(Contract(titles(has_conflict=False)), "created.plain-request-succeeds")

    assert (result.outcome, result.actual) == (Outcome.FAILED, "409")
