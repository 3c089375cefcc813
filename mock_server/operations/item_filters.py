"""What a request filters a list by: values of members, and their bounds."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from mock_server.exchange.exact_json import read_json, write_json
from mock_server.store.interface import Item as StoredItem
from openapi.item_list import ItemList
from openapi.names import spelt
from openapi.paging import snake

_NO_FILTER = ("", "all", "any", "*")
"""Values of a filter that every item has."""

_LOWEST = ("min", "minimum", "from", "since", "gte", "ge", "gt", "after")
_HIGHEST = ("max", "maximum", "to", "until", "lte", "le", "lt", "before")
_BEYOND = ("gt", "lt", "after", "before")
"""The words for a bound that does not belong to what is asked for."""


class Bound(NamedTuple):
    """A bound of a member: ``min_price``, ``price[gte]``, ``created_before``."""

    member: str
    value: Any
    word: str

    def has(self, found: Any) -> bool:
        """Whether a value is within the bound; one that cannot be compared with it is."""
        one, other = _comparable(found), _comparable(self.value)
        if type(one) is not type(other) or one is None:
            return True
        if one == other:
            return self.word not in _BEYOND
        return bool(one > other) == (self.word in _LOWEST)


class Filters(NamedTuple):
    """What a request filters a list by; false where it asks for all items."""

    values: Mapping[str, Any]
    bounds: Sequence[Bound]

    def __bool__(self) -> bool:
        return bool(self.values or self.bounds)

    def have(self, kept: StoredItem) -> bool:
        """Whether an item passes: one of several values is enough, and one in a list of its own."""
        item = read_json(kept.value)
        return all(
            any(_has(item.get(name), one) for one in _several(wanted))
            for name, wanted in self.values.items()
        ) and all(one.has(item.get(one.member)) for one in self.bounds)


def filters(one: ItemList, given: Mapping[str, Any]) -> Filters:
    """What a request filters a list by."""
    values = {
        member: given[name]
        for name, member in one.query.filters.items()
        if given.get(name, "") not in (*_NO_FILTER, [])
    }
    return Filters(values, list(_bounds(one, given)))


def _bounds(one: ItemList, given: Mapping[str, Any]) -> Iterator[Bound]:
    query = one.query
    own = {query.limit, query.offset, query.number, query.cursor, query.before, *query.filters}
    members = {spelt(name): name for name in one.place.members}
    for name in (it for it in query.names if it not in own and given.get(it) is not None):
        words = [it for it in re.split(r"[^a-z0-9]+", snake(name)) if it]
        for word, rest in ((words[0], words[1:]), (words[-1], words[:-1])):
            stem = "".join(rest)
            # ``created`` is ``createdAt``.
            member = members.get(stem) or members.get(f"{stem}at")
            is_bound = word in (*_LOWEST, *_HIGHEST) and not stem.endswith("id")
            if is_bound and rest and member:
                yield Bound(member, given[name], word)
                break


def _several(wanted: Any) -> Sequence[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _has(found: Any, wanted: Any) -> bool:
    return any(_is_same(one, wanted) for one in _several(found))


def _is_same(found: Any, wanted: Any) -> bool:
    """Whether a member has a value that may be a text in the query alone: ``2``, ``true``."""
    if isinstance(found, str) == isinstance(wanted, str):
        return bool(found == wanted)
    texts = (one if isinstance(one, str) else write_json(one).decode() for one in (found, wanted))
    return next(texts) == next(texts)


def _comparable(value: Any) -> Any:
    """A value as a number or a time; None where it is neither."""
    if isinstance(value, str):
        with suppress(ValueError):
            return float(value)
        with suppress(ValueError):
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    return float(value) if isinstance(value, int | float) else None
