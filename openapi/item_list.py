"""Lists of items: which query parameters name a page, and where an answer has the items."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openapi.item_members import ItemPlace, Members, json_of, spelt
from openapi.operation import Operation, Parameter

_LEVELS = 3
"""How many levels of an answer are looked into for the items."""

_SIZE = re.compile(
    r"limit|(page|batch|list)?size|(page|list)limit|(items)?perpage|pagecount|max(results|items|pagesize)?"
    r"|top|take|rows|first|count|results|num"
)
_OFFSET = re.compile(r"(page|list)?offset|skip|start(index|at)?|from|firstresult|begin")
_NUMBER = re.compile(r"p|(current)?page|page(number|num|no|index|nr)")
_CURSOR = re.compile(
    r".*(after|cursor|token|marker|bookmark|continu|nextpage|sinceid|startkey).*|next"
)
_BEFORE = re.compile(r".*before.*|prev.*")


@dataclass(frozen=True, slots=True)
class PageQuery:
    """The query parameters that say which page of a list is asked for; each may be missing.

    ``cursor`` and ``before`` name the item before or behind a page, or its token. ``filters`` has
    the member that a parameter is compared with, by the name of the parameter.
    """

    limit: str | None
    offset: str | None
    number: str | None
    cursor: str | None
    before: str | None
    first_number: int
    default_limit: int | None
    largest_limit: int | None
    filters: Mapping[str, str]

    @property
    def is_paged(self) -> bool:
        """Whether a client can ask for another page than the first."""
        return bool(self.offset or self.number or self.cursor)

    @property
    def is_by_cursor(self) -> bool:
        """Whether only a cursor leads to other pages."""
        return bool(self.cursor) and not self.offset and not self.number


@dataclass(frozen=True, slots=True)
class ItemList:
    """A list operation, its query, and the ``place`` of the array of items in its answer.

    ``place`` has the members of one item. ``frame`` has the members of each object around the
    items, by the members that lead to it.
    """

    operation: Operation
    place: ItemPlace
    query: PageQuery
    frame: Mapping[tuple[str, ...], Mapping[str, Mapping[str, Any]]]


def item_list(operation: Operation, reader: Members, identity: str) -> ItemList | None:
    """The list that an operation answers with; None without an array of objects with an id."""
    media_type = json_of(operation, operation.success_status)
    if media_type is None or media_type.schema is None:
        return None
    definition = media_type.schema.definition
    for place in _arrays(reader, definition, identity):
        frame: dict[tuple[str, ...], Mapping[str, Mapping[str, Any]]] = {(): reader.of(definition)}
        frame |= {(name,): reader.of(one) for name, one in frame[()].items()}
        return ItemList(operation, place, _page_query(operation, place.members), frame)
    return None


def _arrays(
    reader: Members, definition: Any, identity: str, path: tuple[str, ...] = ()
) -> Iterator[ItemPlace]:
    """The arrays of items with an id, the outermost first."""
    items = reader.items(definition)
    if items is not None:
        members = reader.shown(items)
        if identity in members:
            yield ItemPlace(path, members, reader.is_open(items))
        return
    inner = reader.of(definition) if len(path) < _LEVELS else {}
    for name, one in sorted(inner.items(), key=lambda named: reader.items(named[1]) is None):
        yield from _arrays(reader, one, identity, (*path, name))


def _page_query(operation: Operation, members: Mapping[str, Any]) -> PageQuery:
    query = {one.name: one for one in operation.parameters if one.location == "query"}
    numbers = [name for name, one in query.items() if {"integer", "number"} & set(one.types)]
    texts = [name for name, one in query.items() if "string" in one.types or not one.types]
    number, before = _named(numbers, _NUMBER), _named(texts, _BEFORE)
    cursor = _named([one for one in texts if one != before], _CURSOR) or _named(texts, _NUMBER)
    limit, offset = _named(numbers, _SIZE), _named(numbers, _OFFSET)
    own = {limit, offset, number, before, cursor}
    known = {spelt(name): name for name in members}
    return PageQuery(
        limit=limit,
        offset=offset,
        number=number,
        cursor=cursor,
        before=before,
        first_number=_first_number(query[number]) if number else 1,
        default_limit=_positive(query[limit], "default") if limit else None,
        largest_limit=_positive(query[limit], "maximum") if limit else None,
        filters={
            name: known[spelt(name)]
            for name, one in query.items()
            if name not in own and spelt(name) in known
            if one.is_single or "array" in one.types
        },
    )


def _named(names: Sequence[str], pattern: re.Pattern[str]) -> str | None:
    return next((one for one in names if pattern.fullmatch(spelt(one))), None)


def _first_number(parameter: Parameter) -> int:
    """The number of the first page: 1, or 0 where the contract says so."""
    definition = parameter.schema.definition
    return 0 if 0 in (definition.get("default"), definition.get("minimum")) else 1


def _positive(parameter: Parameter, keyword: str) -> int | None:
    found = parameter.schema.definition.get(keyword)
    return found if isinstance(found, int) and found > 0 else None
