"""Schemas that refer to themselves twice for one member: work that grows with the value alone."""

from typing import Any

import pytest

import openapi.alternatives as alternatives_module
from openapi.alternatives import Alternatives
from openapi.field_errors import FieldError
from openapi.schema import Schema, Schemas

Json = dict[str, Any]

POINTER = "#/components/schemas/A"
SELF = {"$ref": POINTER}
MEMBER = {"properties": {"a": SELF}}

TWICE: dict[str, Json] = {
    "two parts": {"allOf": [MEMBER, MEMBER]},
    "two parts of a member": {"properties": {"a": {"allOf": [SELF, SELF]}}},
    "a name and a pattern": {**MEMBER, "patternProperties": {"^a": SELF}},
    "a name and any other": {**MEMBER, "allOf": [{"additionalProperties": SELF}]},
    "a name and a dependency": {**MEMBER, "dependentSchemas": {"a": MEMBER}},
    "a branch beside": {"anyOf": [MEMBER, {"required": ["b"]}], **MEMBER},
    "a reference beside": {"properties": {"a": {**SELF, "allOf": [SELF], "maxProperties": 9}}},
    "by way of another": {"allOf": [MEMBER, {"properties": {"a": {"$ref": f"{POINTER}/allOf/0"}}}]},
}


def schema(definition: Json, **others: Any) -> Schema:
    found = {"A": {"type": "object", **definition}, **others}
    return Schemas({"components": {"schemas": found}}).at(POINTER)


def nested(depth: int, leaf: Any) -> Any:
    for _ in range(depth):
        leaf = {"a": leaf}
    return leaf


@pytest.fixture
def errors_of_the_library(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every error that the library gives."""
    found: list[Any] = []
    located = Alternatives._located

    def counted(*arguments: Any) -> Any:
        for one in located(*arguments):
            found.append(one)
            yield one

    monkeypatch.setattr(Alternatives, "_located", counted)
    return found


@pytest.mark.parametrize("name", TWICE)
def test_the_errors_grow_with_the_depth_alone(name: str, errors_of_the_library: list[Any]) -> None:
    tested = schema(TWICE[name])

    def count(depth: int) -> int:
        errors_of_the_library.clear()
        assert tested.errors(nested(depth, 1))
        return len(errors_of_the_library)

    # Two for each level would be 2^8 times as many, and then 2^86; at most it is the square.
    assert count(12) <= 9 * count(4)
    assert count(90) <= 600 * count(4)


@pytest.mark.parametrize("name", [one for one in TWICE if one != "a branch beside"])
def test_the_field_at_the_end_is_named(name: str) -> None:
    found = schema(TWICE[name]).errors(nested(90, 1))
    assert found == [FieldError(".".join("a" * 90), "must be an object", "invalid_type")]
    assert schema(TWICE[name]).errors(nested(90, {})) == []


def test_the_fields_behind_references_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alternatives_module, "_MOST_REFERENCES", 3)
    tested = schema({"properties": {"list": {"type": "array", "items": SELF}}})
    found = tested.errors({"list": [1] * 5})
    assert [one.param for one in found] == [f"list[{at}]" for at in range(5)]
    assert [one.detail for one in found[2:4]] == ["must be an object", found[4].detail]
    assert found[4].detail == "does not satisfy its schema"


@pytest.mark.parametrize("where", [{"allOf": [{"$ref": "#/components/schemas/B"}]},
                                   {"$ref": "#/components/schemas/B"}])  # fmt: skip
def test_a_member_beside_one_that_fails_is_known(where: Json) -> None:
    other = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}}
    tested = schema({**where, "unevaluatedProperties": False}, B=other)
    assert [one.param for one in tested.errors({"x": "1", "y": "k"})] == ["x"]
    assert [one.param for one in tested.errors({"x": 1, "z": "k"})] == ["z"]


@pytest.mark.parametrize("chooser", [{}, {"discriminator": {"propertyName": "kind"}}])
def test_a_member_that_a_branch_does_not_know_is_named(chooser: Json) -> None:
    base = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    closed = {"allOf": [{"$ref": "#/components/schemas/Base"}], "unevaluatedProperties": False}
    cat = {**closed, "properties": {"kind": {"const": "Cat"}, "lives": {"type": "integer"}}}
    dog = {**closed, "properties": {"kind": {"const": "Dog"}}}
    branches = [{"$ref": f"#/components/schemas/{name}"} for name in ("Cat", "Dog")]
    tested = schema({"oneOf": branches, **chooser}, Base=base, Cat=cat, Dog=dog)
    assert tested.errors({"kind": "Cat", "lives": 1}) == []
    found = tested.errors({"kind": "Cat", "lives": 1, "x": 1})
    assert found == [FieldError("x", "is not a known field", "unknown_field")]
    wrong = tested.errors({"kind": "Cat", "lives": "1", "x": 1})
    assert {one.param for one in wrong} == {"x", "lives"}
