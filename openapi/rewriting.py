"""Rewriting of all schemas of a document: to OpenAPI 3.1, and for requests or responses only.

The rest of the project reads 3.1, where a schema is JSON Schema 2020-12. 3.0 has keywords of its
own: ``nullable``, boolean ``exclusiveMinimum`` and ``exclusiveMaximum``, a single ``example``, and
a ``$ref`` beside which other keywords are ignored.

A required property that is ``readOnly`` may be missing from a request, and one that is
``writeOnly`` from a response (OpenAPI 3.0.3, section 4.7.24.2). OpenAPI 3.1 dropped the sentence;
contracts in 3.1 rely on it all the same.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any
from urllib.parse import unquote

from openapi.combinations import Combinations
from openapi.discriminators import assert_mapping, open_hierarchies
from openapi.document import ContractError, Document
from openapi.references import References, encoded, merge_schemas
from openapi.subschemas import schemas_of


def upgrade_to_31(document: dict[str, Any]) -> None:
    """Rewrite a 3.0 document in place as 3.1, so that its schemas accept the same values."""
    for schema in schemas_of(document):
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


_ODD_REFERENCE = re.compile(r"#.*[^\w/~%.:?&=+@!$'()*,;-].*", re.ASCII | re.DOTALL)


def for_requests_and_responses(document: Document) -> tuple[Document, Document]:
    """Return ``document`` as it applies to requests, and as it applies to responses.

    Each is a copy if it requires fewer properties than ``document``, else ``document`` itself.
    """
    flags = ("readOnly", "writeOnly")
    open_hierarchies(document)
    resolve = References(document).resolve_schema
    used: set[str] = set()
    for schema in schemas_of(document):
        used.update(flag for flag in flags if schema.get(flag) is True)
        reference = schema.get("$ref")
        if isinstance(reference, str) and _ODD_REFERENCE.fullmatch(reference):
            # Of a path with a "#" or a space in it, which the library takes only encoded.
            schema["$ref"] = encoded(unquote(reference))
        _assert_annotations(resolve, schema)
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


def _without_required(document: Document, flag: str) -> Document:
    """Return a copy of ``document`` in which no property with the ``flag`` is required."""
    document = deepcopy(document)
    resolve = References(document).resolve_schema
    combinations = Combinations(resolve)

    def flattened(definition: Any) -> dict[str, Any]:
        try:
            resolved = resolve(definition)
            combinations.check(resolved, "#")
            return merge_schemas(resolve, resolved) if isinstance(resolved, dict) else {}
        except (ContractError, AttributeError, TypeError, ValueError):
            return {}  # a broken schema is refused where an operation uses it

    for schema in schemas_of(document):
        if isinstance(schema.get("required"), list):
            properties = flattened(schema).get("properties", {})
            named = properties.items() if isinstance(properties, dict) else ()
            flagged = {name for name, one in named if flattened(one).get(flag) is True}
            schema["required"] = [name for name in schema["required"] if name not in flagged]
    return document
