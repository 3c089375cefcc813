"""A plain value of a schema for requests: that of its examples, else the smallest."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from openapi.errors import ContractError
from openapi.generation import BudgetSpentError, Generation
from openapi.patterns import for_python
from openapi.references import merge_schemas
from openapi.schema import Schema, is_read_only, types_of
from openapi.texts import text_by_pattern

Resolve = Callable[[Any], Any]

_KEY = "label"
"""The key of a map."""

_DEEPEST, _DEEPEST_FULL = 12, 4
"""The levels of a value, and those that have what may be left out."""

FORMATS = {
    "date-time": "2099-12-31T23:59:59Z",
    "date": "2099-12-31",
    "time": "23:59:59Z",
    "email": "test@example.com",
    "uuid": "6f1c2b9e-8a34-4d57-9c1f-2e7b5a0d4c83",
    "uri": "https://example.com/",
    "uri-reference": "/",
    "url": "https://example.com/",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "dGV4dA==",
}
"""Texts by their format."""

_OF_PATTERNS = ("text", "TEXT", "EUR", "eur", "US", "us", "en-US", "10.00", "+15550100", "a1b2c3d4",
                "A1B2C3D4", "https://example.com/", "test@example.com")  # fmt: skip
"""Texts that patterns often take."""


def full_samples(schema: Schema) -> Iterator[Any]:
    """Full values of a schema, of the first alternatives in it, of the second ones, and so on.

    Not each is valid: its schema has to be asked.
    """
    for branch in range(_BRANCHES):
        yield _sample(schema.resolve, schema.definition, 0, _DEEPEST_FULL, branch)


_BRANCHES = 6
"""So many alternatives have a full value of their own."""


def sample_of(schema: Schema, *, is_full: bool = False) -> Any:
    """A plain value of a schema; one that is not valid where none is found.

    A full one has the members that may be left out too, and an item in each array and map.
    """
    try:
        return valid_sample_of(schema, is_full=is_full)
    except LookupError:
        return part_of(schema, schema.definition, is_full=is_full)


def valid_sample_of(schema: Schema, *, is_full: bool = False) -> Any:
    """A plain value of a schema, as :func:`sample_of`; raises LookupError where none is found.

    Of a schema that cannot be used, nobody knows whether it is valid.
    """
    made = part_of(schema, schema.definition, is_full=is_full)
    if not schema.is_usable or schema.is_valid(made):
        return made
    known = _FOUND.setdefault(schema, {})
    if is_full not in known:
        known[is_full] = [*_searched(schema, is_full=is_full)]
    for one in known[is_full]:
        return deepcopy(one)
    raise LookupError(f"no value of {schema.pointer} is found")


def part_of(schema: Schema, definition: Any, *, is_full: bool = False) -> Any:
    """A plain value of a part of a schema, as a member or an item; it may be none that is valid."""
    return _sample(schema.resolve, definition, 0, _DEEPEST_FULL if is_full else 0)


def _searched(schema: Schema, *, is_full: bool) -> Iterator[Any]:
    with suppress(BudgetSpentError, ContractError, LookupError):
        generation = Generation(schema.document, schema.resolve, hidden="readOnly")
        yield generation.plain(schema, is_lean=not is_full)


_FOUND: WeakKeyDictionary[Schema, dict[bool, list[Any]]] = WeakKeyDictionary()
"""The values of schemas that were searched for, full ones or not; none where none was found."""


def examples_of(definition: Mapping[str, Any]) -> Iterator[Any]:
    """The examples that stand in a schema itself."""
    if "example" in definition:
        yield definition["example"]
    found = definition.get("examples")
    yield from found if isinstance(found, list) else ()


def _sample(
    resolve: Resolve, definition: Any, depth: int, deepest_full: int, branch: int = 0
) -> Any:
    definition = resolve(definition)
    if not isinstance(definition, dict) or depth > _DEEPEST:
        return "text"
    schema = merge_schemas(resolve, definition)
    known = [*examples_of(schema), *([schema["const"]] if "const" in schema else [])]
    known += schema.get("enum", [])[:1]
    if known:
        return known[0]
    branches = schema.get("oneOf") or schema.get("anyOf") or []
    if branches:
        base = {key: one for key, one in schema.items() if key not in {"oneOf", "anyOf"}}
        chosen = {**base, "allOf": [branches[branch % len(branches)]]}
        return _sample(resolve, chosen, depth + 1, deepest_full, branch)
    types = types_of(schema) or ("object" if "properties" in schema else "string",)
    kind = next((one for one in types if one != "null"), "null")
    part = partial(_sample, resolve, depth=depth + 1, deepest_full=deepest_full, branch=branch)
    is_full = depth < deepest_full
    if kind == "object":
        members = schema.get("properties", {})
        wanted = [name for name in schema.get("required", ()) if name in members]
        left = [name for name in members if name not in wanted]
        left = [name for name in left if not is_read_only(resolve(members[name]))]
        lacking = int(schema.get("minProperties", 0)) - len(wanted)
        wanted += left if is_full else left[: max(0, lacking)]
        others = schema.get("additionalProperties", True)
        if is_full and not members and others is not False:
            members, wanted = {_KEY: others}, [_KEY]  # a map
        return {name: part(members[name]) for name in wanted}
    if kind == "array":
        least, most = schema.get("minItems", 0), schema.get("maxItems", 1)
        return [part(schema.get("items", {}))] * (max(least, min(1, most)) if is_full else least)
    return _PLAIN[kind](schema)


def _number(schema: Mapping[str, Any]) -> Any:
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    most = schema.get("maximum", schema.get("exclusiveMaximum", least + 2) - 1)
    step = schema.get("multipleOf", 1)
    return min(max(-(-least // step) * step, step if least <= step <= most else least), most)


def _text(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 10_000)
    text = FORMATS.get(schema.get("format", ""), "text")
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        digits = ("1" * count for count in (1, 2, 3, 4, 6, 8, 10, 11, 12, 14, 16))
        usual = (one for one in (text, *_OF_PATTERNS, *digits) if least <= len(one) <= most)
        found = next((one for one in usual if _takes(pattern, one)), None)
        if found is None:
            found = text_by_pattern(schema)
        return text if found is None else found
    return text[:most].ljust(least, "x")


def _takes(pattern: str, text: str) -> bool:
    try:
        return re.search(for_python(pattern), text) is not None
    except re.error:
        return False


_PLAIN: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "integer": _number,
    "number": _number,
    "string": _text,
    "boolean": lambda _: True,
    "null": lambda _: None,
}
