"""Plain values by schemas: valid by pattern, bounds and members, and full ones where asked for."""

from typing import Any

import pytest

from openapi import texts
from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.generation import Generation
from openapi.operation import Operation
from openapi.references import merge_schemas
from openapi.sample import sample_of
from openapi.schema import Schema
from openapi.texts import TextMaker, texts_by_pattern
from tests.other_contracts.styles import TEXT, WHOLE, answer, document, taken, thing


def schema_of(definition: dict[str, Any]) -> Schema:
    paths = {"/x": {"post": {"requestBody": taken(definition), "responses": {"201": answer()}}}}
    [operation] = Contract(document("Samples", paths)).operations.values()
    return body_schema(operation)


def body_schema(operation: Operation) -> Schema:
    assert operation.json_body is not None
    assert operation.json_body.schema is not None
    return operation.json_body.schema


@pytest.mark.parametrize(
    "definition",
    [
        {"pattern": "^[0-9]{13}$"},
        {"pattern": "^(red|blue)$"},
        {"pattern": r"^\p{Lu}{2}-\d{4}$"},
        {"pattern": "^BK-[0-9A-Z]{8}$"},
        {"pattern": "^[a-z]+$", "minLength": 30, "maxLength": 40},
        {"pattern": "^[A-Z]{3}$", "allOf": [{"minLength": 3}]},
        {"allOf": [{"pattern": "^[A-Z]"}, {"pattern": "[0-9]$"}]},
        {"allOf": [{"pattern": "[0-9]$"}, {"pattern": "^[A-Z]"}], "minLength": 12},
        {"allOf": [{"pattern": "^[a-z-]+$"}, {"pattern": "^[^-].*[^-]$"}, {"pattern": "-"}]},
        {"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}, {"enum": ["c", "b"]}]},
        {"allOf": [{"minLength": 3}, {"minLength": 9}, {"maxLength": 20}, {"maxLength": 10}]},
    ],
)
def test_a_text_matches_its_pattern(definition: dict[str, Any]) -> None:
    schema = schema_of({"type": "string", **definition})

    assert schema.is_valid(sample_of(schema))
    assert sample_of(schema) == sample_of(schema)


@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize(
    "member",
    [
        {"type": "array", "minItems": 2, "uniqueItems": True, "items": TEXT},
        {"type": "array", "prefixItems": [TEXT, WHOLE], "items": False, "minItems": 2},
        {"type": "array", "contains": {"const": "a"}, "items": TEXT},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "object", "minProperties": 2, "propertyNames": {"pattern": "^x-"}},
        {"type": "object", "minProperties": 1, "additionalProperties": TEXT},
        {"type": "object", "minProperties": 1, "patternProperties": {"^[a-z]{2}$": TEXT},
         "additionalProperties": False},
        {"type": "object", "required": ["a"]},
        {**thing(["a"], a=TEXT, b=TEXT), "dependentRequired": {"a": ["b"]}},
        {**thing(["a"], a=TEXT), "dependentSchemas": {"a": {"required": ["c"]}}},
        {**thing(["k"], k={"enum": ["a"]}), "if": {"properties": {"k": {"const": "a"}}},
         "then": {"required": ["x"]}},
        {"type": "string", "format": "duration"},
        {"type": "integer", "oneOf": [{"multipleOf": 3}, {"multipleOf": 5}]},
        {"oneOf": [{"type": "integer", "multipleOf": 15}, {"type": "integer", "multipleOf": 10}],
         "minimum": 31},
        {"type": "integer", "allOf": [{"multipleOf": 4}, {"multipleOf": 6}, {"minimum": 1}]},
        {"type": "number", "allOf": [{"minimum": 1}, {"minimum": 7.5}, {"maximum": 8}]},
        {"allOf": [{"enum": [True, "x"]}, {"enum": [1, "x"]}]},
        {"type": "array", "items": TEXT, "allOf": [{"minItems": 1}, {"minItems": 3}]},
    ],
)  # fmt: skip
def test_a_value_is_searched_for_where_the_smallest_is_not_valid(
    member: dict[str, Any], *, is_full: bool
) -> None:
    schema = schema_of(thing(["m"], m=member))

    assert schema.is_valid(sample_of(schema, is_full=is_full))


def test_a_value_that_is_searched_for_has_nothing_that_is_only_read() -> None:
    read_only = {**TEXT, "readOnly": True}
    member = {"type": "array", "minItems": 2, "uniqueItems": True, "items": WHOLE}
    schema = schema_of(thing(["m"], m=member, free=TEXT, made=read_only))

    assert sample_of(schema).keys() == {"m"}
    assert sample_of(schema, is_full=True).keys() == {"m", "free"}


def test_each_value_is_one_of_its_own() -> None:
    schema = schema_of(thing(["m"], m={"type": "object", "required": ["a"]}))

    sample_of(schema)["m"]["a"] = 1
    assert sample_of(schema) == {"m": {"a": "text"}}


def test_a_full_value_has_what_may_be_left_out_and_nothing_that_is_only_read() -> None:
    inner = thing(["z"], z=TEXT, q=WHOLE, id={**TEXT, "readOnly": True})
    some, none = ({"type": "array", "items": inner, **more} for more in ({}, {"maxItems": 0}))
    schema = schema_of(thing(["name"], name=TEXT, inner=inner, some=some, none=none))

    assert sample_of(schema) == {"name": "text"}
    full = {"z": "text", "q": 1}
    assert sample_of(schema, is_full=True) == {
        "name": "text", "inner": full, "some": [full], "none": [],
    }  # fmt: skip


def test_a_full_value_of_a_schema_in_itself_has_an_end() -> None:
    node: dict[str, Any] = thing(["name"], name=TEXT, child={"$ref": "#/components/schemas/Node"})
    paths = {"/x": {"post": {"requestBody": taken({"$ref": "#/components/schemas/Node"}),
                             "responses": {"201": answer()}}}}  # fmt: skip
    whole = document("Nodes", paths)
    whole["components"]["schemas"] = {"Node": node}
    [operation] = Contract(whole).operations.values()
    schema = body_schema(operation)

    value = sample_of(schema, is_full=True)
    assert schema.is_valid(value)
    assert value["child"]["child"]["name"] == "text"


def test_an_object_has_as_many_members_as_it_must() -> None:
    own = thing([], label=TEXT, made={**TEXT, "readOnly": True}, number=WHOLE)
    schema = schema_of({**own, "minProperties": 2})

    assert sample_of(schema).keys() == {"label", "number"}


def test_texts_of_several_patterns_are_tried_up_to_a_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each pattern with each other, and each text of both: a start of the mock waited for them."""
    made: list[str] = []
    xeger = TextMaker.xeger

    def counted(self: TextMaker, pattern: str) -> str:
        made.append(pattern)
        return str(xeger(self, pattern))

    monkeypatch.setattr(TextMaker, "xeger", counted)
    for count in (4, 16):
        made.clear()
        patterns = [{"pattern": f"^x{one}$"} for one in range(count)]
        definition = merge_schemas(lambda one: one, {"type": "string", "allOf": patterns})
        assert next(texts_by_pattern(definition), None) is None
        assert len(made) < 60 * count


def test_multiples_of_many_large_numbers_are_no_fault() -> None:
    """An integer of so many digits has no text in Python."""
    parts = [{"multipleOf": 10**20 + one} for one in range(300)]
    found = merge_schemas(lambda one: one, {"type": "integer", "allOf": parts})
    assert str(found["multipleOf"]).isdigit()


def test_a_multiple_of_infinity_is_no_fault() -> None:
    """YAML reads 1e999 so: the schema cannot be used, and says so where it is compiled."""
    parts = [{"multipleOf": float("inf")}, {"multipleOf": 3}]
    found = merge_schemas(lambda one: one, {"type": "number", "allOf": parts})
    assert found["multipleOf"] == float("inf")


def test_patterns_that_no_text_has_are_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = list[object]()

    def counted(definition: dict[str, Any]) -> Any:
        tried.append(definition)
        return texts_by_pattern(definition)

    monkeypatch.setattr(texts, "texts_by_pattern", counted)
    text = {
        "type": "string",
        "minLength": 30,
        "allOf": [{"pattern": "^[a-z]+$"}, {"pattern": "^[3-5]+$"}],
    }
    schema = schema_of({"type": "object", "required": ["a"], "properties": {"a": text}})
    sample_of(schema)
    sample_of(schema, is_full=True)
    with pytest.raises(ContractError, match="no value was found"):
        Generation(schema.document, schema.resolve).value(schema)

    assert len(tried) == 1
