"""What is required of one direction only.

A required property that is ``readOnly`` may be missing from a request, and one that is
``writeOnly`` from a response (OpenAPI 3.0.3, section 4.7.24.2). 3.1 took the sentence out; its
contracts are written that way all the same.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from openapi.errors import ContractError
from openapi.reading import Document
from openapi.references import References, merge_schemas
from openapi.upgrade import carried_schemas, subschemas


def without_required(document: Document, flag: str) -> Document:
    """``document`` with no property required that has the ``flag``: a copy, where any has it."""
    if not any(schema.get(flag) is True for schema in _schemas(document)):
        return document
    document = deepcopy(document)
    references = References(document)

    def flattened(definition: Any) -> dict[str, Any]:
        try:
            resolved = resolve(definition)
            return merge_schemas(resolve, resolved) if isinstance(resolved, dict) else {}
        except (ContractError, AttributeError, TypeError, ValueError):
            return {}  # whatever is wrong with it, it is refused where it is used

    def resolve(definition: Any) -> Any:
        return references.follow_schema(definition, "#")[0]

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
