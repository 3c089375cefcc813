from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openapi.contract import Contract
from openapi.schema import Schema

Json = dict[str, Any]

ADDRESS: Json = {
    "type": "object",
    "required": ["lines", "city"],
    "additionalProperties": False,
    "properties": {
        "city": {"type": "string", "maxLength": 20},
        "lines": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["text"],
                "properties": {"text": {"type": "string", "minLength": 2}},
            },
        },
    },
}
CARD: Json = {
    "type": "object",
    "required": ["kind", "number"],
    "properties": {"kind": {"const": "card"}, "number": {"type": "string", "pattern": "^[0-9]+$"}},
}
DEBIT: Json = {
    "type": "object",
    "required": ["kind", "iban"],
    "properties": {"kind": {"enum": ["debit", "sepa"]}, "iban": {"type": "string"}},
}


def compiled(schema: Any) -> Schema:
    parameter = {"name": "q", "in": "query", "schema": schema}
    operation = {"parameters": [parameter], "responses": {"200": {"description": "x"}}}
    info = {"title": "t", "version": "1"}
    contract = Contract({"openapi": "3.1.0", "info": info, "paths": {"/a": {"get": operation}}})
    return contract.operations["GET /a"].parameters[0].schema


def error_codes(schema: Any, value: object, root: str = "body") -> dict[str, str]:
    errors = compiled(schema).errors(value, root)
    assert len({error.param for error in errors}) == len(errors)
    return {error.param: error.code for error in errors}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"city": "Rio", "lines": [{"text": "ab"}]}, {}),
        ({}, {"lines": "missing_required_field", "city": "missing_required_field"}),
        ([], {"body": "invalid_type"}),
        (
            {"city": 7, "lines": [], "zip": 1, "street": 2},
            {
                "city": "invalid_type",
                "lines": "invalid_value",
                "zip": "unknown_field",
                "street": "unknown_field",
            },
        ),
        (
            {"city": "x" * 21, "lines": [{"text": "ab"}, {}, {"text": "a"}, 7]},
            {
                "city": "invalid_value",
                "lines[1].text": "missing_required_field",
                "lines[2].text": "invalid_value",
                "lines[3]": "invalid_type",
            },
        ),
    ],
)
def test_each_invalid_field_has_one_error(value: object, found: dict[str, str]) -> None:
    assert error_codes(ADDRESS, value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"address": {"city": "Rio", "lines": [{"text": "a"}]}}, {"address.lines[0].text"}),
        (
            {"address": {"lines": [{}], "zip": 1}},
            {"address.lines[0].text", "address.city", "address.zip"},
        ),
        ({"address": 7}, {"address"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "nullable",
    [
        ADDRESS,
        {"anyOf": [ADDRESS, {"type": "null"}]},
        {"oneOf": [{"type": "null"}, ADDRESS]},
        {"anyOf": [{"allOf": [ADDRESS]}, {"type": "null"}]},
        {"anyOf": [{"type": "string"}, {"oneOf": [ADDRESS, {"type": "array"}]}]},
    ],
)
def test_nested_fields_are_named_behind_alternatives_too(
    nullable: Json, value: object, found: set[str]
) -> None:
    schema = {"type": "object", "properties": {"address": nullable}}

    assert error_codes(schema, value).keys() == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"kind": "card", "number": "12"}, {}),
        ({"kind": "card", "number": "x"}, {"number": "invalid_format"}),
        ({"kind": "card"}, {"number": "missing_required_field"}),
        ({"kind": "sepa", "iban": 7}, {"iban": "invalid_type"}),
        ({"kind": "cash"}, {"kind": "invalid_value"}),
        ({"kind": 7, "number": "x"}, {"kind": "invalid_value"}),
        ({}, {"kind": "missing_required_field"}),
        (7, {"body": "invalid_type"}),
    ],
)
@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_the_alternative_is_chosen_by_its_constant(
    keyword: str, value: object, found: dict[str, str]
) -> None:
    assert error_codes({keyword: [CARD, DEBIT]}, value) == found


@pytest.mark.parametrize(
    ("keyword", "value", "detail"),
    [
        ("oneOf", {}, "must have one of a, b with c"),
        ("anyOf", {"b": 1}, "must have one of a, b with c"),
        (
            "oneOf",
            {"a": 1, "b": 1, "c": 1},
            "has a, b with c together, and must have just one of a, b with c",
        ),
        (
            "oneOf",
            7,
            "fits a value with a, a value with b and c at once,"
            " and must fit just one of a value with a, a value with b and c",
        ),
    ],
)
def test_members_of_which_one_is_required_are_named(
    keyword: str, value: object, detail: str
) -> None:
    schema = compiled({keyword: [{"required": ["a"]}, {"required": ["b", "c"]}]})
    assert detail in [one.detail for one in schema.errors(value)]


@pytest.mark.parametrize(
    ("schema", "value", "found"),
    [
        ({"dependentRequired": {"a": ["b", "c"]}}, {"a": 1}, {"b", "c"}),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"a": 1}, {"b"}),
        ({"unevaluatedProperties": False}, {"a": 1, "b": 2}, {"a", "b"}),
        ({"properties": {"a": False}}, {"a": 1}, {"a"}),
        ({"prefixItems": [{}], "items": False}, [1, 2], {"[1]"}),
        ({"propertyNames": {"maxLength": 2}}, {"abc": 1, "d": 2}, {"abc"}),
        ({"patternProperties": {"^x": {"type": "string"}}}, {"xa": 1, "xb": 2}, {"xa", "xb"}),
        ({"uniqueItems": True}, [1, 1], {"body"}),
        ({"oneOf": [{"type": "integer"}, {"minimum": 0}]}, 5, {"body"}),
        ({"not": {"type": "integer"}}, 5, {"body"}),
        ({"const": "a"}, "b", {"body"}),
        (False, 1, {"body"}),
        ({"required": [""]}, {}, {"body"}),
        ({"allOf": [{"required": ["a"]}, {"required": ["a", "b"]}]}, {}, {"a", "b"}),
    ],
)
def test_errors_of_every_keyword_name_the_field(
    schema: Any, value: object, found: set[str]
) -> None:
    assert error_codes(schema, value).keys() == found


@pytest.mark.parametrize(
    ("schema", "value", "found"),
    [
        ({"type": "integer"}, "x", {"page"}),
        ({"type": "array", "items": {"type": "integer"}}, [1, "x"], {"page[1]"}),
        (ADDRESS, {"lines": [{}], "zip": 1}, {"page.city", "page.zip", "page.lines[0].text"}),
    ],
)
def test_the_root_names_the_value_itself(schema: Json, value: object, found: set[str]) -> None:
    assert error_codes(schema, value, root="page").keys() == found


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date-time", "2027-03-04T00:00:00Z", "2027-03-04T00:00:00"),
        ("date", "2024-02-29", "2023-02-29"),
        ("time", "10:00:00Z", "25:00:00Z"),
        ("uuid", "00000000-0000-4000-8000-000000000000", "0000"),
        ("email", "a@example.com", "a.example.com"),
        ("uri", "https://example.com/a?b#c", "/a"),
        ("uri-reference", "/a", "\\\\a"),
        ("hostname", "example.com", "-a.example"),
        ("ipv4", "192.0.2.1", "192.0.2.256"),
        ("ipv6", "2001:db8::1", "2001:db8::g"),
        ("regex", "^a+$", "["),
    ],
)
def test_known_formats_are_asserted(name: str, good: str, bad: str) -> None:
    schema = {"type": "string", "format": name}

    assert error_codes(schema, good) == {}
    assert error_codes(schema, bad) == {"body": "invalid_format"}


@pytest.mark.parametrize(
    ("definition", "value", "certain"),
    [
        ({"type": "string", "format": "date"}, "today", False),
        ({"type": "string", "pattern": "^[0-9]+$"}, "", True),
        ({"type": "string", "pattern": "^[0-9]+$"}, "a", True),
        ({"type": "string", "pattern": "^[0-9]+$"}, "1\n", False),
        ({"type": "string", "pattern": r"^\d+$"}, "\u0663", False),
        ({"type": "string", "pattern": "^[[:alpha:]]+$"}, "a", False),
        ({"type": "string", "maxLength": 1}, "ab", True),
        ({"anyOf": [{"type": "string", "pattern": "^1$"}, {"const": "3"}]}, "2", True),
        (
            {"anyOf": [{"type": "string", "pattern": "^1$"}, {"type": "string", "format": "date"}]},
            "2",
            False,
        ),
    ],
)
def test_what_another_reading_allows_is_not_certain(
    definition: Any, value: str, *, certain: bool
) -> None:
    for schema, one in (definition, value), ({"items": definition}, [value]):
        [error] = compiled(schema).errors(one)
        assert error.is_certain is certain


@pytest.mark.parametrize("name", ["int32", "int64", "float", "binary", "password", "cpf"])
def test_unknown_formats_accept_anything(name: str) -> None:
    assert error_codes({"format": name}, "%") == {}


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("others", [{"type": "integer"}, {}, {"minimum": -(2**70)}])
def test_integers_have_the_size_of_their_format(bits: int, others: Json) -> None:
    schema = {"format": f"int{bits}", **others}
    least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

    assert error_codes(schema, least) == error_codes(schema, most) == {}
    for value in (least - 1, most + 1, 2**80, -1e30):
        assert error_codes(schema, value) == {"body": "invalid_value"}


def test_narrower_bounds_than_those_of_a_format_stay() -> None:
    schema = {"type": "integer", "format": "int32", "minimum": 1, "maximum": 9}

    assert [error_codes(schema, value) != {} for value in (0, 1, 9, 10)] == [
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("name", "largest", "beyond"),
    [
        ("float", [3.4028234663852886e38, 3.4028235e38, 10**38], [3.4028236e38, 1e39, 10**39]),
        ("double", [1.7976931348623157e308, 10**308], [2**1024, 10**400]),
    ],
)
@pytest.mark.parametrize("others", [{"type": "number"}, {"type": ["integer", "null"]}, {}])
def test_numbers_have_the_range_of_their_format(
    name: str, largest: list[float], beyond: list[float], others: Json
) -> None:
    schema = {"format": name, **others}

    for value in [0, 1e-60, *largest] if others == {"type": "number"} else [0, *largest[-1:]]:
        assert error_codes(schema, value) == error_codes(schema, -value) == {}
    for value in beyond:
        assert error_codes(schema, value) == {"body": "invalid_value"}
        [error] = compiled({"properties": {"a": schema}}).errors({"a": -value})
        assert (error.param, error.detail.startswith("must be within -")) == ("a", True)


def test_a_keyword_of_that_name_in_a_contract_is_an_extension() -> None:
    for written in ("half", [], None):
        assert error_codes({"type": "number", "x-floating": written}, 1e300) == {}


@pytest.mark.parametrize("text", ["", "dGV4dA==", "dGV4dDE=", "ab+/", "A" * 4000])
def test_base64_is_of_the_format_byte(text: str) -> None:
    assert error_codes({"type": "string", "format": "byte"}, text) == {}


@pytest.mark.parametrize("text", ["%", "dGV4dA", "dGV4d===", "a-_b", "dG V", "dGV4dA==\n", "====x"])
def test_any_other_text_is_not_of_the_format_byte(text: str) -> None:
    schema = compiled({"type": "string", "format": "byte"})
    [error] = schema.errors(text)
    assert (error.detail, error.code) == (
        "must be base64 with its padding (RFC 4648)",
        "invalid_format",
    )


TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=8, max_size=30).map(
    "\N{CURRENCY SIGN}{}".format  # so that no text is part of a message by chance: "properti"
)
SCALAR = TEXT | st.integers(10**8) | st.floats(10**8, allow_infinity=False)
VALUE = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "kind", "lines"]) | TEXT, inner, max_size=4)
    ),
    max_leaves=6,
)
STRICT: tuple[Any, ...] = (
    False,
    ADDRESS,
    {"oneOf": [CARD, DEBIT]},
    {"type": "boolean"},
    {"enum": ["x", 1, None]},
    {"const": {"a": 1}},
    {"maxLength": 2, "maximum": 3, "maxItems": 0, "maxProperties": 0},
    {"multipleOf": 7, "pattern": "^$", "propertyNames": {"maxLength": 0}},
    {"format": "email", "additionalProperties": False, "items": False},
    {"unevaluatedProperties": False, "unevaluatedItems": False},
    {"contains": {"const": 1}, "uniqueItems": True, "minLength": 99, "minItems": 9},
    {"not": {}},
    {"if": True, "then": {"required": ["zzz"], "type": "null"}},
    {"oneOf": [{}, {"minLength": 0}], "dependentRequired": {"a": ["zzz"]}},
    {"additionalProperties": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}},
)
STRICT_SCHEMAS = [compiled(schema) for schema in STRICT]


def texts(value: object) -> list[str]:
    """Every text that ``value`` holds, names included, and its numbers as they are written."""
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [str(value)]


@given(value=VALUE)
def test_errors_never_contain_the_value(value: object) -> None:
    hidden = [text for text in texts(value) if len(text) >= 8]

    for schema in STRICT_SCHEMAS:
        for error in schema.errors(value):
            assert not any(text in error.detail for text in hidden)
            assert error.param
            assert error.detail


@pytest.mark.parametrize(
    "value",
    [
        {"data": [[]] * 199_000, "has_more": False},
        {"data": [{}] * 60_000, "has_more": False},
        {"data": [{"id": 1, "name": [], "status": "x"}] * 30_000, "has_more": False},
        {"data": [], "has_more": {f"m{number}": [] for number in range(100_000)}},
        {f"m{number}": [] for number in range(100_000)},
        [[]] * 199_000,
    ],
)
def test_a_large_value_has_few_errors_and_never_none(value: object) -> None:
    page = Contract.bundled().operations["listCredentials"].response(200)
    assert page is not None
    schema = page.content["application/json"].schema
    assert schema is not None
    # Without a bound, each would take the library half a minute and a gigabyte.
    assert len(schema.errors(value)) == 1


def test_the_errors_of_a_value_are_bounded() -> None:
    page = Contract.bundled().operations["listCredentials"].response(200)
    assert page is not None
    schema = page.content["application/json"].schema
    assert schema is not None
    items = [{"id": 1, "name": [], "status": "x", "client_id": 1}] * 300
    found = schema.errors({"data": items, "has_more": False})
    assert 300 < len(found) <= 1000


@pytest.mark.parametrize(
    ("schema", "value", "detail"),
    [
        ({"const": 1}, 2, "must be 1"),
        ({"const": "card"}, "cash", "must be card"),
        ({"const": {"a": [None]}}, {}, 'must be {"a": [null]}'),
        ({"enum": ["a", 2, None]}, "b", "must be one of a, 2, null"),
        ({"not": {"type": "string"}}, "a", "is what is excluded here"),
        ({"contains": {"const": 1}}, [2],
         "has too few items, or too many, of the kind that it must contain"),
        ({"prefixItems": [{}], "unevaluatedItems": False}, [1, 2],
         "has more items than are allowed here"),
    ],
)  # fmt: skip
def test_a_detail_says_what_is_wrong_of_the_value(schema: Json, value: object, detail: str) -> None:
    assert [one.detail for one in compiled(schema).errors(value)] == [detail]
