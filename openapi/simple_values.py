"""Parts of generated values: numbers, items that differ, and names of members."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import count
from typing import Any

import jsonschema_rs

from openapi.texts import only, texts_by_pattern, texts_of_format


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


def unlike(value: Any, definition: dict[str, Any]) -> Iterator[Any]:
    """Other values, of the same type and of any other, for a schema that excludes some."""
    match value:
        case str():
            if "pattern" in definition:
                yield from texts_by_pattern(definition)
            yield from (value * 2, value * 10, *_TEXTS)
            yield from texts_of_format(definition.get("format", ""))
        case int() | float() if not isinstance(value, bool):
            for step in (2**power + odd for power in range(2, 11) for odd in (0, 1)):
                yield from (value + step, value - step)
        case list():
            yield from (value[:0], value * 2, value * 10)
    yield from _OF_EACH_TYPE


_TEXTS = ("", "a", "A", "0", "other", "Other text", "someone@example.com", "https://example.com/")
_OF_EACH_TYPE: Sequence[Any] = (None, True, False, 0, 1.5, "text", [], [0], {}, {"name": "text"})


def other_names(
    definition: dict[str, Any], allowed: Mapping[str, Any], accepts: Callable[[str], bool]
) -> Iterator[str]:
    """Names for members beyond the properties: by the patterns that they must have.

    ``allowed`` is the schema of the names, its parts merged, which ``accepts`` judges by.
    """
    patterns = definition.get("patternProperties", {})
    if allowed:
        yield from filter(accepts, _names(allowed))
    if patterns and definition.get("additionalProperties", True) is not True:
        for pattern in patterns:
            yield from _several({"pattern": pattern})
    yield from (f"member{at}" for at in count())


def _names(allowed: Mapping[str, Any]) -> Iterator[str]:
    """Names that a schema may take."""
    yield from allowed.get("enum", ())
    if "pattern" in allowed:
        yield from _several(dict(allowed))
    yield from texts_of_format(allowed.get("format", ""))
    least = int(allowed.get("minLength", 0))
    yield from (f"{at}".rjust(least, "x") for at in range(_MOST_NAMES))


def _several(definition: dict[str, Any]) -> Iterator[str]:
    """Texts by a pattern, such texts with a number behind them, and further ones."""
    first = list(dict.fromkeys(texts_by_pattern(definition)))
    yield from first
    wanted = only(definition, "string", "pattern", "minLength", "maxLength", "format")
    accepts = jsonschema_rs.Draft202012Validator(wanted)
    yield from filter(
        accepts.is_valid, (f"{one}{at}" for at in range(_MOST_NUMBERS) for one in first)
    )
    yield from _further(**wanted)


@lru_cache
def _further(**wanted: Any) -> Sequence[str]:
    """Many texts by a pattern, which take a while: a value is put together several times."""
    return tuple(dict.fromkeys(texts_by_pattern(wanted, count=_MOST_NAMES)))


_MOST_NAMES, _MOST_NUMBERS = 500, 100
"""How many names of a kind are tried, and how many numbers behind each of a few names."""
