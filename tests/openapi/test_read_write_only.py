import copy
from typing import Any

import pytest

from openapi.contract import Contract
from openapi.rewriting import rewrite
from openapi.schema import Schema

Json = dict[str, Any]

USER: Json = {
    "type": "object",
    "required": ["id", "name", "password"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string"},
        "password": {"allOf": [{"$ref": "#/components/schemas/Secret"}]},
    },
}
SECRET: Json = {"type": "string", "writeOnly": True}
REFERENCE: Json = {"$ref": "#/components/schemas/User"}


def schemas(version: str, schema: Json, **components: Json) -> tuple[Schema, Schema]:
    """The same schema in a request and in a response."""
    content = {"application/json": {"schema": schema}}
    operation = {
        "requestBody": {"content": content},
        "responses": {"200": {"description": "x", "content": content}},
    }
    contract = Contract(
        {
            "openapi": version,
            "info": {"title": "t", "version": "1"},
            "paths": {"/a": {"post": operation}},
            "components": {"schemas": {"User": USER, "Secret": SECRET, **components}},
        }
    )
    read = contract.operations["POST /a"]
    assert read.request_body is not None
    sent = read.request_body.content["application/json"].schema
    answered = read.responses["200"].content["application/json"].schema
    assert sent is not None
    assert answered is not None
    return sent, answered


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("schema", "wrap"),
    [
        (REFERENCE, lambda user: user),
        (USER, lambda user: user),
        ({"type": "array", "items": REFERENCE}, lambda user: [user]),
        ({"type": "object", "properties": {"user": REFERENCE}}, lambda user: {"user": user}),
        ({"allOf": [REFERENCE, {"type": "object", "required": ["name"]}]}, lambda user: user),
        ({"oneOf": [REFERENCE, {"type": "string"}]}, lambda user: user),
    ],
)
def test_read_only_is_optional_in_requests_and_write_only_in_responses(
    version: str, schema: Json, wrap: Any
) -> None:
    sent, answered = schemas(version, schema)

    assert sent.is_valid(wrap({"name": "Ana", "password": "x"}))
    assert not sent.is_valid(wrap({"id": 1, "name": "Ana"}))
    assert not sent.is_valid(wrap({"password": "x"}))
    assert answered.is_valid(wrap({"id": 1, "name": "Ana"}))
    assert not answered.is_valid(wrap({"name": "Ana", "password": "x"}))


def test_optional_read_only_properties_are_still_validated() -> None:
    sent, _ = schemas("3.1.0", REFERENCE)

    assert [error.param for error in sent.errors({"id": "x", "name": "Ana", "password": 7})] == [
        "id",
        "password",
    ]


def test_a_property_named_read_only_stays_required() -> None:
    plain = {"type": "object", "required": ["readOnly"], "properties": {"readOnly": {}}}
    sent, answered = schemas("3.1.0", plain)

    assert not sent.is_valid({})
    assert not answered.is_valid({})


@pytest.mark.parametrize(
    "unused",
    [
        {"$ref": "#/components/schemas/Missing"},
        {"properties": ["a"], "required": ["a"]},
        {"allOf": 7, "required": True},
    ],
)
def test_broken_schemas_that_no_operation_uses_are_ignored(unused: Json) -> None:
    sent, _ = schemas("3.1.0", REFERENCE, Unused=unused)

    assert sent.is_valid({"name": "Ana", "password": "x"})


def test_only_what_is_looked_at_is_copied() -> None:
    other = {"required": ["id"], "properties": {"id": {"readOnly": True}}}
    whole: Json = {
        "openapi": "3.1.0",
        "components": {"schemas": {"User": copy.deepcopy(USER), "Other": other}},
    }
    requests, responses = rewrite(whole)
    user = whole["components"]["schemas"]["User"]
    assert requests(user)["required"] == ["name", "password"]
    assert requests(user) is requests(user)
    assert requests(user)["properties"] is user["properties"]
    assert responses(user) is user
    assert other["required"] == ["id"]
