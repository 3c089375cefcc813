"""The order of a list: by which members a request sorts it, and which way."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mock_server.exchange.exact_json import read_json
from mock_server.store.interface import Item as StoredItem
from openapi.item_list import ItemList
from openapi.names import spelt

_ASKED = re.compile(r"(odata)?(sort|order).*|dir(ection)?")
_TERM = re.compile(
    r"(?P<sign>[+-]?)(?P<name>.+?)(?:[\s:._]+(?P<way>asc|desc)(?:ending)?)?", re.IGNORECASE
)
_WAY = re.compile(r"(asc|desc)(?:ending)?", re.IGNORECASE)


class Sorting(NamedTuple):
    """One thing that a list is sorted by; without a member it is when items were made."""

    member: str | None
    falls: bool


def sortings(one: ItemList, given: Mapping[str, Any]) -> Sequence[Sorting]:
    """What a request sorts a list by, the first thing foremost; empty for nothing.

    ``sort=name``, ``sort=-name``, ``order_by=name:desc``, ``sort=name,desc`` and ``sort=name``
    with ``order=desc`` are known. What names no member of the items sorts nothing.
    """
    found: list[tuple[str, bool | None]] = []
    usual: bool | None = None
    for text in _texts(one, given):
        terms: list[tuple[str, bool | None]] = []
        for term in map(str.strip, text.split(",")):
            if way := _WAY.fullmatch(term):
                falls = way[1].lower() == "desc"
                if terms:
                    terms[-1] = terms[-1][0], falls
                else:
                    usual = falls
            elif known := _known(one, term):
                terms.append(known)
        found += terms
    if not found:
        return () if usual is None else (Sorting(None, usual),)
    return [Sorting(name, bool(usual) if falls is None else falls) for name, falls in found]


def _texts(one: ItemList, given: Mapping[str, Any]) -> Iterator[str]:
    for name, asked in one.query.names.items():
        value = given.get(name, asked.schema.get("default"))
        if _ASKED.fullmatch(spelt(name)) and name not in one.query.filters:
            yield from (it for it in (value if isinstance(value, list) else [value])
                        if isinstance(it, str))  # fmt: skip


def _known(one: ItemList, term: str) -> tuple[str, bool | None] | None:
    """The member that a term names, and whether it falls; None for a name of no member."""
    found = _TERM.fullmatch(term)
    if found is None:
        return None
    members = {spelt(name): name for name in one.place.members}
    # ``created`` is ``createdAt``.
    names = (spelt(term), spelt(found["name"]), f"{spelt(found['name'])}at")
    name = next((members[it] for it in names if it in members), None)
    if name is None:
        return None
    is_said = found["sign"] or (found["way"] and spelt(term) != spelt(name))
    falls = found["sign"] == "-" or (found["way"] or "").lower() == "desc"
    return name, falls if is_said else None


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
