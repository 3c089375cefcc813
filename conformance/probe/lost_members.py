"""Members that were sent and that no answer shows, though the contract has a place for them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.probe.reads import is_unchanged
from openapi.item_members import ItemPlace, Members
from openapi.reads import changes
from openapi.schema import is_read_only, types_of

Place = tuple[str, ...]

_NOTHING: Sequence[object] = (None, "", [], {})
"""Values that show nothing of what was sent."""


def lost_in(
    reader: Members, place: ItemPlace, sent: Mapping[str, Any], shown: Mapping[str, Any]
) -> set[Place]:
    """The members that were sent of an item and that an answer does not show, at all levels."""
    return {*lost(reader, place.members, sent, shown)}


def lost(
    reader: Members, members: Mapping[str, Any], sent: Mapping[str, Any], shown: Mapping[str, Any]
) -> Iterator[Place]:
    """The places of what was sent and is not shown, of an object with these documented members.

    What is empty, as by default, or changed by servers themselves says nothing.
    """
    for name, value in sent.items():
        definition = members.get(name)
        if definition is None or changes(name) or _is_of_server(definition):
            continue
        if value and value != definition.get("default"):
            inner = _lost_in(reader, definition, value, shown.get(name))
            yield from ((name, *one) for one in inner)


def _lost_in(reader: Members, definition: Any, sent: Any, shown: Any) -> Iterator[Place]:
    if shown in _NOTHING:
        yield ()
    elif isinstance(sent, dict) and isinstance(shown, dict):
        known = reader.of(definition)
        inner = None if known else _values_of_map(reader, definition)
        if inner is None:
            yield from lost(reader, known, sent, shown)
        else:
            # A server may write its names in another way.
            yield from _lost_of(reader, inner, [*sent.values()], [*shown.values()])
    elif isinstance(sent, list) and isinstance(shown, list):
        yield from _lost_of(reader, reader.items(definition), sent, shown)


def _lost_of(
    reader: Members, definition: Any, sent: Sequence[Any], shown: Sequence[Any]
) -> Iterator[Place]:
    """What is lost of the items of an array, which may be shown in any order."""
    if _number_of_different(shown) < _number_of_different(sent):
        yield ()
        return
    for one in sent:
        ways = [[*_lost_in(reader, definition, one, its)] for its in shown]
        yield from min(ways, key=len)


def _number_of_different(values: Sequence[Any]) -> int:
    different: list[Any] = []
    for value in values:
        if not any(is_unchanged(one, value) for one in different):
            different.append(value)
    return len(different)


def _values_of_map(reader: Members, definition: Any) -> Any | None:
    """The schema of what is in a map; None of what is none."""
    maps = (
        one
        for one in reader.alternatives(reader.merged(definition))
        if "object" in types_of(one) and one.get("additionalProperties", {}) is not False
    )
    found = next(maps, None)
    return None if found is None else reader.merged(found.get("additionalProperties"))


def _is_of_server(definition: Mapping[str, Any]) -> bool:
    is_hidden = definition.get("writeOnly") is True or definition.get("format") == "password"
    return is_hidden or is_read_only(definition)
