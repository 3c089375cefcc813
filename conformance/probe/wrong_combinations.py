"""Items whose members are valid each by itself, and not together, or not in what is in them."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from conformance.probe.plain_requests import NAME_PREFIX
from conformance.target.members import JsonObject
from openapi.item_members import ItemPlace, Members
from openapi.sample import sample_of
from openapi.schema import Schema, is_read_only

_MOST_VALUES = 5
"""The values of an enumeration that are tried."""

_LARGEST = 1000
"""The most items, or members, that one part is given."""


def wrong_combinations(
    schema: Schema, place: ItemPlace, item: JsonObject
) -> Iterator[tuple[str, JsonObject]]:
    """Items made of a valid one, of which not each is wrong: its schema has to be asked."""
    full = place.item(sample_of(schema, is_full=True)) or {}
    members = {name: one for name, one in place.members.items() if not is_read_only(one)}
    whole = {**{name: one for name, one in full.items() if name in members}, **item}
    yield from _together(members, item, whole)
    yield "no members", {}
    if not place.path:
        most = Members(schema.resolve).merged(schema.definition).get("maxProperties")
        yield from (("too many members", one) for one in _with_more(whole, most))
    for name, definition in members.items():
        for what, part in _parts(definition, whole.get(name)):
            yield f"{name} {what}", {**item, name: part}


def _together(
    members: Mapping[str, Any], item: JsonObject, whole: JsonObject
) -> Iterator[tuple[str, JsonObject]]:
    """Items with a member that asks for another one, which lacks."""
    for name, definition in members.items():
        for value in islice(definition.get("enum", ()), _MOST_VALUES):
            yield f"{name} {value!r} beside what goes with another", {**item, name: value}
            for other in (one for one in whole if one != name):
                rest = {key: one for key, one in whole.items() if key != other}
                yield f"{name} {value!r} without {other}", {**rest, name: value}
    for name in (one for one in whole if one not in item):
        yield f"{name} without what it asks for", {**item, name: whole[name]}
        yield f"all but {name}", {key: one for key, one in whole.items() if key != name}


def _parts(definition: Mapping[str, Any], value: Any) -> Iterator[tuple[str, Any]]:
    """An array or object with a fault in what is in it."""
    if isinstance(value, list) and value:
        yield "with an item twice", [value[0], value[0]]
        yield "with too few items", value[: max(0, int(definition.get("minItems", 1)) - 1)]
        most = definition.get("maxItems", _LARGEST)
        if most < _LARGEST:
            yield "with too many items", [_another(value[0], one) for one in range(most + 1)]
    if isinstance(value, dict):
        yield "with no members", {}
        yield "with an unknown member", {**value, "x_conformance": NAME_PREFIX}
        for one in _with_more(value, definition.get("maxProperties")):
            yield "with too many members", one
        for name in value:
            yield f"without {name}", {key: one for key, one in value.items() if key != name}


def _with_more(value: JsonObject, most: Any) -> Iterator[JsonObject]:
    """An object with one member more than it may have."""
    if isinstance(most, int) and most < _LARGEST:
        like = next(iter(value.values()), NAME_PREFIX)
        added = {f"x_{number}": like for number in range(most + 1 - len(value))}
        yield {**value, **added}


def _another(value: Any, number: int) -> Any:
    """Another value of the same type, for each number."""
    if isinstance(value, str):
        return f"{value}{number}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value + number if is_number else value
