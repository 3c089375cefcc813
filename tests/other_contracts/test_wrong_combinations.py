"""Data that is wrong by one keyword of the schema alone is found where it is taken."""

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from tests.other_contracts.crates import Hasty, answered
from tests.other_contracts.judging import TOKENS
from tests.other_contracts.styles import TEXT, WHOLE, answer, document, parameter, taken, thing

_KIND = {**TEXT, "enum": ["note", "link"]}
_ADDRESS = {"properties": {"kind": {"const": "link"}}, "required": ["kind"]}
_TEXTS = {"type": "array", "items": TEXT}
_LABELS = {"type": "object", "additionalProperties": TEXT}

KEYWORDS: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "if": ({}, {"if": _ADDRESS, "then": {"required": ["url"]}}),
    "dependentRequired": ({}, {"dependentRequired": {"url": ["kind"]}}),
    "minProperties": ({}, {"minProperties": 1}),
    "maxProperties": ({}, {"maxProperties": 4}),
    "maxItems": ({"tags": {**_TEXTS, "maxItems": 3}}, {}),
    "minItems": ({"tags": {**_TEXTS, "minItems": 2}}, {}),
    "uniqueItems": ({"tags": {**_TEXTS, "uniqueItems": True}}, {}),
    "maxProperties of a member": ({"labels": {**_LABELS, "maxProperties": 2}}, {}),
    "minProperties of a member": ({"labels": {**_LABELS, "minProperties": 1}}, {}),
    "required of a member": ({"place": thing(["lat"], lat=WHOLE)}, {}),
    "additionalProperties of a member": (
        {"place": {**thing([], lat=WHOLE), "additionalProperties": False}}, {},
    ),
    "type": ({"size": WHOLE}, {}),
}  # fmt: skip


def contract(members: Mapping[str, Any], keywords: Mapping[str, Any]) -> Contract:
    body = {**thing([], kind=_KIND, url=TEXT, title=TEXT, **members), **keywords}
    made = thing(["id"], id=TEXT, kind=_KIND, url=TEXT, title=TEXT)
    refused = answer(thing([], message=TEXT))
    responses = {"201": answer(made), "400": refused, "401": refused}
    read = {"200": answer(made), "401": refused, "404": refused}
    return Contract(
        document("Links", {
            "/links": {"post": {"requestBody": {"required": True, **taken(body)},
                                "responses": responses}},
            "/links/{id}": {"parameters": [parameter("id", "path", TEXT)],
                            "get": {"responses": read}},
        })
    )  # fmt: skip


class Links:
    """A server that looks at data by a contract, which may lack a keyword of that of the run."""

    def __init__(self, own: Contract) -> None:
        body = own.operations["POST /links"].json_body
        assert body
        self.schema = body.schema

    def __call__(self, request: Request, _: Forward) -> Answer:
        value = Answer(0, body=request.body).json()
        if self.schema and self.schema.errors(value):
            return answered(400, {})
        shown = {name: one for name, one in value.items() if name in {"kind", "url", "title"}}
        return answered(201, {"id": "l1", **shown})


def judged(own: Contract, server: Links) -> Outcome:
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        wrong = catalogue()["operations.wrong-data-is-refused"]
        return Run(own, target, [], seed=1).check(wrong, own.operations["POST /links"]).outcome


@pytest.mark.parametrize(("members", "keywords"), KEYWORDS.values(), ids=KEYWORDS)
def test_one_keyword_that_is_overlooked_is_found(
    members: Mapping[str, Any], keywords: Mapping[str, Any]
) -> None:
    own = contract(members, keywords)
    lax = contract({name: _lax(one) for name, one in members.items()}, {})

    assert judged(own, Links(own)) is Outcome.PASSED
    assert judged(own, Links(lax)) is Outcome.FAILED


def _lax(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without its keywords; a number may be in a text."""
    kept = {"type", "items", "properties", "additionalProperties"}
    found = {name: one for name, one in definition.items() if name in kept and one is not False}
    if found == WHOLE:
        return {"anyOf": [WHOLE, {**TEXT, "pattern": "^[0-9]+$"}]}
    return found
