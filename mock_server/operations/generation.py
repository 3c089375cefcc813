"""One value that satisfies a schema.

First a plain one is put together from what the schema itself shows: constants, examples, enums,
defaults, and the simplest value of a type. Where that does not satisfy the schema, Hypothesis
searches one that does.
"""

import importlib
from typing import Any

from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.references import merge_schemas
from openapi.schema import Schema

_MAX_DEPTH = 12

_FORMATS = {
    "date-time": "2027-03-04T00:00:00Z",
    "date": "2027-03-04",
    "time": "00:00:00Z",
    "duration": "P1D",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "uri-reference": "/",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}


def generate(contract: Contract, schema: Schema) -> Any:
    """A value that satisfies ``schema``; raises ContractError where none could be found."""
    value = _assemble(contract, schema.definition, 0)
    if schema.is_valid(value):
        return value
    return _search(contract, schema)


def _assemble(contract: Contract, definition: Any, depth: int) -> Any:
    definition = contract.resolve_schema(definition)
    if not isinstance(definition, dict) or depth > _MAX_DEPTH:
        return None
    definition = merge_schemas(contract.resolve_schema, definition)
    for keyword in ("const", "example", "default"):
        if keyword in definition:
            return definition[keyword]
    for keyword in ("examples", "enum"):
        if definition.get(keyword):
            return definition[keyword][0]
    for keyword in ("oneOf", "anyOf"):
        for branch in definition.get(keyword, []):
            rest = {key: value for key, value in definition.items() if key != keyword}
            return _assemble(contract, {"allOf": [rest, branch]}, depth + 1)
    declared = definition.get("type")
    kind = declared if isinstance(declared, str) else next(iter(declared or ()), None)
    return _simplest(contract, definition, kind, depth)


def _simplest(contract: Contract, definition: dict[str, Any], kind: str | None, depth: int) -> Any:
    match kind:
        case "object" | None if kind or "properties" in definition:
            return {
                name: _assemble(contract, child, depth + 1)
                for name, child in definition.get("properties", {}).items()
                if depth < _MAX_DEPTH // 2 or name in definition.get("required", ())
            }
        case "array":
            items = definition.get("items", True)
            count = max(1, definition.get("minItems", 1)) if depth < _MAX_DEPTH // 2 else 0
            return [_assemble(contract, items, depth + 1) for _ in range(count)]
        case "string":
            text = str(_FORMATS.get(definition.get("format", ""), "text"))
            return text.ljust(definition.get("minLength", 0), "x")[: definition.get("maxLength")]
        case "integer" | "number":
            return definition.get("minimum", 0)
        case "boolean":
            return True
        case _:
            return None


def _search(contract: Contract, schema: Schema) -> Any:
    # Half a second and thirty megabytes that no start with documented examples should pay.
    hypothesis = importlib.import_module("hypothesis")
    from_schema = importlib.import_module("hypothesis_jsonschema").from_schema
    rooted = {**schema.definition, "components": contract.document.get("components", {})}
    settings = hypothesis.settings(
        max_examples=500,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    try:
        return hypothesis.find(from_schema(rooted), schema.is_valid, settings=settings)
    except Exception as error:
        reason = f"no value was found that satisfies this schema ({type(error).__name__})"
        raise ContractError(schema.pointer, reason) from error
