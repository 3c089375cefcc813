"""The branch of ``oneOf`` or ``anyOf`` that a value is meant for: its errors and validity."""

import random
from copy import deepcopy
from typing import Any

import pytest

from mock_server.documented.dynamic import dynamic_value
from openapi.contract import Contract
from openapi.generation import Generation
from openapi.schema import Schema

Json = dict[str, Any]

CARD: Json = {
    "type": "object",
    "required": ["kind", "number"],
    "properties": {"kind": {"type": "string"}, "number": {"type": "string", "minLength": 4}},
}
PIX: Json = {
    "type": "object",
    "required": ["kind", "key"],
    "properties": {"kind": {"type": "string"}, "key": {"type": "string"}},
}
MAPPING = {"card": "#/components/schemas/Card", "pix": "#/components/schemas/Pix"}


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def body_schema(schema: Json, version: str = "3.0.3", **schemas: Json) -> Schema:
    content = {"application/json": {"schema": schema}}
    operation = {"requestBody": {"content": content}, "responses": {"200": {"description": "x"}}}
    contract = Contract(
        {
            "openapi": version,
            "info": {"title": "t", "version": "1"},
            "paths": {"/a": {"post": operation}},
            "components": {"schemas": {"Card": CARD, "Pix": PIX, **schemas}},
        }
    )
    body = contract.operations["POST /a"].json_body
    assert body is not None
    assert body.schema is not None
    return body.schema


def chosen(keyword: str = "oneOf", mapping: Json | None = None, **others: Any) -> Json:
    discriminator: Json = {"propertyName": "kind"}
    if mapping is not None:
        discriminator["mapping"] = mapping
    return {keyword: [ref("Card"), ref("Pix")], "discriminator": discriminator, **others}


def errors(schema: Schema, value: object) -> dict[str, str]:
    return {one.param: one.detail for one in schema.errors(value)}


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    "mapping",
    [MAPPING, {"card": "Card", "pix": "Pix"}, {**MAPPING, "credit": "#/components/schemas/Card"}],
)
@pytest.mark.parametrize(
    ("value", "params"),
    [
        ({"kind": "card", "number": "4111"}, []),
        ({"kind": "card", "number": "4111", "key": "k"}, []),
        ({"kind": "pix", "key": "k"}, []),
        ({"kind": "card", "number": "1"}, ["number"]),
        ({"kind": "card", "key": "k"}, ["number"]),
        ({"kind": "pix", "number": "4111"}, ["key"]),
        ({"kind": "pix", "key": 1}, ["key"]),
        ({"kind": "cash"}, ["kind"]),
        ({"kind": "Card", "number": "4111"}, ["kind"]),
        ({"kind": None}, ["kind"]),
        ({"number": "4111"}, ["kind"]),
        ({}, ["kind"]),
        ([], ["body"]),
    ],
)
def test_the_mapped_value_chooses_the_branch(
    keyword: str, version: str, mapping: Json, value: object, params: list[str]
) -> None:
    assert list(errors(body_schema(chosen(keyword, mapping), version), value)) == params


def test_all_mapped_values_are_named_where_another_is_sent() -> None:
    mapping = {**MAPPING, "credit": "#/components/schemas/Card"}

    found = errors(body_schema(chosen(mapping=mapping)), {"kind": "cash"})
    assert found == {"kind": "must be one of card, credit, pix"}


def test_a_branch_without_a_mapping_of_its_own_is_called_by_its_name() -> None:
    schema = body_schema(chosen(mapping={"card": "#/components/schemas/Card"}))

    assert errors(schema, {"kind": "Pix", "key": "k"}) == {}
    assert errors(schema, {"kind": "pix"}) == {"kind": "must be one of card, Pix"}


def test_the_branch_is_found_within_a_value_and_behind_null() -> None:
    holder = {"type": "object", "properties": {"pay": chosen(mapping=MAPPING, nullable=True)}}
    holder["properties"]["all"] = {"type": "array", "items": chosen(mapping=MAPPING)}
    schema = body_schema(holder)

    assert errors(schema, {"pay": None}) == {}
    assert list(errors(schema, {"pay": {"kind": "pix"}})) == ["pay.key"]
    assert list(errors(schema, {"all": [{"kind": "card"}]})) == ["all[0].number"]


def test_names_of_schemas_choose_the_errors_alone_where_nothing_is_mapped() -> None:
    schema = body_schema(chosen())

    assert errors(schema, {"kind": "visa", "number": "4111"}) == {}
    assert list(errors(schema, {"kind": "Pix", "number": "1"})) == ["key"]
    assert list(errors(schema, {"kind": "Card", "number": "1"})) == ["number"]


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
@pytest.mark.parametrize(
    "value",
    [{"kind": "visa"}, {"kind": "card", "number": "1"}, {"kind": 7, "key": "k"}, {"kind": None}],
)
def test_a_value_that_names_no_schema_is_told_their_names(keyword: str, value: Json) -> None:
    holder = {"type": "object", "properties": {"pay": chosen(keyword)}}

    assert errors(body_schema(chosen(keyword)), value) == {"kind": "must be one of Card, Pix"}
    found = errors(body_schema(holder), {"pay": value})
    assert found == {"pay.kind": "must be one of Card, Pix"}


def test_a_value_that_fits_several_branches_is_told_the_names_as_well() -> None:
    value = {"kind": "visa", "number": "4111", "key": "k"}

    assert errors(body_schema(chosen()), value) == {"kind": "must be one of Card, Pix"}


def told_apart(*branches: Json) -> Json:
    return {"oneOf": [*branches], "discriminator": {"propertyName": "kind"}}


@pytest.mark.parametrize(
    ("schema", "others", "value", "found"),
    [
        (
            told_apart(ref("Card"), ref("Pix"), {"type": "null"}),
            {},
            {"kind": "visa"},
            {"kind": "must be one of Card, Pix"},
        ),
        (
            told_apart(
                ref("Card"), {"required": ["cash"], "properties": {"cash": {"type": "number"}}}
            ),
            {},
            {"kind": "visa", "cash": "x"},
            {"cash": "must be a number"},
        ),
        (
            chosen(),
            {
                "Card": {**CARD, "properties": {"kind": {"const": "card"}}},
                "Pix": {**PIX, "properties": {"kind": {"const": "pix"}}},
            },
            {"kind": "visa"},
            {"kind": "must be one of card, pix"},
        ),
    ],
)  # fmt: skip
def test_names_are_told_where_nothing_else_tells_the_branches_apart(
    schema: Json, others: Json, value: Json, found: Json
) -> None:
    assert errors(body_schema(schema, "3.1.0", **others), value) == found


@pytest.mark.parametrize(
    ("mapping", "kinds"), [(None, {"Card", "Pix"}), (MAPPING, {"card", "pix"})]
)
def test_a_generated_value_names_its_branch(mapping: Json | None, kinds: set[str]) -> None:
    content = {"application/json": {"schema": {"type": "array", "items": chosen(mapping=mapping)}}}
    operation = {"responses": {"200": {"description": "x", "content": content}}}
    contract = Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/a": {"get": operation}},
            "components": {"schemas": {"Card": CARD, "Pix": PIX}},
        }
    )
    schema = contract.operations["GET /a"].responses["200"].content["application/json"].schema
    assert schema is not None

    assert {
        one["kind"] for one in Generation(contract.document, contract.resolve_schema).value(schema)
    } <= kinds
    drawn = [dynamic_value(schema, contract.resolve_schema, random.Random(at)) for at in range(20)]
    assert {one["kind"] for some in drawn for one in some} == kinds


@pytest.mark.parametrize("rule", [{"const": "CC"}, {"enum": ["CC", "VISA"]}])
def test_constants_of_the_branch_go_before_the_mapping(rule: Json) -> None:
    own = {"type": "object", "required": ["kind"], "properties": {"kind": rule}}
    base = {"allOf": [own, {"properties": {"number": {"minLength": 4}}}]}
    for card in (own, base):
        schema = body_schema(chosen(mapping=MAPPING), "3.1.0", Card=card)
        assert errors(schema, {"kind": "CC"}) == {}
        assert errors(schema, {"kind": "card"}) != {}


@pytest.mark.parametrize(
    "discriminator",
    [None, "kind", {}, {"propertyName": 1}, {"propertyName": "kind", "mapping": {"card": 7}}],
)
def test_a_broken_discriminator_chooses_nothing(discriminator: object) -> None:
    schema = body_schema(chosen() | {"discriminator": discriminator}, "3.1.0")

    assert errors(schema, {"kind": "x"})
    assert errors(schema, {"kind": 7})


PET: Json = {
    "type": "object",
    "required": ["kind", "name"],
    "properties": {
        "kind": {"type": "string"},
        "name": {"type": "string"},
        "friend": {"$ref": "#/components/schemas/Pet"},
    },
    "discriminator": {
        "propertyName": "kind",
        "mapping": {"cat": "#/components/schemas/Cat", "pet": "Pet", "lion": "Lion"},
    },
}
HIERARCHY: Json = {
    "Pet": PET,
    "Cat": {
        "allOf": [ref("Pet"), {"required": ["lives"], "properties": {"lives": {"type": "integer"}}}]
    },
    "Lion": {"allOf": [ref("Cat"), {"required": ["mane"]}]},
    "Dog": {"allOf": [{"required": ["bark"]}, ref("Pet")]},
}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("value", "params"),
    [
        ({"kind": "cat", "name": "x", "lives": 9}, []),
        ({"kind": "pet", "name": "x"}, []),
        ({"kind": "Dog", "name": "x", "bark": 1}, []),
        ({"kind": "lion", "name": "x", "lives": 1, "mane": 1}, []),
        ({"kind": "cat", "name": "x"}, ["lives"]),
        ({"kind": "cat", "lives": 9}, ["name"]),
        ({"kind": "lion", "name": "x", "lives": 1}, ["mane"]),
        ({"kind": "Dog", "name": "x"}, ["bark"]),
        ({"kind": "cow", "name": "x"}, ["kind"]),
        ({"name": "x"}, ["kind"]),
        ({"kind": "pet", "name": "x", "friend": {"kind": "cat", "name": "y"}}, ["friend.lives"]),
    ],
)
def test_a_schema_that_others_extend_stands_for_them(
    version: str, value: object, params: list[str]
) -> None:
    schema = body_schema(ref("Pet"), version, **deepcopy(HIERARCHY))

    assert list(errors(schema, value)) == params
    assert list(errors(body_schema({"type": "array", "items": ref("Pet")}, version,
                                   **deepcopy(HIERARCHY)), [value])) == [
        f"[0].{one}" for one in params
    ]  # fmt: skip


def test_a_schema_that_extends_another_is_that_alone() -> None:
    schema = body_schema(ref("Cat"), **deepcopy(HIERARCHY))

    assert list(errors(schema, {"kind": "anything", "name": "x", "lives": 9})) == []
    assert list(errors(schema, {"kind": "cat", "lives": 9})) == ["name"]


@pytest.mark.parametrize("is_branch", [True, False])
@pytest.mark.parametrize("name", ["Cat", "Dog", "Lion", "Own"])
def test_a_generated_value_of_what_extends_another_has_its_name(
    name: str, *, is_branch: bool
) -> None:
    own = {"allOf": [ref("Pet"), {"properties": {"kind": {"enum": ["OWN", "own"]}}}]}
    schemas = deepcopy(HIERARCHY) | {"Own": own}
    del schemas["Pet"]["discriminator"]["mapping"]
    schema = {"oneOf": [ref(name), {"type": "integer"}]} if is_branch else ref(name)
    content = {"application/json": {"schema": schema}}
    operation = {"responses": {"200": {"description": "x", "content": content}}}
    contract = Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/a": {"get": operation}},
            "components": {"schemas": schemas},
        }
    )
    found = contract.operations["GET /a"].responses["200"].content["application/json"].schema
    assert found is not None

    assert Generation(contract.document, contract.resolve_schema).value(found)["kind"] == (
        "OWN" if name == "Own" else name
    )


def test_a_hierarchy_that_nothing_extends_stays_as_it_is() -> None:
    schema = body_schema(ref("Pet"), Pet=deepcopy(PET))

    assert errors(schema, {"kind": "anything", "name": "x"}) == {}


STATUS = {"type": "object", "properties": {"message": {"type": "string"}, "status": {}}}
META = {"type": "object", "properties": {"message": {"type": "string"}, "meta": {}}}
FORMS = "an object of message and status, an object of message and meta"


@pytest.mark.parametrize(
    ("schema", "value", "found"),
    [
        (chosen(), {"kind": "x", "number": "1"}, {"kind": "must be one of Card, Pix"}),
        (chosen(), {"number": "4111"}, {"kind": "is required"}),
        (
            {"oneOf": [STATUS, META]},
            {},
            {"body": f"fits {FORMS} at once, and must fit just one of {FORMS}"},
        ),
        ({"oneOf": [STATUS, META]}, {"message": 1}, {"message": "must be a string"}),
        ({"oneOf": [STATUS, META]}, 7, {"body": "must be an object"}),
        (
            {"anyOf": [{"type": "array"}, {"type": "integer"}]},
            "x",
            {"body": "must be an array or an integer"},
        ),
        (
            {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "string", "enum": ["me"]}]},
            "x",
            {"body": "must be a UUID (RFC 9562) or must be one of me"},
        ),
        (
            {"anyOf": [ref("Card"), {"title": "Cash", "required": ["notes"]}]},
            {"kind": "x"},
            {
                "body": "has none of the documented forms: Card with kind and number,"
                " Cash with notes"
            },
        ),
        (
            {"anyOf": [{"title": "Cash", "required": ["a"]}, {"required": ["b"], "minimum": 0}]},
            {"c": 1},
            {"body": "has none of the documented forms: Cash with a, a value with b"},
        ),
        (
            {"anyOf": [{"minProperties": 2}, {"maxProperties": 0}]},
            {"c": 1},
            {"body": "has less than 2 properties or has more than 0 properties"},
        ),
    ],
)
def test_the_errors_are_of_the_nearest_branch_or_tell_all_of_them(
    schema: Json, value: object, found: dict[str, str]
) -> None:
    assert errors(body_schema(schema, "3.1.0"), value) == found
