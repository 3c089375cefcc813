"""What a request filters a list by: values of members, and their bounds."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from mock_server.exchange.exact_json import read_json, write_json
from mock_server.store.interface import Item as StoredItem
from openapi.item_list import ItemList
from openapi.names import IDS
from openapi.paging import snake
from openapi.schema import types_of

_NO_FILTER: Sequence[Any] = (None, "", "all", "any", "*", [])
"""Values of a filter that every item has."""

_LOWEST = ("min", "minimum", "from", "since", "gte", "ge", "gt", "after")
_HIGHEST = ("max", "maximum", "to", "until", "lte", "le", "lt", "before")
_BEYOND = ("gt", "lt", "after", "before")
"""The words for a bound that does not belong to what is asked for."""


class Filter(NamedTuple):
    """A value of a member, or a bound, that the query parameter ``name`` asks for."""

    name: str
    member: str
    has: Callable[[Any], bool]


def filters(one: ItemList, given: Mapping[str, Any]) -> Sequence[Filter]:
    """What a request filters a list by; empty where it asks for all items."""
    query = one.query
    pages = {query.limit, query.offset, query.number, query.cursor, query.before}
    asked = (it for it in query.names if it not in pages and given.get(it) not in _NO_FILTER)
    found = (_value(one, name, given[name]) or _bound(one, name, given[name]) for name in asked)
    return [it for it in found if it]


def passes(kept: StoredItem, wanted: Iterable[Filter]) -> bool:
    """Whether an item passes filters; one without the member is within no bound."""
    item = read_json(kept.value) if wanted else {}
    return all(it.has(item.get(it.member)) for it in wanted)


def _value(one: ItemList, name: str, wanted: Any) -> Filter | None:
    """One of several values is enough, and one in a list of the item's."""
    member = one.query.filters.get(name)
    if member is None:
        return None
    several = wanted if isinstance(wanted, list) else [wanted]
    if "[" in name and isinstance(wanted, str):
        # As JSON:API has it: ``filter[id]=1,2``.
        several = [wanted, *wanted.split(",")]
    return Filter(name, member, partial(_has, several))


def _has(wanted: Sequence[Any], found: Any) -> bool:
    values = found if isinstance(found, list) else [found]
    return any(_is_same(value, other) for value in values for other in wanted)


def _is_same(found: Any, wanted: Any) -> bool:
    """Whether a member has a value that may be a text in the query alone: ``2``, ``true``."""
    if isinstance(found, str) == isinstance(wanted, str):
        return bool(found == wanted)
    texts = (one if isinstance(one, str) else write_json(one).decode() for one in (found, wanted))
    return next(texts) == next(texts)


def _bound(one: ItemList, name: str, given: Any) -> Filter | None:
    """A bound of a number or time: ``min_price``, ``price[gte]``, ``created_before``."""
    words = re.findall("[a-z0-9]+", snake(name))
    for word, rest in ((words[:1], words[1:]), (words[-1:], words[:-1])):
        member = one.member("".join(rest))
        is_bound = {*word} & {*_LOWEST, *_HIGHEST} and rest and rest[-1] not in IDS
        if member is None or not is_bound:
            continue
        definition = one.place.members[member]
        # What may be null too is often one of two schemas.
        kinds = [definition, *definition.get("anyOf", ()), *definition.get("oneOf", ())]
        is_time = any(it.get("format") in {"date", "date-time"} for it in kinds)
        if not is_time and not any({"integer", "number"} & {*types_of(it)} for it in kinds):
            continue
        read = _time if is_time else _number
        bound = read(given)
        if isinstance(bound, datetime) and word[0] in _HIGHEST and word[0] not in _BEYOND:
            bound = _end(given, bound)
        if bound is not None:
            return Filter(name, member, partial(_is_within, word[0], bound, read))
    return None


def _is_within(word: str, bound: Any, read: Callable[[Any], Any], value: Any) -> bool:
    found = read(value)
    if found is None or found == bound:
        return found is not None and word not in _BEYOND
    return bool(found > bound) == (word in _LOWEST)


def _number(value: Any) -> int | float | None:
    if isinstance(value, str):
        for read in (int, float):
            with suppress(ValueError):
                return _number(read(value))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # What is not equal to itself is no number.
    return value if is_number and value == value else None  # noqa: PLR0124


def _time(value: Any) -> datetime | None:
    with suppress(TypeError, ValueError):
        found = datetime.fromisoformat(value)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _end(text: str, time: datetime) -> datetime:
    """The end of what a text says: of a day, or of a second."""
    if ":" not in text:
        time = time.replace(hour=23, minute=59, second=59)
    return time if "." in text else time.replace(microsecond=999_999)
