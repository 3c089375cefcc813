"""Bodies with one fault below the top level, in an object or array.

The contract's schema gives the faults, its fullest example the places; without an example, a body
that is made by the schema with all that may be left out.
"""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from conformance.probe.bodies import is_judged, kind, schema_of, values_of_other_types
from conformance.probe.probe import Probe
from openapi.operation import Operation
from openapi.references import merge_schemas, outline
from openapi.sample import sample_of

Resolve = Callable[[Any], Any]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class NestedFault:
    """A body with one fault below the top level: what it is, and the field that is at fault."""

    what: str
    field: str
    body: dict[str, Any]


def has_nested_fields(operation: Operation) -> bool:
    """The operation's JSON body has a field with further fields or items."""
    if not is_judged(operation):
        return False
    outlines = schema_of(operation).outline.get("properties", {}).values()
    return any(_has_parts(one) for one in outlines)


def nested_faults(probe: Probe, body: dict[str, Any]) -> Iterator[NestedFault]:
    """Each wrong type, and each field left out, that the schema refuses below the top level."""
    schema = schema_of(probe.operation)
    resolve = probe.contract.resolve_schema
    for path, definition in _places(resolve, schema.definition, body, ()):
        name = _written(path)
        for value in values_of_other_types(outline(resolve, definition)):
            wrong = copy.deepcopy(body)
            _holder(wrong, path)[path[-1]] = value
            if not schema.is_valid(wrong):
                yield NestedFault(f"{name} as {kind(value)}", _last_name(path), wrong)
        if isinstance(path[-1], str):
            without = copy.deepcopy(body)
            del _holder(without, path)[path[-1]]
            if not schema.is_valid(without):
                yield NestedFault(f"no {name}", path[-1], without)


def fullest_body(probe: Probe) -> dict[str, Any]:
    """The largest JSON body that is known, its name a new one that is marked as test data.

    It is an example, else one by the schema. Where that is not valid, it is the plain body.
    """
    body, schema, plain = probe.operation.json_body, schema_of(probe.operation), probe.plain_body()
    examples = [one for one in (body.examples if body else ()) if isinstance(one, dict)]
    if not examples:
        made = sample_of(schema, is_full=True)
        examples = [made if isinstance(made, dict) and schema.is_valid(made) else plain]
    fullest = max(examples, key=lambda one: len(json.dumps(one)))
    own = {name: value for name, value in plain.items() if name == probe.name_member}
    return copy.deepcopy(fullest) | own


def _has_parts(outline: Any) -> bool:
    return isinstance(outline, dict) and bool(outline.get("properties") or outline.get("items"))


def _places(
    resolve: Resolve, definition: Any, value: Any, path: Path
) -> Iterator[tuple[Path, Any]]:
    """Every described place below the top level of ``value``, with its schema."""
    steps: list[str | int] = list(value) if isinstance(value, dict) else []
    if isinstance(value, list) and value:
        # Of items of one kind the first and the last will do.
        steps = sorted({0, len(value) - 1})
    for step in steps:
        part = _part(resolve, definition, step)
        if part is not None:
            if path:
                yield (*path, step), part
            yield from _places(resolve, part, value[step], (*path, step))


def _part(resolve: Resolve, definition: Any, step: str | int) -> Any:
    """The schema of one property or of the items; None where none is documented."""
    definition = resolve(definition)
    if not isinstance(definition, dict):
        return None
    merged = merge_schemas(resolve, definition)
    part = merged.get("properties", {}).get(step) if isinstance(step, str) else merged.get("items")
    if part is not None:
        return part
    alternatives = [*merged.get("anyOf", []), *merged.get("oneOf", [])]
    parts = (_part(resolve, one, step) for one in alternatives)
    return next((one for one in parts if one is not None), None)


def _holder(body: Any, path: Path) -> Any:
    for step in path[:-1]:
        body = body[step]
    return body


def _written(path: Path) -> str:
    """A path as text, such as ``owner.emails[0]``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _last_name(path: Path) -> str:
    return next(step for step in reversed(path) if isinstance(step, str))
