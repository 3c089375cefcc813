"""The difference between a contract's requests and responses: ``readOnly`` and ``writeOnly``.

A required property that is ``readOnly`` may be missing from a request, and one that is
``writeOnly`` from a response (OpenAPI 3.0.3, section 4.7.24.2). OpenAPI 3.1 dropped the sentence;
contracts in 3.1 rely on it all the same.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from openapi.errors import ContractError
from openapi.reading import Document
from openapi.references import References, merge_schemas
from openapi.upgrade import carried_schemas, subschemas


def for_requests_and_responses(document: Document) -> tuple[Document, Document]:
    """Return ``document`` as it applies to requests, and as it applies to responses.

    Each is a copy if it requires fewer properties than ``document``, else ``document`` itself.
    """
    flags = ("readOnly", "writeOnly")
    used = {flag for one in _schemas(document) for flag in flags if one.get(flag) is True}
    requests, responses = (
        _without_required(document, flag) if flag in used else document for flag in flags
    )
    return requests, responses


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


def _schemas(document: Document) -> Iterator[dict[str, Any]]:
    pending = list(carried_schemas(document))
    while pending:
        schema = pending.pop()
        yield schema
        pending.extend(subschemas(schema))
