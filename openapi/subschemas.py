"""The schemas of a document: all of them, and those directly in a schema."""

from collections.abc import Iterator
from typing import Any

from openapi.errors import FILES
from openapi.references import References

_NAMED_SCHEMAS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_LISTED_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE_SCHEMAS = (
    "items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else",
    "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
DATA = ("example", "examples", "default", "enum", "const", "value")
"""Keywords with data, in which nothing is a schema or a reference."""

_NAMED_CARRIERS = (
    "paths", "responses", "parameters", "requestBodies", "headers", "callbacks", "content",
    "encoding", "pathItems",
)  # fmt: skip

NAMES = frozenset(
    {*_NAMED_SCHEMAS, *_NAMED_CARRIERS, "schemas", "examples", "links", "securitySchemes"}
)
"""Keywords with a mapping whose keys are free names."""


def schemas_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every schema; changes of a schema that was yielded take effect on what follows."""
    pending = list(_carried_schemas(document))
    files = References(document)
    found: set[str] = set()
    while pending:
        schema = pending.pop()
        yield schema
        pending.extend(subschemas(schema))
        reference = schema.get("$ref")
        if not isinstance(reference, str) or reference in found:
            continue
        if reference.startswith(f"#/{FILES}/"):
            # In another file anything may be a schema: what a schema refers to is one.
            found.add(reference)
            pending += (one for one in files.leading_to(reference) if isinstance(one, dict))


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


def _carried_schemas(node: object) -> Iterator[dict[str, Any]]:
    """Yield the outermost schemas: of parameters, headers, media types and components."""
    if isinstance(node, list):
        for child in node:
            yield from _carried_schemas(child)
    elif isinstance(node, dict):
        for key, child in node.items():
            if key == "schema" and isinstance(child, dict):
                yield child
            elif key == "schemas" and isinstance(child, dict):
                yield from (schema for schema in child.values() if isinstance(schema, dict))
            elif key in _NAMED_CARRIERS and isinstance(child, dict):
                # Names are free: a response may be called "default" and a header "schema".
                yield from _carried_schemas(list(child.values()))
            elif key not in DATA:
                yield from _carried_schemas(child)
