"""The order of a list: by which members a request sorts it, and which way."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mock_server.exchange.exact_json import read_json
from mock_server.store.interface import Item as StoredItem
from openapi.item_list import ItemList
from openapi.names import spelt
from openapi.schema import types_of

_ASKED = re.compile(
    r"(odata)?(sort(by|ing|order|direction|dir|way|field|key|column)?"
    r"|order(by|ing|direction|dir|way)?)|dir(ection)?"
)
_WAY = re.compile(r"(?:^|[\s:._])(asc|desc)(?:ending)?\Z", re.IGNORECASE)
_MADE = re.compile(r"(date|time)?(created|creation|inserted|added)(at|on|date|time|timestamp)?")
"""What the time is called at which an item was made."""


class Sorting(NamedTuple):
    """One thing that a list is sorted by; without a member it is when items were made."""

    member: str | None
    falls: bool


def sortings(one: ItemList, given: Mapping[str, Any]) -> Sequence[Sorting]:
    """What a request sorts a list by, the first thing foremost; empty for nothing.

    ``sort=name``, ``sort=-name``, ``order_by=name:desc``, ``sort=name,desc`` and ``sort=name``
    with ``order=desc`` are known. What names no member of the items sorts nothing.
    """
    found: dict[str, bool | None] = {}
    usual: bool | None = None
    for text in _texts(one, given):
        last: str | None = None
        for term in filter(spelt, map(str.strip, text.split(","))):
            way = _WAY.search(term)
            falls = way[1].lower() == "desc" if way else None
            rest = term[: way.start()] if way else term
            if not spelt(rest):
                if last is None:
                    usual = falls
                else:
                    found[last] = falls
                continue
            if name := one.member(term):
                falls = None  # the way is a part of the name
            if name := name or one.member(rest):
                found.setdefault(name, term[0] == "-" if term[0] in "+-" else falls)
                last = name
    if not found:
        return () if usual is None else (Sorting(None, usual),)
    order = []
    for name, falls in found.items():
        is_made = _is_made(one, name)
        order.append(Sorting(None if is_made else name, bool(usual) if falls is None else falls))
        if is_made:
            break
    return order


def _is_made(one: ItemList, name: str) -> bool:
    """Whether a member is the time at which the server has made an item."""
    definition = one.place.members[name]
    is_time = definition.get("format") == "date-time" or {"integer", "number"} & {
        *types_of(definition)
    }
    return bool(is_time and name not in one.written and _MADE.fullmatch(spelt(name)))


def _texts(one: ItemList, given: Mapping[str, Any]) -> Iterator[str]:
    for name, asked in one.query.names.items():
        value = given.get(name, asked.schema.get("default"))
        if _ASKED.fullmatch(spelt(name)) and name not in one.query.filters:
            yield from (it for it in (value if isinstance(value, list) else [value])
                        if isinstance(it, str))  # fmt: skip


def in_order(items: Sequence[StoredItem], order: Sequence[Sorting]) -> list[StoredItem]:
    """Items in an order; those that are equal in it stay as they are."""
    known = [(kept, read_json(kept.value)) for kept in items]
    for one in reversed(order):
        if one.member is None:
            known.sort(key=lambda it: it[0].position, reverse=one.falls)
        else:
            member = one.member
            known.sort(key=lambda it: _rank(it[1].get(member)), reverse=one.falls)
    return [kept for kept, _ in known]


def _rank(value: Any) -> tuple[int, Any]:
    """What a value is sorted by: nothing first, then numbers, then texts."""
    if isinstance(value, bool | int | float):
        return 1, value
    return (2, value) if isinstance(value, str) else (0, 0)
