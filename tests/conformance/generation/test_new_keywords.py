"""Schemas with the keywords of JSON Schema 2020-12, of OpenAPI 3.1: each gets its verdict."""

import json
import random
from typing import Any

import httpx
import pytest

from conformance.generation.engine import CHECKS, failures
from conformance.probe.probe import Probe
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.styles import FLAG, TEXT, WHOLE, answer, document, taken, thing

VALUES = {"type": "object", "additionalProperties": TEXT}

SCHEMAS: dict[str, tuple[dict[str, Any], Any]] = {
    "prefixItems": ({"type": "array", "prefixItems": [TEXT, WHOLE], "items": FLAG}, ["a", 1, True]),
    "prefixItems alone": ({"type": "array", "prefixItems": [TEXT], "items": False}, ["a"]),
    "contains": ({"type": "array", "items": WHOLE, "contains": {"minimum": 5},
                  "minContains": 1, "maxContains": 2}, [1, 7]),
    "dependentRequired": ({**VALUES, "dependentRequired": {"a": ["b"]}}, {"a": "x", "b": "x"}),
    "dependentSchemas": ({**VALUES, "dependentSchemas": {"a": {"required": ["b"]}}}, {"c": "x"}),
    "unevaluatedProperties": ({"allOf": [thing(["a"], a=TEXT)], "unevaluatedProperties": False},
                              {"a": "x"}),
    "unevaluatedItems": ({"type": "array", "prefixItems": [TEXT], "unevaluatedItems": False},
                         ["a"]),
    "propertyNames": ({**VALUES, "propertyNames": {"pattern": "^[a-z]+$"}}, {"a": "x"}),
    "if": ({**VALUES, "if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": True},
           {"a": "x", "b": "x"}),
}  # fmt: skip


def contract_of(schema: dict[str, Any]) -> Contract:
    """A value that is read, and taken in a body."""
    refused = {"400": answer(TEXT), "401": answer(TEXT)}
    checked = {"responses": {"200": answer(schema), **refused},
               "requestBody": {"required": True, **taken(schema)}}  # fmt: skip
    read = {"responses": {"200": answer(schema), **refused}}
    return Contract(document("Values", {"/value": {"get": read}, "/check": {"post": checked}}))


def target_of(contract: Contract, value: Any) -> Target:
    """It answers a value, and refuses every body that is not of the schema."""
    [schema] = [one.json_body.schema for one in contract.operations.values() if one.json_body]

    def served(request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != "Bearer token_4c1e9a77d0b25f83":
            return httpx.Response(401, json="no token")
        if request.method == "POST":
            try:
                is_valid = schema is not None and schema.is_valid(json.loads(request.read()))
            except ValueError:
                is_valid = False
            if not is_valid:
                return httpx.Response(400, json="wrong")
        return httpx.Response(200, json=value)

    return Target(
        "http://target", ["token_4c1e9a77d0b25f83"], transport=httpx.MockTransport(served)
    )


KEYWORDS = [pytest.param(one, marks=() if one == "prefixItems" else pytest.mark.thorough)
            for one in SCHEMAS]  # fmt: skip


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_every_check_gets_its_verdict(keyword: str) -> None:
    schema, value = SCHEMAS[keyword]
    contract = contract_of(schema)
    with target_of(contract, value) as target:
        for operation in contract.operations.values():
            probe = Probe(contract, operation, target, random.Random(1), 1)
            for check in CHECKS:
                list(failures(probe, check))


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_a_wrong_answer_is_found(keyword: str) -> None:
    contract = contract_of(SCHEMAS[keyword][0])
    requirement = catalogue()["generated.answers-match-their-schemas"]
    [read] = [one for one in contract.operations.values() if one.method == "GET"]
    with target_of(contract, [{"a": None}, 5, "x"]) as target:
        result = Run(contract, target, [], seed=1).check(requirement, read)

    assert result.outcome in {Outcome.FAILED, Outcome.WARNING}, result.actual
