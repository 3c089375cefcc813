"""Schemas that lead to one member in several ways, level by level: refused before they are used."""

from pathlib import Path
from typing import Any

import pytest

from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.validation_work import ValidationWork

Json = dict[str, Any]
LEVELS = 30


def leading_to(schema: Json) -> dict[str, Json]:
    member = {"properties": {"a": schema}}
    return {
        "two parts": {"allOf": [member, member]},
        "two parts of a member": {"properties": {"a": {"allOf": [schema, schema]}}},
        "a name and a pattern": {**member, "patternProperties": {"^a": schema}},
        "a name and any other, in parts": {**member, "allOf": [{"additionalProperties": schema}]},
        "any other, in parts": {"allOf": [{"additionalProperties": schema}] * 2},
        "a name and a dependency": {**member, "dependentSchemas": {"a": member}},
        "a condition": {"if": member, "then": member},
        "a negation": {**member, "not": {"not": member}},
        "alternatives and a name": {**member, "anyOf": [member, {}]},
        "items": {"items": schema, "contains": schema},
        "items in parts": {"allOf": [{"prefixItems": [schema]}, {"items": schema}]},
    }


def once(schema: Json) -> dict[str, Json]:
    return {
        "two names": {"properties": {"a": schema, "b": schema}},
        "a name and any other": {"properties": {"a": schema}, "additionalProperties": schema},
        "a tuple": {"prefixItems": [schema, schema], "items": schema},
        "alternatives": {"anyOf": [{"properties": {"a": schema}}, {"properties": {"a": schema}}]},
        "a part": {"allOf": [{"properties": {"a": schema}}, {"properties": {"b": schema}}]},
    }


def document(make: Any, name: str, last: str) -> Json:
    """Thirty levels, each of which leads to the next, and the last one to ``last``."""
    schemas = {
        f"s{at}": make({"$ref": f"#/components/schemas/s{at + 1}"})[name] for at in range(LEVELS)
    }
    schemas[f"s{LEVELS}"] = {"$ref": last} if last else {"type": "object"}
    schema = {"$ref": "#/components/schemas/s0"}
    answer = {"description": "x", "content": {"application/json": {"schema": schema}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": answer}}}},
        "components": {"schemas": schemas},
    }


ENDS = ["", "#/components/schemas/s0"]
"""The levels end, or begin again."""


@pytest.mark.parametrize("last", ENDS)
@pytest.mark.parametrize("name", leading_to({}))
def test_what_doubles_with_each_level_is_refused(name: str, last: str) -> None:
    with pytest.raises(ContractError, match="checks one member of a value more than 20000 times"):
        Contract(document(leading_to, name, last)).check()


@pytest.mark.parametrize("last", ENDS)
@pytest.mark.parametrize("name", once({}))
def test_what_leads_to_each_member_once_is_served(name: str, last: str) -> None:
    Contract(document(once, name, last)).check()


def test_a_long_chain_needs_no_stack() -> None:
    schemas: list[Json] = [{"type": "object"}]
    for _ in range(50_000):
        schemas.append({"properties": {"a": schemas[-1]}})
    assert ValidationWork(lambda one: one).of(schemas[-1]) == 1


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[1].rglob("contracts/*.yaml")))
def test_contracts_of_the_tests_are_far_from_the_limit(path: Path) -> None:
    assert Contract.from_file(path).operations
