"""Rewriting of all schemas of a document: to OpenAPI 3.1, and for requests or responses only.

The rest of the project reads 3.1, where a schema is JSON Schema 2020-12. 3.0 has keywords of its
own: ``nullable``, boolean ``exclusiveMinimum`` and ``exclusiveMaximum``, a single ``example``, and
a ``$ref`` beside which other keywords are ignored.

A required property that is ``readOnly`` may be missing from a request, and one that is
``writeOnly`` from a response (OpenAPI 3.0.3, section 4.7.24.2). OpenAPI 3.1 dropped the sentence;
contracts in 3.1 rely on it all the same.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from itertools import chain
from typing import Any

from openapi.discriminators import assert_mapping
from openapi.document import MAX_DEPTH, ContractError, Document, join
from openapi.references import References, combined, merge_schemas
from openapi.validation_work import ValidationWork

_MAX_PARTS = 20_000
"""The limit of parts that a value is checked by at once."""

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


def _schemas(document: Document) -> Iterator[dict[str, Any]]:
    """Yield every schema; changes of a schema that was yielded take effect on what follows."""
    pending = list(_carried_schemas(document))
    while pending:
        schema = pending.pop()
        yield schema
        pending.extend(_subschemas(schema))


def _subschemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
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
            elif key not in _DATA:
                yield from _carried_schemas(child)


def upgrade_to_31(document: dict[str, Any]) -> None:
    """Rewrite a 3.0 document in place as 3.1, so that its schemas accept the same values."""
    for schema in _schemas(document):
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
    parts: dict[str, Any] = {
        key: schema.pop(key) for key in ("allOf", "oneOf", "anyOf") if key in schema
    }
    if parts and "discriminator" in schema:
        parts["discriminator"] = schema.pop("discriminator")
    if parts:
        schema["anyOf"] = [parts, {"type": "null"}]


def for_requests_and_responses(document: Document) -> tuple[Document, Document]:
    """Return ``document`` as it applies to requests, and as it applies to responses.

    Each is a copy if it requires fewer properties than ``document``, else ``document`` itself.
    """
    flags = ("readOnly", "writeOnly")
    resolve = References(document).resolve_schema
    used: set[str] = set()
    for schema in _schemas(document):
        used.update(flag for flag in flags if schema.get(flag) is True)
        _assert_annotations(resolve, schema)
    _check_combinations(document)
    requests, responses = (
        _without_required(document, flag) if flag in used else document for flag in flags
    )
    return requests, responses


def _assert_annotations(resolve: Callable[[Any], Any], schema: dict[str, Any]) -> None:
    """Make a schema assert its discriminator and ``int32`` or ``int64``: JSON Schema does not."""
    if "discriminator" in schema:
        # A broken schema is refused where an operation uses it.
        with suppress(ContractError, AttributeError, TypeError):
            assert_mapping(resolve, schema)
    bits = _BITS.get(schema["format"]) if isinstance(schema.get("format"), str) else None
    if bits:
        least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        if not isinstance(schema.get("minimum"), int | float) or schema["minimum"] < least:
            schema["minimum"] = least
        if not isinstance(schema.get("maximum"), int | float) or schema["maximum"] > most:
            schema["maximum"] = most


_BITS = {"int32": 32, "int64": 64}


def _check_combinations(document: Document) -> None:
    """Raise ContractError for a schema that combines more parts than can be merged and checked."""
    resolve = References(document).resolve_schema
    known: dict[int, int] = {}
    work = ValidationWork(resolve)
    names = document.get("components", {}).get("schemas", {})
    named = [(join("#/components/schemas", name), one) for name, one in names.items()]
    for place, schema in chain(named, (("#", one) for one in _schemas(document))):
        try:
            parts: float = combined(resolve, schema, known)
        except (ContractError, AttributeError, TypeError):
            continue  # a broken schema is refused where an operation uses it
        except RecursionError:
            parts = math.inf
        if parts > _MAX_PARTS:
            reason = f"a schema of more than {_MAX_PARTS} parts by allOf, anyOf, oneOf and $ref"
            raise ContractError(
                place, f"holds {reason}, or of more than {MAX_DEPTH} levels of them"
            )
        try:
            times = work.of(schema)
        except (ContractError, AttributeError, TypeError):
            continue
        if times > _MAX_PARTS:
            reason = f"checks one member of a value more than {_MAX_PARTS} times"
            raise ContractError(
                place, f"holds a schema that {reason}: lead to it from one part of a schema alone"
            )


def _without_required(document: Document, flag: str) -> Document:
    """Return a copy of ``document`` in which no property with the ``flag`` is required."""
    document = deepcopy(document)
    resolve = References(document).resolve_schema

    def flattened(definition: Any) -> dict[str, Any]:
        try:
            resolved = resolve(definition)
            return merge_schemas(resolve, resolved) if isinstance(resolved, dict) else {}
        except (ContractError, AttributeError, TypeError, ValueError):
            return {}  # a broken schema is refused where an operation uses it

    for schema in _schemas(document):
        if isinstance(schema.get("required"), list):
            properties = flattened(schema).get("properties", {})
            named = properties.items() if isinstance(properties, dict) else ()
            flagged = {name for name, one in named if flattened(one).get(flag) is True}
            schema["required"] = [name for name in schema["required"] if name not in flagged]
    return document
