"""Upgrade of OpenAPI 3.0 documents to 3.1, the only form that the rest of the project reads.

In 3.1 a schema is JSON Schema 2020-12. 3.0 has keywords of its own: ``nullable``, boolean
``exclusiveMinimum`` and ``exclusiveMaximum``, a single ``example``, and a ``$ref`` beside which
other keywords are ignored.
"""

from collections.abc import Iterator
from typing import Any

_NAMED_SCHEMAS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_LISTED_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE_SCHEMAS = (
    "items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else",
    "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
_DATA = ("example", "examples", "default", "enum", "const", "value")
_NAMED_CARRIERS = (
    "paths", "responses", "parameters", "requestBodies", "headers", "callbacks", "content",
    "encoding", "pathItems",
)  # fmt: skip


def subschemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the direct subschemas of ``schema``."""
    children: list[Any] = [schema.get(keyword) for keyword in _SINGLE_SCHEMAS]
    for keyword in _NAMED_SCHEMAS:
        if isinstance(schema.get(keyword), dict):
            children += schema[keyword].values()
    for keyword in _LISTED_SCHEMAS:
        if isinstance(schema.get(keyword), list):
            children += schema[keyword]
    yield from (child for child in children if isinstance(child, dict))


def carried_schemas(node: object) -> Iterator[dict[str, Any]]:
    """Yield the outermost schemas: of parameters, headers, media types and components."""
    if isinstance(node, list):
        for child in node:
            yield from carried_schemas(child)
    elif isinstance(node, dict):
        for key, child in node.items():
            if key == "schema" and isinstance(child, dict):
                yield child
            elif key == "schemas" and isinstance(child, dict):
                yield from (schema for schema in child.values() if isinstance(schema, dict))
            elif key in _NAMED_CARRIERS and isinstance(child, dict):
                # Names are free: a response may be called "default" and a header "schema".
                yield from carried_schemas(list(child.values()))
            elif key not in _DATA:
                yield from carried_schemas(child)


def upgrade_to_31(document: dict[str, Any]) -> None:
    """Rewrite a 3.0 document in place as 3.1, so that its schemas accept the same values."""
    for schema in carried_schemas(document):
        _upgrade_schema(schema)
    document["openapi"] = "3.1.0"


def _upgrade_schema(schema: dict[str, Any]) -> None:
    if "$ref" in schema:
        for neighbour in [key for key in schema if key != "$ref"]:
            del schema[neighbour]
        return
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and bound in schema:
            schema[exclusive] = schema.pop(bound)
    for child in subschemas(schema):
        _upgrade_schema(child)
    if schema.pop("nullable", False) is True:
        _accept_null(schema)


def _accept_null(schema: dict[str, Any]) -> None:
    """Make ``schema`` accept null, also where ``nullable`` has no effect by the specification.

    By OpenAPI 3.0.3 (section 4.7.24.1) it has none beside ``enum``, ``allOf``, ``oneOf`` and
    ``anyOf``. Generators of contracts write it there all the same for a field that may be null.
    """
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    parts = {key: schema.pop(key) for key in ("allOf", "oneOf", "anyOf") if key in schema}
    if parts:
        schema["anyOf"] = [parts, {"type": "null"}]
