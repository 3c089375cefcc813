"""Lists of items: their queries, and where an answer has the items and what it says of pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from openapi.item_members import HOLDING, ItemPlace, Members, body_of, member_at
from openapi.names import Role, is_shown, spelt
from openapi.operation import Operation
from openapi.page_query import PageQuery, page_query
from openapi.schema import types_of

_LEVELS = 3
"""How many levels of an answer are looked into for the items, and for what it says of pages."""


@dataclass(frozen=True)
class ItemList:
    """A list operation, its query, and the ``place`` of the array of items in its answer.

    ``place`` has the members of one item. ``frame`` has the members of each object around the
    items, by the members that lead to it.
    """

    operation: Operation
    place: ItemPlace
    query: PageQuery
    frame: Mapping[tuple[str, ...], Mapping[str, Mapping[str, Any]]]
    is_by_id: bool
    """Whether a cursor that is an integer is the id of an item."""
    holder: str = ""
    """The member that holds the item in what is listed: ``node`` of an edge; empty without any."""
    written: frozenset[str] = frozenset()
    """The members that clients write."""

    def definition(self, path: tuple[str, ...]) -> Mapping[str, Any]:
        """The schema of a member around the items, by the members that lead to it."""
        return self.frame.get(path[:-1], {}).get(path[-1], {}) if path else {}

    def member(self, name: str) -> str | None:
        """The member of the items that a query names, however it is spelt."""
        # ``created`` is ``createdAt``.
        return self._spelt.get(spelt(name)) or self._spelt.get(f"{spelt(name)}at")

    @cached_property
    def _spelt(self) -> Mapping[str, str]:
        return {spelt(name): name for name in self.place.members}


def item_list(operation: Operation, reader: Members, identity: str) -> ItemList | None:
    """The list that an operation answers with; None without an array of objects with an id.

    Where items do not show theirs, ``identity`` is empty, and any array of objects is the list.
    """
    media_type = body_of(operation, operation.success_status)
    if media_type is None or media_type.schema is None:
        return None
    definition = media_type.schema.definition
    for place, holder in _arrays(reader, definition, identity):
        frame = dict(_frame(reader, definition, place.path))
        page = {(*path, name): one for path, own in frame.items() for name, one in own.items()}
        query = page_query(operation, page, place.members)
        is_by_id = {*types_of(member_at(reader, place.members, identity) or {})} - {"null"} == {
            "integer"
        }
        return ItemList(operation, place, query, frame, is_by_id, holder)
    return None


def _frame(
    reader: Members, definition: Any, items: tuple[str, ...], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Mapping[str, Any]]]]:
    """The members of a page, and those of the objects in it, the items left aside."""
    members = reader.of(definition)
    yield path, members
    for name, one in members.items() if len(path) < _LEVELS - 1 else ():
        if (*path, name) != items:
            yield from _frame(reader, one, items, (*path, name))


def _arrays(
    reader: Members, definition: Any, identity: str, path: tuple[str, ...] = ()
) -> Iterator[tuple[ItemPlace, str]]:
    """The arrays of items with an id, the outermost first, and before others those called so.

    With each is the member that holds an item in them, empty where they are the items themselves.
    """
    items = reader.items(definition)
    if items is not None:
        members = reader.shown(items)
        held = {name: one for name, one in members.items() if identity and spelt(name) in HOLDING}
        for name, one in {"": items, **held}.items():
            own = reader.shown(one)
            if own and (not identity or member_at(reader, own, identity) is not None):
                yield ItemPlace(path, own, reader.is_open(one)), name
                return
        return
    inner = reader.of(definition) if len(path) < _LEVELS else {}

    def rank(named: tuple[str, Any]) -> tuple[bool, bool]:
        return reader.items(named[1]) is None, not is_shown(Role.ITEMS, named[0])

    for name, one in sorted(inner.items(), key=rank):
        yield from _arrays(reader, one, identity, (*path, name))
