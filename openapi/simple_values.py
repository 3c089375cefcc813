"""Parts of generated values: numbers, items that differ, and names of members."""

import math
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import jsonschema_rs

from openapi.texts import only, texts_by_pattern


def distinct(items: list[Any]) -> list[Any]:
    """The items, each varied until it differs from those before it."""
    for at in range(1, len(items)):
        items[at] = varied(items[at], at)
    return items


def varied(value: Any, by: int) -> Any:
    """Another value of the same type; the same one where there is no other."""
    match value:
        case bool() | None:
            return value if by % 2 == 0 else not value
        case int() | float():
            return value + by
        case str():
            return f"{value}{by}"
        case dict() if value:
            name = next((one for one in value if isinstance(value[one], str | int)), None)
            return {**value, name: varied(value[name], by)} if name else value
        case _:
            return value


def number(definition: dict[str, Any], kind: str) -> float:
    """A number within the bounds of a schema; 0 where none is found."""
    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    accepts = jsonschema_rs.Draft202012Validator(only(definition, kind, *bounds, "multipleOf"))
    ends = [definition[bound] for bound in bounds if bound in definition]
    step = definition.get("multipleOf", 1)
    near = []
    with suppress(OverflowError):  # of numbers beyond those of a float
        near = [math.floor(end / step + by) * step for end in ends for by in (0, 1, -1)]
        near.append(sum(ends) / max(1, len(ends)))
    candidates = [0, 1, *ends, *near]
    return next((one for one in candidates if accepts.is_valid(one)), 0)


def other_names(definition: dict[str, Any]) -> Iterator[str]:
    """Names for members beyond the properties: by the patterns that they must have."""
    patterns = definition.get("patternProperties", {})
    allowed = definition.get("propertyNames", {})
    if isinstance(allowed, dict) and "enum" in allowed:
        yield from allowed["enum"]
    if isinstance(allowed, dict) and "pattern" in allowed:
        yield from _several(allowed)
    if patterns and definition.get("additionalProperties", True) is not True:
        for pattern in patterns:
            yield from _several({"pattern": pattern})
    yield from (f"member{at}" for at in count())


def _several(definition: dict[str, Any]) -> Iterator[str]:
    """Texts by a pattern, and such texts with a number behind them."""
    first = list(texts_by_pattern(definition))
    yield from first
    accepts = jsonschema_rs.Draft202012Validator(definition)
    yield from filter(accepts.is_valid, (f"{one}{at}" for at in range(10) for one in first))
