from collections.abc import Sequence
from typing import Any

import pytest

from openapi.contract import Contract
from openapi.operation import Parameter
from openapi.parameters import ABSENT, read_form, read_parameter

Json = dict[str, Any]

STRINGS: Json = {"type": "array", "items": {"type": "string"}}
NUMBERS: Json = {"type": "array", "items": {"type": "integer"}}
COLOUR: Json = {
    "type": "object",
    "properties": {"R": {"type": "integer"}, "name": {"type": "string"}, "tags": STRINGS},
}
COMPONENTS: Json = {
    "Id": {"type": "integer"},
    "Ids": {"type": "array", "items": {"$ref": "#/components/schemas/Id"}},
    "Base": {"type": "object", "properties": {"id": {"$ref": "#/components/schemas/Id"}}},
    "Loop": {"type": "array", "items": {"$ref": "#/components/schemas/Loop"}},
}


def parameter(schema: Json, location: str = "query", **options: Any) -> Parameter:
    node = {"name": "q", "in": location, "required": True, "schema": schema, **options}
    operation = {"parameters": [node], "responses": {"200": {"description": "x"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/{q}" if location == "path" else "/": {"get": operation}},
        "components": {"schemas": COMPONENTS},
    }
    ((read,),) = (one.parameters for one in Contract(document).operations.values())
    return read


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("schema", "options", "texts", "value"),
    [
        (STRINGS, {}, ["a,b", "c"], ["a,b", "c"]),
        (STRINGS, {}, [""], [""]),
        (NUMBERS, {}, ["1", "x"], [1, "x"]),
        (STRINGS, {"explode": False}, ["a,b,c"], ["a", "b", "c"]),
        (NUMBERS, {"explode": False}, ["1,2", "3"], [1, 2, 3]),
        (STRINGS, {"style": "spaceDelimited"}, ["a b,c"], ["a", "b,c"]),
        (NUMBERS, {"style": "pipeDelimited"}, ["1|2"], [1, 2]),
        (STRINGS, {"style": "pipeDelimited", "explode": True}, ["a|b", "c"], ["a|b", "c"]),
        (COLOUR, {"explode": False}, ["R,100,name,red"], {"R": 100, "name": "red"}),
        (ref("Ids"), {}, ["1", "2"], [1, 2]),
        (ref("Ids"), {"explode": False}, ["1,2"], [1, 2]),
        ({"anyOf": [ref("Ids"), {"type": "null"}]}, {}, ["1"], [1]),
        (ref("Loop"), {}, ["1"], ["1"]),
    ],
)
def test_query_arrays_and_objects_are_parsed_by_style(
    schema: Json, options: Json, texts: Sequence[str], value: object
) -> None:
    assert read_parameter(parameter(schema, **options), {"q": texts, "r": ["x"]}) == value


@pytest.mark.parametrize(
    ("location", "schema", "options", "text", "value"),
    [
        ("path", NUMBERS, {}, "1,2", [1, 2]),
        ("path", COLOUR, {}, "R,100,name,red", {"R": 100, "name": "red"}),
        ("path", COLOUR, {"explode": True}, "R=100,name=a=b", {"R": 100, "name": "a=b"}),
        ("path", ref("Id"), {}, "7", 7),
        ("path", {"type": "string"}, {}, "a,b", "a,b"),
        ("header", NUMBERS, {}, "1, 2 ,3", [1, 2, 3]),
        ("header", COLOUR, {}, "R, 100, name, red", {"R": 100, "name": "red"}),
        ("header", COLOUR, {"explode": True}, "R=100, name=red", {"R": 100, "name": "red"}),
        ("header", {"type": "string"}, {}, "a, b", "a, b"),
        ("cookie", {"type": "boolean"}, {}, "true", True),
        ("cookie", NUMBERS, {"explode": False}, "1,2", [1, 2]),
    ],
)
def test_path_header_and_cookie_parameters_are_parsed_by_style(
    location: str, schema: Json, options: Json, text: str, value: object
) -> None:
    assert read_parameter(parameter(schema, location, **options), {"q": [text]}) == value


@pytest.mark.parametrize(
    ("values", "value"),
    [
        ({"q[R]": ["100"], "q[name]": ["x", "red"]}, {"R": 100, "name": "red"}),
        ({"q[tags]": ["a", "b"]}, {"tags": ["a", "b"]}),
        ({"q[R]": ["x"], "q[new]": ["1"]}, {"R": "x", "new": "1"}),
        ({"q[]": ["1"]}, {"": "1"}),
        ({"r[R]": ["100"], "q": ["1"], "q[R": ["1"], "q[R][S]": ["1"]}, ABSENT),
    ],
)
def test_deep_objects_are_parsed_from_bracketed_names(
    values: dict[str, list[str]], value: object
) -> None:
    assert read_parameter(parameter(COLOUR, style="deepObject", explode=True), values) == value


@pytest.mark.parametrize("schema", [COLOUR, {"allOf": [COLOUR, ref("Base")]}])
def test_an_exploded_object_is_parsed_from_its_property_names(schema: Json) -> None:
    values = {"R": ["100"], "tags": ["a", "b"], "other": ["x"]}

    assert read_parameter(parameter(schema), values) == {"R": 100, "tags": ["a", "b"]}
    assert read_parameter(parameter(schema), {"other": ["x"]}) is ABSENT


@pytest.mark.parametrize("schema", [{"type": "string"}, STRINGS, COLOUR, {}])
@pytest.mark.parametrize("options", [{}, {"explode": False}])
def test_a_parameter_that_was_not_sent_is_absent(schema: Json, options: Json) -> None:
    assert read_parameter(parameter(schema, **options), {"other": ["x"]}) is ABSENT


def test_header_names_are_looked_up_in_lower_case() -> None:
    node = parameter({"type": "integer"}, "header", name="X-Total")

    assert read_parameter(node, {"x-total": ["3"]}) == 3


HUGE = "9" * 300
ENDLESS = "9" * 5000


@pytest.mark.parametrize(
    ("types", "text", "value"),
    [
        ("integer", "7", 7),
        ("integer", "-7", -7),
        ("integer", "007", 7),
        ("integer", HUGE, int(HUGE)),
        *(("integer", text, text) for text in ("7.0", "+7", " 7", "1e3", "٣", "", ENDLESS, "0x1")),
        ("number", "7", 7.0),
        ("number", "-1.5e3", -1500.0),
        *(("number", text, text) for text in ("1e999", "nan", "inf", ".5", "1_0", ENDLESS)),
        ("boolean", "true", True),
        ("boolean", "false", False),
        *(("boolean", text, text) for text in ("True", "1", "yes", "")),
        ("string", "7", "7"),
        ("string", "true", "true"),
        ("null", "null", "null"),
        (["integer", "null"], "7", 7),
        (["integer", "boolean"], "true", True),
        (["number", "string"], "x", "x"),
    ],
)
def test_a_string_becomes_the_declared_type_if_it_has_its_form(
    types: object, text: str, value: object
) -> None:
    read = read_parameter(parameter({"type": types}), {"q": ["ignored", text]})

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "schema",
    [
        ref("Id"),
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"oneOf": [{"type": "integer", "maximum": 5}, {"type": "boolean"}]},
        {"allOf": [ref("Id")], "minimum": 0},
        {"allOf": [{"minimum": 0}, {"allOf": [ref("Id")]}]},
        {"enum": [1, 2, 3]},
        {"const": 3},
    ],
)
def test_the_type_is_found_behind_references_and_alternatives(schema: Json) -> None:
    node = parameter(schema)
    value = read_parameter(node, {"q": ["3"]})

    assert value == 3
    assert node.schema.errors(value) == []


def test_huge_numbers_are_validated_without_a_crash() -> None:
    node = parameter({"type": "integer", "maximum": 10})

    for text in (HUGE, "-" + HUGE, ENDLESS):
        assert len(node.schema.errors(read_parameter(node, {"q": [text]}))) == (text[0] != "-")


def test_form_fields_are_parsed_by_their_properties() -> None:
    outline = parameter({"allOf": [COLOUR, ref("Base")]}).schema.outline
    fields = [("id", "7"), ("R", "1"), ("R", "2"), ("tags", "a"), ("tags", "b,c"), ("new", "3")]

    assert read_form(fields, outline) == {"id": 7, "R": 2, "tags": ["a", "b,c"], "new": "3"}
