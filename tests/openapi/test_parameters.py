from collections.abc import Sequence
from typing import Any

import pytest

from openapi.contract import Contract
from openapi.forms import Part, read_form
from openapi.operation import Parameter
from openapi.parameters import ABSENT, check_parameter, read_parameter

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
    ("schema", "style", "explode", "text", "value"),
    [
        ({"type": "integer"}, "label", False, ".7", 7),
        ({"type": "number"}, "label", True, ".1.5", 1.5),
        ({"type": "string"}, "label", False, ".a.b", "a.b"),
        (NUMBERS, "label", False, ".1,2", [1, 2]),
        (NUMBERS, "label", False, ".1.2", [1, 2]),
        (NUMBERS, "label", True, ".1.2", [1, 2]),
        (COLOUR, "label", False, ".R,100,name,red", {"R": 100, "name": "red"}),
        (COLOUR, "label", True, ".R=100.name=red", {"R": 100, "name": "red"}),
        ({"type": "integer"}, "matrix", False, ";q=7", 7),
        ({"type": "string"}, "matrix", True, ";q", ""),
        (NUMBERS, "matrix", False, ";q=1,2", [1, 2]),
        (NUMBERS, "matrix", True, ";q=1;q=2", [1, 2]),
        (COLOUR, "matrix", False, ";q=R,100,name,red", {"R": 100, "name": "red"}),
        (COLOUR, "matrix", True, ";R=100;name=red", {"R": 100, "name": "red"}),
    ],
)
def test_label_and_matrix_parameters_begin_with_their_marks(
    schema: Json, style: str, *, explode: bool, text: str, value: object
) -> None:
    node = parameter(schema, "path", style=style, explode=explode)

    assert read_parameter(node, {"q": [text]}) == value
    assert check_parameter(node, {"q": [text]}) == (value, [])


@pytest.mark.parametrize("schema", [{"type": "string"}, NUMBERS, COLOUR])
@pytest.mark.parametrize("explode", [False, True])
@pytest.mark.parametrize("style", ["label", "matrix"])
@pytest.mark.parametrize("text", ["7", "q=7", "", "q"])
def test_a_label_or_matrix_parameter_without_its_mark_is_refused(
    schema: Json, style: str, *, explode: bool, text: str
) -> None:
    node = parameter(schema, "path", style=style, explode=explode)
    _, [error] = check_parameter(node, {"q": [text]})

    assert (error.param, error.code) == ("q", "invalid_format")
    assert error.detail.startswith("must begin with")


ONE_OR_SOME = {"anyOf": [NUMBERS, {"type": "string", "enum": ["all", "none"]}]}


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
@pytest.mark.parametrize(
    ("options", "texts", "value"),
    [
        ({"explode": False}, ["1,2"], [1, 2]),
        ({"explode": False}, ["all"], "all"),
        ({"explode": False}, ["7"], [7]),
        ({}, ["1", "2"], [1, 2]),
        ({}, ["none"], "none"),
        ({"style": "pipeDelimited"}, ["1|2"], [1, 2]),
        ({"style": "pipeDelimited"}, ["all"], "all"),
    ],
)
def test_a_parameter_may_be_an_array_or_a_single_value(
    keyword: str, options: Json, texts: list[str], value: object
) -> None:
    node = parameter({keyword: ONE_OR_SOME["anyOf"]}, **options)

    assert check_parameter(node, {"q": texts}) == (value, [])


@pytest.mark.parametrize(
    ("texts", "params"), [(["any"], ["q"]), (["1,x"], ["q[1]"]), (["1", "all"], ["q[1]"])]
)
def test_what_is_neither_array_nor_value_is_refused(texts: list[str], params: list[str]) -> None:
    _, errors = check_parameter(parameter(ONE_OR_SOME, explode=False), {"q": texts})

    assert [one.param for one in errors] == params


def content(schema: Json | None, name: str = "application/json", where: str = "query") -> Parameter:
    media_type = {} if schema is None else {"schema": schema}
    node = {"name": "q", "in": where, "required": True, "content": {name: media_type}}
    operation = {"parameters": [node], "responses": {"200": {"description": "x"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/{q}" if where == "path" else "/": {"get": operation}},
        "components": {"schemas": COMPONENTS},
    }
    ((read,),) = (one.parameters for one in Contract(document).operations.values())
    return read


@pytest.mark.parametrize("where", ["query", "path", "header", "cookie"])
def test_a_parameter_with_json_content_is_parsed_and_validated(where: str) -> None:
    node = content(COLOUR, where=where)

    assert check_parameter(node, {"q": ['{"R": 1}']}) == ({"R": 1}, [])
    _, [error] = check_parameter(node, {"q": ['{"R": "x"}']})
    assert (error.param, error.code) == ("q.R", "invalid_type")
    for text in ("{", "", "R=1", "[" * 100_000, '{"R": NaN}', "1" * 5000):
        _, [error] = check_parameter(node, {"q": [text]})
        assert (error.param, error.detail, error.code) == ("q", "must be JSON", "invalid_format")
    _, [error] = check_parameter(node, {})
    assert error.code == "missing_required_field"


def test_a_parameter_with_other_content_is_a_text() -> None:
    assert check_parameter(content({"minLength": 2}, "text/csv"), {"q": ["{"]})[1]
    assert check_parameter(content(None, "text/csv"), {"q": ["{"]}) == ("{", [])
    assert check_parameter(content(None), {"q": ["[1]"]}) == ([1], [])


@pytest.mark.parametrize("schema", [{"type": "integer"}, {"type": "boolean"}, NUMBERS, COLOUR])
def test_a_parameter_that_may_be_empty_needs_no_value(schema: Json) -> None:
    node = parameter(schema, allowEmptyValue=True)

    assert check_parameter(node, {"q": [""]}) == ("", [])
    assert check_parameter(node, {"q": ["x"]})[1] or schema is COLOUR
    assert check_parameter(node, {})[1]
    assert check_parameter(parameter({"type": "integer"}), {"q": [""]})[1]


@pytest.mark.parametrize(
    ("values", "value"),
    [
        ({"q[R]": ["100"], "q[name]": ["x", "red"]}, {"R": 100, "name": "red"}),
        ({"q[tags]": ["a", "b"]}, {"tags": ["a", "b"]}),
        ({"q[R]": ["x"], "q[new]": ["1"]}, {"R": "x", "new": "1"}),
        ({"q[]": ["1"]}, {"": "1"}),
        ({"q[R][S]": ["1"]}, {"R": {"S": "1"}}),
        ({"r[R]": ["100"], "q": ["1"], "q[R": ["1"]}, ABSENT),
    ],
)
def test_deep_objects_are_parsed_from_bracketed_names(
    values: dict[str, list[str]], value: object
) -> None:
    assert read_parameter(parameter(COLOUR, style="deepObject", explode=True), values) == value


NESTED: Json = {
    "type": "object",
    "properties": {
        "age": {"type": "object", "properties": {"gt": {"type": "integer"}}},
        "tags": {"type": "array", "items": {"type": "integer"}},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"n": {"type": "integer"}}},
        },
    },
}


@pytest.mark.parametrize(
    ("values", "value"),
    [
        ({"c[age][gt]": ["3"]}, {"age": {"gt": 3}}),
        ({"c[age][gt]": ["x"], "c[age][lt]": ["9"]}, {"age": {"gt": "x", "lt": "9"}}),
        ({"c[tags][]": ["1", "2"]}, {"tags": [1, 2]}),
        ({"c[tags]": ["1", "2"]}, {"tags": [1, 2]}),
        ({"c[tags][10]": ["3"], "c[tags][2]": ["1"]}, {"tags": [1, 3]}),
        ({"c[tags][x]": ["3"]}, {"tags": {"x": "3"}}),
        ({"c[lines][0][n]": ["1"], "c[lines][1][n]": ["2"]}, {"lines": [{"n": 1}, {"n": 2}]}),
        ({"c" + "[a]" * 21: ["1"]}, ABSENT),
        ({"c[age": ["1"], "c]": ["1"]}, ABSENT),
    ],
)
def test_brackets_in_brackets_are_members_and_items(
    values: dict[str, list[str]], value: object
) -> None:
    options = {"style": "deepObject", "explode": True, "name": "c"}
    assert read_parameter(parameter(NESTED, **options), values) == value


@pytest.mark.parametrize("schema", [COLOUR, {"allOf": [COLOUR, ref("Base")]}])
def test_an_exploded_object_is_parsed_from_its_property_names(schema: Json) -> None:
    values = {"R": ["100"], "tags": ["a", "b"], "other": ["x"]}

    assert read_parameter(parameter(schema), values) == {"R": 100, "tags": ["a", "b"]}
    assert read_parameter(parameter(schema), {"other": ["x"]}) is ABSENT


@pytest.mark.parametrize("schema", [{"type": "string"}, STRINGS, COLOUR, {}])
@pytest.mark.parametrize("options", [{}, {"explode": False}])
def test_a_parameter_that_was_not_sent_is_absent(schema: Json, options: Json) -> None:
    assert read_parameter(parameter(schema, **options), {"other": ["x"]}) is ABSENT


@pytest.mark.parametrize(
    ("schema", "options"),
    [
        ({"type": "integer"}, {}),
        ({"type": ["string", "null"]}, {}),
        ({"type": "integer"}, {"explode": False}),
        ({"type": "boolean"}, {"allowEmptyValue": True}),
        (ref("Id"), {}),
        ({"anyOf": [{"type": "integer"}, {"const": "all", "type": "string"}]}, {}),
    ],
)
@pytest.mark.parametrize("texts", [["1", "2"], ["1", "1"], ["", ""]])
def test_a_single_value_is_sent_once(schema: Json, options: Json, texts: list[str]) -> None:
    _, [error] = check_parameter(parameter(schema, **options), {"q": texts})

    assert (error.param, error.detail, error.code) == ("q", "must be sent once", "invalid_format")


def test_a_parameter_in_json_is_sent_once() -> None:
    node = content(STRINGS)

    assert check_parameter(node, {"q": ['["a"]']}) == (["a"], [])
    _, [error] = check_parameter(node, {"q": ['["a"]', '["b"]']})
    assert error.detail == "must be sent once"


@pytest.mark.parametrize(
    ("schema", "options"),
    [
        (STRINGS, {}),
        (STRINGS, {"explode": False}),
        (STRINGS, {"style": "pipeDelimited"}),
        ({"anyOf": [STRINGS, {"type": "string"}]}, {}),
        ({"type": ["array", "string"], "items": {"type": "string"}}, {}),
        ({}, {}),
    ],
)
def test_what_may_be_a_list_is_sent_as_often_as_one_likes(schema: Json, options: Json) -> None:
    assert check_parameter(parameter(schema, **options), {"q": ["a", "b"]})[1] == []


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
    read = read_parameter(parameter({"type": types}), {"q": [text]})

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

    assert read_form([Part(*one) for one in fields], outline, {}).value == {
        "id": 7,
        "R": 2,
        "tags": ["a", "b,c"],
        "new": "3",
    }
