"""The contract says what the seed says, field by field, and nothing stricter.

The seed is the published description of POST /auth/credentials, version 2026-03-01.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
import openapi_spec_validator
import pytest
import yaml

import openapi


class SeedField(NamedTuple):
    """One line of the seed. The location is a response status, "request" or "header"."""

    location: str
    name: str
    type: str
    required: bool = False
    nullable: bool = False
    enum: tuple[str, ...] = ()
    example: str | None = None


class ContractField(NamedTuple):
    name: str
    schema: dict[str, Any]
    required: bool


class Example(NamedTuple):
    """A value in the contract, and the JSON pointer of the schema that it illustrates."""

    schema_pointer: str
    value: Any


PROBLEM = (
    SeedField("", "type", "string", required=True),
    SeedField("", "title", "string", required=True),
    SeedField("", "status", "integer", required=True),
    SeedField("", "detail", "string", required=True),
    SeedField("", "instance", "string"),
    SeedField("", "code", "string"),
    SeedField("", "param", "string"),
    SeedField("", "errors", "array"),
    SeedField("", "errors.param", "string", required=True),
    SeedField("", "errors.detail", "string", required=True),
    SeedField("", "errors.code", "string"),
)
ERROR_STATUSES = ("400", "401", "422", "429", "500")
KEY_NAME = "Production Key"
EXPIRY = "2027-03-04T00:00:00Z"
SECRET = "dinie_cs_live_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
SEED = (
    SeedField("header", "Idempotency-Key", "string"),
    SeedField("request", "name", "string", required=True, example=KEY_NAME),
    SeedField("request", "expires_at", "string", nullable=True, example=EXPIRY),
    SeedField("201", "id", "string", required=True),
    SeedField("201", "client_id", "string", required=True),
    SeedField("201", "name", "string", required=True, example=KEY_NAME),
    SeedField("201", "status", "string", required=True, enum=("active", "revoked")),
    SeedField("201", "expires_at", "string", required=True, nullable=True),
    SeedField("201", "created_at", "string", required=True),
    SeedField("201", "updated_at", "string", required=True),
    SeedField("201", "last_used_at", "string", required=True, nullable=True),
    SeedField("201", "client_secret", "string", required=True, example=SECRET),
    *(field._replace(location=status) for status in ERROR_STATUSES for field in PROBLEM),
)
MEDIA_TYPES = {
    "request": "application/json",
    "201": "application/json",
    **dict.fromkeys(ERROR_STATUSES, "application/problem+json"),
}

# What a schema may say besides the seed's facts: annotations, which refuse nothing.
ANNOTATIONS = {"title", "description", "example", "examples"}
OBJECT_KEYWORDS = ANNOTATIONS | {"type", "properties", "required", "allOf"}
FIELD_KEYWORDS = ANNOTATIONS | {"type", "enum", "items", "format"}
FORMATS = {
    **dict.fromkeys(("expires_at", "created_at", "updated_at", "last_used_at"), "date-time"),
    **dict.fromkeys(("type", "instance"), "uri-reference"),
}

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(openapi.__file__).parent / "dinie-2026-03-01.yaml").read_text(encoding="utf-8")
)
REGISTRY = jsonschema_rs.Registry([("urn:contract", DOCUMENT)])


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """A copy of the node, with the target of each local reference in its place."""
    if "$ref" in node:
        assert node.keys() == {"$ref"}, "a keyword beside a reference would be lost"
        target = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return resolved(target)
    copy = dict(node)
    for key, value in node.items():
        if isinstance(value, dict):
            copy[key] = resolved(value)
        elif isinstance(value, list):
            copy[key] = [resolved(item) if isinstance(item, dict) else item for item in value]
    return copy


PATH_ITEM: dict[str, Any] = resolved(DOCUMENT["paths"]["/auth/credentials"])
OPERATION: dict[str, Any] = PATH_ITEM["post"]


def parameters() -> list[dict[str, Any]]:
    return [*PATH_ITEM.get("parameters", []), *OPERATION.get("parameters", [])]


def body_schema(location: str) -> dict[str, Any]:
    body = OPERATION["requestBody"] if location == "request" else OPERATION["responses"][location]
    schema: dict[str, Any] = body["content"][MEDIA_TYPES[location]]["schema"]
    return schema


def pieces_of(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for piece in schema.get("allOf", ()):
        yield from pieces_of(piece)


def fields_of(schema: dict[str, Any], prefix: str = "") -> Iterator[ContractField]:
    """Every field the schema declares or requires, the fields of array items after a dot."""
    pieces = list(pieces_of(schema))
    required = {name for piece in pieces for name in piece.get("required", ())}
    declared = {name for piece in pieces for name in piece.get("properties", {})}
    for piece in pieces:
        for name, field in piece.get("properties", {}).items():
            yield ContractField(prefix + name, field, name in required)
            if "items" in field:
                yield from fields_of(field["items"], f"{prefix}{name}.")
    for name in required - declared:
        yield ContractField(prefix + name, {}, required=True)


def contract_fields(location: str) -> list[ContractField]:
    if location != "header":
        return list(fields_of(body_schema(location)))
    return [
        ContractField(parameter["name"], parameter["schema"], parameter.get("required", False))
        for parameter in parameters()
    ]


def object_schemas_of(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema of the body and of array items, and what they are composed of."""
    for piece in pieces_of(schema):
        yield piece
        for field in piece.get("properties", {}).values():
            if "items" in field:
                yield from object_schemas_of(field["items"])


def nodes_of(node: object, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document but those inside examples, with its JSON pointer."""
    if isinstance(node, dict):
        yield pointer, node
        for key, value in node.items():
            if key not in {"example", "examples"}:
                escaped = str(key).replace("~", "~0").replace("/", "~1")
                yield from nodes_of(value, f"{pointer}/{escaped}")
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from nodes_of(item, f"{pointer}/{index}")


def examples_of(pointer: str, node: dict[str, Any]) -> list[Example]:
    """The examples of a media type, a parameter, a header or a schema."""
    values = [node["example"]] if "example" in node else []
    if "schema" not in node:
        return [Example(pointer, value) for value in (*values, *node.get("examples", ()))]
    values += [example["value"] for example in node.get("examples", {}).values()]
    return [Example(f"{pointer}/schema", value) for value in values]


@pytest.mark.parametrize("seed", SEED, ids=lambda seed: f"{seed.location}-{seed.name}")
def test_each_field_of_the_seed_is_in_the_contract(seed: SeedField) -> None:
    (field,) = (field for field in contract_fields(seed.location) if field.name == seed.name)
    contract_type = field.schema["type"]
    types = [contract_type] if isinstance(contract_type, str) else contract_type

    assert sorted(types) == sorted([seed.type, *(["null"] if seed.nullable else [])])
    assert field.required == seed.required
    assert set(field.schema.get("enum", ())) == set(seed.enum)
    assert seed.example is None or seed.example in field.schema["examples"]


@pytest.mark.parametrize("location", ["header", *MEDIA_TYPES])
def test_the_contract_has_no_other_fields(location: str) -> None:
    seed_names = sorted(seed.name for seed in SEED if seed.location == location)

    assert sorted(field.name for field in contract_fields(location)) == seed_names


@pytest.mark.parametrize("location", MEDIA_TYPES)
def test_no_object_is_stricter_than_in_the_seed(location: str) -> None:
    for schema in object_schemas_of(body_schema(location)):
        assert schema.keys() <= OBJECT_KEYWORDS
        assert schema.get("type", "object") == "object"


@pytest.mark.parametrize("location", ["header", *MEDIA_TYPES])
def test_no_field_is_stricter_than_in_the_seed(location: str) -> None:
    for field in contract_fields(location):
        assert field.schema.keys() <= FIELD_KEYWORDS, field.name
        assert field.schema.get("format") in {None, FORMATS.get(field.name)}, field.name


def test_the_idempotency_key_is_a_header() -> None:
    assert [parameter["in"] for parameter in parameters()] == ["header"]


def test_no_response_header_is_required() -> None:
    for response in OPERATION["responses"].values():
        assert not any(header.get("required") for header in response["headers"].values())


def test_statuses_and_media_types_are_those_of_the_seed() -> None:
    documented = {"request": OPERATION["requestBody"], **OPERATION["responses"]}

    assert OPERATION["requestBody"]["required"]
    assert {location: list(body["content"]) for location, body in documented.items()} == {
        location: [media_type] for location, media_type in MEDIA_TYPES.items()
    }


def test_the_operation_requires_a_bearer_token() -> None:
    assert OPERATION["security"] == [{"bearerAuth": []}]
    assert DOCUMENT["components"]["securitySchemes"]["bearerAuth"]["scheme"] == "bearer"


@pytest.mark.parametrize(
    "example",
    [example for pointer, node in nodes_of(DOCUMENT) for example in examples_of(pointer, node)],
    ids=lambda example: example.schema_pointer,
)
def test_each_example_is_valid(example: Example) -> None:
    validator = jsonschema_rs.Draft202012Validator(
        {"$ref": f"urn:contract#{example.schema_pointer.replace('{', '%7B').replace('}', '%7D')}"},
        registry=REGISTRY,
        validate_formats=True,
    )

    validator.validate(example.value)


def test_every_body_parameter_and_header_has_an_example() -> None:
    illustrated = [(pointer, node) for pointer, node in nodes_of(DOCUMENT) if "schema" in node]

    assert [pointer for pointer, node in illustrated if not examples_of(pointer, node)] == []


def test_the_contract_is_a_valid_openapi_document() -> None:
    openapi_spec_validator.validate(DOCUMENT)

    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["info"]["version"] == "2026-03-01"


def test_the_contract_has_no_extensions() -> None:
    keys = [key for _, node in nodes_of(DOCUMENT) for key in node]

    assert [key for key in keys if key.startswith("x-")] == []


def test_operation_ids_and_paths_are_fixed() -> None:
    assert {
        (method, path): operation["operationId"]
        for path, path_item in DOCUMENT["paths"].items()
        for method, operation in path_item.items()
    } == {
        ("post", "/auth/token"): "createToken",
        ("get", "/auth/credentials"): "listCredentials",
        ("post", "/auth/credentials"): "createCredential",
        ("delete", "/auth/credentials/{client_id}"): "revokeCredential",
    }


def test_a_new_credential_links_to_the_list_and_to_its_revocation() -> None:
    links = OPERATION["responses"]["201"]["links"].values()

    assert {link["operationId"]: link.get("parameters", {}) for link in links} == {
        "listCredentials": {},
        "revokeCredential": {"client_id": "$response.body#/client_id"},
    }


def test_the_servers_are_production_sandbox_and_the_mock() -> None:
    assert [server["url"] for server in DOCUMENT["servers"]] == [
        "https://api.dinie.com.br/v3",
        "https://sandbox.api.dinie.com.br/v3",
        "http://127.0.0.1:8080/v3",
    ]
