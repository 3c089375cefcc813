"""Hypothesis strategies from the contract's schemas.

Each is made in a thread's turn: Hypothesis parses the source of a function that it is made with.
"""

import json
import math
import re
import string
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from hypothesis import strategies as st

from conformance.generation.isolation import generating
from conformance.generation.odd_values import odd_instants
from conformance.probe.bodies import marked, required_names, settable
from conformance.probe.probe import Probe
from openapi.contract import Contract
from openapi.references import merge_schemas
from openapi.sample import FORMATS
from openapi.schema import Schema, is_read_only, types_of

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

_USUAL: Mapping[str, Any] = {
    "null": None, "boolean": True, "number": 1, "string": "text", "array": [], "object": {},
}  # fmt: skip
"""A value of each."""


@generating()
def valid_bodies(probe: Probe, schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies that are valid for the schema, their names marked as test data."""
    values = _Values(probe.contract).of(schema.definition)
    return values.map(partial(marked, probe)).filter(schema.is_valid)


@generating()
def bodies_near(probe: Probe, schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    """Valid bodies that are plain but for one member, their names marked as test data."""
    known = _Values(probe.contract)
    values = {name: known.of(definition) for name, definition in sorted(settable(schema).items())}
    one_other = st.one_of([st.tuples(st.just(name), drawn) for name, drawn in values.items()]).map(
        lambda pair: {**probe.plain_body(), pair[0]: pair[1]}
    )
    return one_other.map(partial(marked, probe)).filter(schema.is_valid)


@generating()
def invalid_bodies(schema: Schema, plain: dict[str, Any]) -> list[st.SearchStrategy[Any]]:
    """Bodies with one fault, a strategy for each: a wrong type, a field missing, no object.

    What is of no format, or of a pattern in some dialects, is left out: servers may read dates more
    leniently. So is what the schema allows all the same, as another branch of it may.
    """

    def is_wrong(body: Any) -> bool:
        return any(one.is_certain for one in schema.errors(body))

    def with_field(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return values.map(lambda value: {**plain, name: value}).filter(is_wrong)

    fields = [
        with_field(name, values)
        for name, definition in sorted(settable(schema).items())
        if (allowed := set(types_of(definition)))
        for kind, values in _KINDS.items()
        if not allowed & ({"number", "integer"} if kind == "number" else {kind})
        if is_wrong({**plain, name: _USUAL[kind]})
    ]
    lacking = [
        st.just(one)
        for name in sorted(required_names(schema))
        if is_wrong(one := {key: value for key, value in plain.items() if key != name})
    ]
    others = [
        values.filter(is_wrong)
        for kind, values in _KINDS.items()
        if kind != "object" and is_wrong(_USUAL[kind])
    ]
    return [*fields, *lacking, *others]


class _Values:
    """Strategies for values by a schema's types, formats, enumerations and properties.

    There is one for each schema, so that one that leads to itself has an end.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._known: dict[str, st.SearchStrategy[Any]] = {}

    def of(self, definition: Any) -> st.SearchStrategy[Any]:
        """The strategy for values of a schema, which is made when one is drawn."""
        key = json.dumps(definition, sort_keys=True, default=str)
        return self._known.setdefault(key, st.deferred(lambda: self._made(definition)))

    def _made(self, definition: Any) -> st.SearchStrategy[Any]:
        schema = self._contract.resolve_schema(definition)
        if not isinstance(schema, dict):
            return ANYTHING
        schema = merge_schemas(self._contract.resolve_schema, schema)
        if branches := schema.get("oneOf") or schema.get("anyOf"):
            base = {key: one for key, one in schema.items() if key not in {"oneOf", "anyOf"}}
            return st.one_of([self.of({**base, "allOf": [one]}) for one in branches])
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        types = list(types_of(schema)) or (["object"] if "properties" in schema else [])
        return st.one_of([self._of_type(schema, one) for one in types]) if types else ANYTHING

    def _of_type(self, schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
        match name:
            case "object":
                return self._objects(schema)
            case "array":
                least = schema.get("minItems", 0)
                items = self.of(schema.get("items", {}))
                return st.lists(items, min_size=least, max_size=max(3, least))
            case "string" if schema.get("format") == "date-time":
                return _INSTANTS
            case "string":
                return _texts(schema)
            case "integer" | "number" if _BOUNDS & schema.keys():
                return _numbers(schema, is_whole=name == "integer")
            case _:
                return _SCALARS[name]

    def _objects(self, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
        required = set(schema.get("required", ()))
        fields = {
            key: self.of(one)
            for key, one in schema.get("properties", {}).items()
            if key in required or not is_read_only(self._contract.resolve_schema(one))
        }
        others = schema.get("additionalProperties", True)
        is_bound = {"propertyNames", "patternProperties"} & schema.keys()
        if others is not False and not fields and not is_bound:
            return self._maps(schema, others)
        return st.fixed_dictionaries(
            {key: one for key, one in fields.items() if key in required},
            optional={key: one for key, one in fields.items() if key not in required},
        )

    def _maps(self, schema: dict[str, Any], others: Any) -> st.SearchStrategy[Any]:
        """Maps of any keys; a null in one may say that a key is to have no value."""
        least = schema.get("minProperties", 0)
        most = max(least, min(schema.get("maxProperties", 2), least + 2))
        values = self.of(others if isinstance(others, dict) and others else {"type": "string"})
        values = values.filter(lambda one: one is not None)
        return st.dictionaries(_TEXT, values, min_size=least, max_size=most)


_BOUNDS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}


def _texts(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Texts of a length, a pattern or a format that the schema has."""
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        with suppress(re.error):
            return st.from_regex(re.compile(pattern))
    if schema.get("format") in FORMATS:
        return st.just(FORMATS[schema["format"]])
    least, most = schema.get("minLength", 0), schema.get("maxLength", 12)
    return st.text(min_size=least, max_size=max(least, min(most, 12)))


def _numbers(schema: dict[str, Any], *, is_whole: bool) -> st.SearchStrategy[Any]:
    """Numbers within the bounds of a schema."""
    step = schema.get("multipleOf", 1) if is_whole else 1
    least = math.ceil(schema.get("minimum", schema.get("exclusiveMinimum", -_LARGEST - 1) + 1))
    most = math.floor(schema.get("maximum", schema.get("exclusiveMaximum", _LARGEST + 1) - 1))
    if not isinstance(step, int) or least > most:
        return _SCALARS["integer"]
    return st.integers(-(-least // step), most // step).map(lambda count: count * step)


def _spelt(at: datetime, fraction: str, offset: str) -> str:
    return f"{at.isoformat(timespec='seconds')}{fraction and '.'}{fraction}{offset}"


# Far enough for every server that takes ends in the future only.
_INSTANTS = odd_instants | st.builds(
    _spelt,
    st.datetimes(datetime(2099, 1, 1), datetime(2999, 1, 1)),  # noqa: DTZ001 - the zone follows
    st.text(string.digits, max_size=6),
    st.sampled_from(("Z", "+00:00", "-03:00", "+05:30")),
)
