"""Bodies that are hard to make, lists among them: valid ones are sent, or nothing is verified."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.other_contracts.judging import accused, judged_mock
from tests.other_contracts.styles import TEXT, WHOLE, answer, document, parameter, taken, thing

READING = thing(["sensor", "value"], sensor=TEXT, value={"type": "number", "exclusiveMinimum": 0})
LIST = {"type": "array", "minItems": 1, "maxItems": 10, "items": READING}
PLAIN = "created.plain-request-succeeds"


def readings(body: Any) -> dict[str, Any]:
    """Readings, each made by a body of this schema."""
    reading = thing(["id"], id=TEXT, sensor=TEXT)
    error = answer(thing(["message"], message=TEXT))
    wrong = dict.fromkeys(("400", "401", "404"), error)
    return document("Readings", {
        "/readings": {
            "post": {"operationId": "makeReadings",
                     "requestBody": {"required": True, **taken(body)},
                     "responses": {"201": answer(reading), **wrong}},
        },
        "/readings/{id}": {
            "parameters": [parameter("id", "path", TEXT)],
            "get": {"responses": {"200": answer(reading), **wrong}},
        },
    })  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(LIST, id="a list"),
        pytest.param({"type": "array", "minItems": 2, "uniqueItems": True, "items": WHOLE},
                     id="a list of different numbers"),
        pytest.param(thing(["names"], names={"type": "object", "minProperties": 1,
                                             "additionalProperties": TEXT}), id="a map"),
        pytest.param(thing(["share"], share={"type": "number", "exclusiveMinimum": 0,
                                             "exclusiveMaximum": 1}), id="an open interval"),
    ],
)  # fmt: skip
def test_a_valid_body_is_sent(tmp_path: Path, body: dict[str, Any]) -> None:
    contract = tmp_path / "readings.json"
    contract.write_text(json.dumps(readings(body)))
    code, report = judged_mock(contract, tmp_path, "--select", "created.*")

    assert (code, accused(report)) == (0, [])
    assert {one["id"]: one["outcome"] for one in report["results"]}[PLAIN] == "passed"


def test_what_a_condition_asks_for_may_be_left_out_where_it_does_not_hold(tmp_path: Path) -> None:
    gears = {"properties": {"kind": {"const": "gear"}}}
    body = thing(["kind"], kind={"enum": ["nut", "gear"]}, teeth=WHOLE)
    contract = tmp_path / "readings.json"
    contract.write_text(
        json.dumps(readings({**body, "if": gears, "then": {"required": ["teeth"]}}))
    )
    code, report = judged_mock(contract, tmp_path, "--select", "validation.*")

    assert (code, accused(report)) == (0, [])


def test_a_refusal_that_is_a_list_is_no_page(tmp_path: Path) -> None:
    document_ = readings(LIST)
    posted = document_["paths"]["/readings"]["post"]["responses"]
    listed = {"type": "array", "items": thing(["id"], id=TEXT)}
    posted["400"] = answer({"type": "array", "items": thing(["message"], message=TEXT)})
    document_["paths"]["/readings"]["get"] = {"responses": {"200": answer(listed)}}
    contract = tmp_path / "readings.json"
    contract.write_text(json.dumps(document_))
    _, report = judged_mock(contract, tmp_path, "--select", "authentication.method-*")

    assert accused(report) == []


def test_without_a_valid_body_nothing_is_verified(tmp_path: Path) -> None:
    never = {"type": "string", "pattern": "^(?=a)b"}
    contract = tmp_path / "readings.json"
    contract.write_text(json.dumps(readings(thing(["never"], never=never))))
    code, report = judged_mock(contract, tmp_path, "--select", PLAIN)

    [found] = report["results"]
    assert (code, found["outcome"]) == (2, "not_verified")
    assert "give its schema an example" in str(found)
