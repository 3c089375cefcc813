"""Hypothesis strategies from the contract's schemas."""

import string
from datetime import datetime
from functools import partial
from typing import Any

from hypothesis import strategies as st

from conformance.generation.odd_values import odd_instants
from conformance.probe.bodies import marked, properties, required_names
from conformance.probe.probe import Probe
from openapi.contract import Contract
from openapi.schema import Schema, types_of

_LARGEST = 2**53 - 1
"""RFC 8259 section 6: beyond it not everybody reads the same integer."""

_TEXT = st.text(max_size=12)

_SCALARS = {
    "null": st.none(),
    "boolean": st.booleans(),
    "integer": st.integers(-_LARGEST, _LARGEST),
    "number": st.floats(-1e9, 1e9),
    "string": _TEXT,
}

ANYTHING = st.recursive(
    st.one_of(*_SCALARS.values()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXT, inner, max_size=2),
    max_leaves=4,
)
"""Any JSON value, not a large one."""

_KINDS = {
    "null": st.none(),
    "boolean": st.booleans(),
    "number": _SCALARS["integer"] | _SCALARS["number"],
    "string": _TEXT,
    "array": st.lists(ANYTHING, max_size=2),
    "object": st.dictionaries(_TEXT, ANYTHING, max_size=2),
}
"""The types of JSON."""


def valid_bodies(probe: Probe, schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies that are valid for the schema, their names marked as test data."""
    values = _values(probe.contract, schema.definition)
    return values.map(partial(marked, probe)).filter(schema.is_valid)


def invalid_bodies(schema: Schema, plain: dict[str, Any]) -> list[st.SearchStrategy[Any]]:
    """Bodies with one fault, a strategy for each: a wrong type, a field missing, no object.

    Violations of a format alone are left out: servers may read dates more leniently.
    """

    def is_wrong(body: Any) -> bool:
        return any(one.code != "invalid_format" for one in schema.errors(body))

    def with_field(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return values.map(lambda value: {**plain, name: value}).filter(is_wrong)

    fields = [
        with_field(name, values)
        for name, definition in sorted(properties(schema).items())
        if (allowed := set(types_of(definition)))
        for kind, values in _KINDS.items()
        if not allowed & ({"number", "integer"} if kind == "number" else {kind})
    ]
    lacking = [
        st.just({key: value for key, value in plain.items() if key != name})
        for name in sorted(required_names(schema))
    ]
    others = [values for kind, values in _KINDS.items() if kind != "object"]
    return [*fields, *lacking, *others]


def _values(contract: Contract, definition: Any) -> st.SearchStrategy[Any]:
    """Values by a schema's types, formats, enumerations and properties."""
    schema = contract.resolve_schema(definition)
    if not isinstance(schema, dict):
        return ANYTHING
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    types = list(types_of(schema)) or (["object"] if "properties" in schema else [])
    return st.one_of([_of_type(contract, schema, one) for one in types]) if types else ANYTHING


def _of_type(contract: Contract, schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    match name:
        case "object":
            required = set(schema.get("required", ()))
            fields = {
                key: _values(contract, one) for key, one in schema.get("properties", {}).items()
            }
            return st.fixed_dictionaries(
                {key: one for key, one in fields.items() if key in required},
                optional={key: one for key, one in fields.items() if key not in required},
            )
        case "array":
            return st.lists(_values(contract, schema.get("items", {})), max_size=3)
        case "string" if schema.get("format") == "date-time":
            return _INSTANTS
        case _:
            return _SCALARS[name]


def _spelt(at: datetime, fraction: str, offset: str) -> str:
    return f"{at.isoformat(timespec='seconds')}{fraction and '.'}{fraction}{offset}"


# Far enough for every server that takes ends in the future only.
_INSTANTS = odd_instants | st.builds(
    _spelt,
    st.datetimes(datetime(2099, 1, 1), datetime(2999, 1, 1)),  # noqa: DTZ001 - the zone follows
    st.text(string.digits, max_size=6),
    st.sampled_from(("Z", "+00:00", "-03:00", "+05:30")),
)
