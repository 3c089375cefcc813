"""OpenAPI 3.0 documents, raised to the 3.1 form that the rest of the project reads.

Since 3.1 a schema *is* JSON Schema 2020-12. 3.0 spelt a few things its own way: ``nullable``,
boolean ``exclusiveMinimum`` and ``exclusiveMaximum``, a single ``example``, and a ``$ref`` that
hides its neighbours.
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


def subschemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas that stand directly inside ``schema``."""
    for keyword in _NAMED_SCHEMAS:
        yield from (child for child in schema.get(keyword, {}).values() if isinstance(child, dict))
    for keyword in _LISTED_SCHEMAS:
        yield from (child for child in schema.get(keyword, []) if isinstance(child, dict))
    for keyword in _SINGLE_SCHEMAS:
        if isinstance(schema.get(keyword), dict):
            yield schema[keyword]


def raise_to_31(document: dict[str, Any]) -> None:
    """Rewrite a 3.0 document in place so that its schemas mean the same in 3.1."""
    for schema in document.get("components", {}).get("schemas", {}).values():
        _raise_schema(schema)
    _raise_carriers(document)
    document["openapi"] = "3.1.0"


def _raise_carriers(node: object) -> None:
    """Find the objects that carry a schema: parameters, headers and media types."""
    if isinstance(node, list):
        for child in node:
            _raise_carriers(child)
    elif isinstance(node, dict):
        for key, child in node.items():
            if key == "schema" and isinstance(child, dict):
                _raise_schema(child)
            elif key not in {*_DATA, "schemas"}:
                _raise_carriers(child)


def _raise_schema(schema: dict[str, Any]) -> None:
    if "$ref" in schema:
        for neighbour in [key for key in schema if key != "$ref"]:
            del schema[neighbour]
        return
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and bound in schema:
            schema[exclusive] = schema.pop(bound)
    if schema.pop("nullable", False) is True and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    for child in subschemas(schema):
        _raise_schema(child)
