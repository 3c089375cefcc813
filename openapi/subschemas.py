"""The schemas of a document: all of them, and those directly in a schema."""

from collections.abc import Iterator, Mapping
from typing import Any

from openapi.errors import FILES
from openapi.references import References

_NAMED_SCHEMAS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_LISTED_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE_SCHEMAS = (
    "items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else",
    "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
DATA = frozenset({"example", "examples", "default", "enum", "const", "value"})
"""Keywords with data, in which nothing is a schema or a reference."""

_WITH_SCHEMAS = frozenset({*_NAMED_SCHEMAS, *_LISTED_SCHEMAS, *_SINGLE_SCHEMAS})

_NAMED_CARRIERS = frozenset(
    {
        "paths", "responses", "parameters", "requestBodies", "headers", "callbacks", "content",
        "encoding", "pathItems",
    }
)  # fmt: skip

NAMES = frozenset(
    {*_NAMED_SCHEMAS, *_NAMED_CARRIERS, "schemas", "examples", "links", "securitySchemes"}
)
"""Keywords with a mapping whose keys are free names."""


def schemas_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every schema; changes of a schema that was yielded take effect on what follows."""
    pending = _carried_schemas(document)
    files = References(document)
    found: set[str] = set()
    while pending:
        schema = pending.pop()
        yield schema
        pending += subschemas(schema)
        reference = schema.get("$ref")
        if not isinstance(reference, str) or reference in found:
            continue
        if reference.startswith(f"#/{FILES}/"):
            # In another file anything may be a schema: what a schema refers to is one.
            found.add(reference)
            pending += (one for one in files.leading_to(reference) if isinstance(one, dict))


def named_schemas(document: dict[str, Any]) -> Mapping[str, Any]:
    """The schemas of the components, by name."""
    components = document.get("components", {})
    schemas = components.get("schemas", {}) if isinstance(components, dict) else {}
    return schemas if isinstance(schemas, dict) else {}


def subschemas(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The direct subschemas of ``schema``."""
    # A contract has tens of thousands of schemas, and most have none in them.
    if _WITH_SCHEMAS.isdisjoint(schema):
        return []
    children: list[Any] = []
    for keyword, child in schema.items():
        if keyword not in _WITH_SCHEMAS:
            continue
        if isinstance(child, dict):
            if keyword in _NAMED_SCHEMAS:
                children += child.values()
            elif keyword not in _LISTED_SCHEMAS:
                children.append(child)
        elif isinstance(child, list) and keyword in _LISTED_SCHEMAS:
            children += child
    return [child for child in children if isinstance(child, dict)]


def _carried_schemas(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The outermost schemas: of parameters, headers, media types and components."""
    found: list[Any] = []
    pending: list[Any] = [document]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        elif isinstance(node, dict):
            for key, child in node.items():
                if isinstance(child, dict) and key in _WHERE_SCHEMAS_ARE:
                    found += [child] if key == "schema" else child.values()
                elif isinstance(child, dict) and key in _NAMED_CARRIERS:
                    # Names are free: a response may be called "default" and a header "schema".
                    pending += child.values()
                elif isinstance(child, dict | list) and key not in DATA:
                    pending.append(child)
    return [one for one in found if isinstance(one, dict)]


_WHERE_SCHEMAS_ARE = ("schema", "schemas")
