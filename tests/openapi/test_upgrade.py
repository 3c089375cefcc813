import copy
from collections.abc import Iterator
from typing import Any

import pytest

from openapi import rewriting, subschemas
from openapi.contract import Contract
from openapi.rewriting import rewrite

Json = dict[str, Any]

PET: Json = {"type": "object", "required": ["name"]}


def document(**parts: Any) -> Json:
    return {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}, **parts}


def upgraded(schema: Json) -> Json:
    whole = document(components={"schemas": {"Upgraded": copy.deepcopy(schema)}})
    rewrite(whole)
    result: Json = whole["components"]["schemas"]["Upgraded"]
    return result


def accepts(schema: Json, value: object) -> bool:
    content = {"application/json": {"schema": schema}}
    responses = {"200": {"description": "x", "content": content}}
    whole = document(
        paths={"/a": {"get": {"responses": responses}}}, components={"schemas": {"Pet": dict(PET)}}
    )
    (operation,) = Contract(copy.deepcopy(whole)).operations.values()
    judge = operation.responses["200"].content["application/json"].schema
    assert judge is not None
    return bool(judge.is_valid(value))


@pytest.mark.parametrize(
    ("schema", "result"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"type": "string"}, {"type": "string"}),
        ({"nullable": True}, {}),
        (
            {"type": "string", "nullable": True, "enum": ["a"]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"type": "string", "nullable": True, "enum": ["a", None]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Pet"}]},
            {"anyOf": [{"allOf": [{"$ref": "#/components/schemas/Pet"}]}, {"type": "null"}]},
        ),
        (
            {"$ref": "#/components/schemas/Pet", "nullable": True, "description": "lost"},
            {"$ref": "#/components/schemas/Pet"},
        ),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": True}, {"exclusiveMaximum": 1}),
        ({"exclusiveMaximum": True}, {}),
        ({"exclusiveMinimum": False}, {}),
    ],
)
def test_keywords_of_30_become_those_of_31(schema: Json, result: Json) -> None:
    assert upgraded(schema) == result


@pytest.mark.parametrize(
    "nest",
    [
        lambda schema: {"properties": {"a": schema}},
        lambda schema: {"properties": {"schema": schema, "example": schema}},
        lambda schema: {"items": schema},
        lambda schema: {"additionalProperties": schema},
        lambda schema: {"not": schema},
        lambda schema: {"oneOf": [schema]},
        lambda schema: {"allOf": [{"anyOf": [{"items": {"properties": {"x": schema}}}]}]},
    ],
)
def test_subschemas_are_upgraded(nest: Any) -> None:
    old = {"type": "string", "nullable": True}

    assert upgraded(nest(old)) == nest({"type": ["string", "null"]})


NULLABLE: Json = {"type": "string", "nullable": True}
CARRIED: Json = {"content": {"application/json": {"schema": NULLABLE}}}
OPERATION: Json = {
    "parameters": [{"name": "q", "in": "query", "schema": NULLABLE}],
    "requestBody": CARRIED,
    "responses": {
        "200": {"description": "x", "headers": {"value": {"schema": NULLABLE}}},
        "default": {"description": "x", **CARRIED},
    },
    "callbacks": {"schema": {"{$request.body#/url}": {"post": {"requestBody": CARRIED}}}},
}


@pytest.mark.parametrize(
    "parts",
    [
        {"paths": {"/a": {"get": OPERATION}}},
        {"paths": {"/schema": {"parameters": OPERATION["parameters"]}}},
        *(
            {"components": {kind: {name: one}}}
            for name in ("plain", "schema", "schemas", "default", "example", "value", "enum")
            for kind, one in (
                ("responses", OPERATION["responses"]["default"]),
                ("requestBodies", CARRIED),
                ("parameters", OPERATION["parameters"][0]),
                ("headers", {"schema": NULLABLE}),
                ("schemas", NULLABLE),
            )
        ),
    ],
    ids=str,
)
def test_schemas_are_upgraded_wherever_they_stand(parts: Json) -> None:
    whole = document(**copy.deepcopy(parts))
    rewrite(whole)

    assert "nullable" in str(parts)
    assert "nullable" not in str(whole)


def test_property_names_and_data_are_not_upgraded() -> None:
    data = {"nullable": True, "exclusiveMinimum": True, "schema": {"nullable": True}}
    schema = {
        "type": "object",
        "required": ["nullable"],
        "properties": {
            "nullable": {"type": "boolean"},
            "exclusiveMinimum": {"type": "boolean"},
            "$ref": {"type": "string"},
            "enum": {"enum": [data]},
        },
        "example": data,
        "default": data,
    }
    media_type = {"example": data, "examples": {"schema": {"value": data}}}
    components = {
        "schemas": {"Kept": schema},
        "responses": {"Kept": {"description": "x", "content": {"application/json": media_type}}},
        "examples": {"schema": {"value": data}},
    }
    whole = document(components=copy.deepcopy(components))
    rewrite(whole)

    assert whole["components"] == components


def test_a_shared_schema_is_upgraded_once() -> None:
    shared = {"type": "string", "nullable": True, "enum": ["a"]}
    bound = {"minimum": 1, "exclusiveMinimum": True}
    whole = document(
        components={"schemas": {"A": shared, "B": {"items": shared}, "C": bound, "D": bound}}
    )
    rewrite(whole)

    assert shared == {"type": ["string", "null"], "enum": ["a", None]}
    assert bound == {"exclusiveMinimum": 1}


@pytest.mark.parametrize("combined", ["allOf", "oneOf", "anyOf"])
def test_a_nullable_reference_accepts_null(combined: str) -> None:
    schema = {"nullable": True, combined: [{"$ref": "#/components/schemas/Pet"}]}

    assert accepts(schema, None)
    assert accepts(schema, {"name": "Rex"})
    assert not accepts(schema, {})
    assert not accepts(schema, 7)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "nullable": True, "enum": ["a"]}, None, "b"),
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, 1, 0),
        ({"type": "integer", "nullable": True, "maximum": 9}, None, 10),
        ({"$ref": "#/components/schemas/Pet", "nullable": True}, {"name": "Rex"}, None),
    ],
)
def test_values_are_validated_by_the_upgraded_schema(
    schema: Json, good: object, bad: object
) -> None:
    assert accepts(schema, good)
    assert not accepts(schema, bad)


def test_all_schemas_are_visited_once(monkeypatch: pytest.MonkeyPatch) -> None:
    visited = []

    def visiting(whole: Json) -> Iterator[Json]:
        visited.append(whole)
        yield from subschemas.schemas_of(whole)

    monkeypatch.setattr(rewriting, "schemas_of", visiting)
    part = {"type": "object", "required": ["a"], "properties": {"a": {"readOnly": True}}}
    whole = document(
        paths={"/a": {"get": {"responses": {"200": {"description": "x"}}}}},
        components={"schemas": {"A": part}},
    )
    assert Contract(whole).operations
    assert visited == [whole]
