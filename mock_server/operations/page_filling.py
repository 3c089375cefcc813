"""The page of a list: the documented answer with kept items, and with what it says of pages."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from mock_server.exchange.exact_json import read_json
from mock_server.exchange.exchange import Exchange
from mock_server.operations.item_answers import Documented, Item, fitting_members, least
from mock_server.operations.item_cursors import MARK, cursor_behind
from mock_server.operations.item_order import Sorting
from mock_server.store.interface import Item as StoredItem
from openapi.item_list import ItemList
from openapi.item_members import value_at
from openapi.names import (
    HOLDERS,
    Role,
    holds_url,
    is_header,
    is_shown,
    may_count_one_page,
    spelt,
    word_of,
)
from openapi.schema import types_of

_LEVELS = 2
"""How many levels of objects around the items say something of the page."""

_ENDS = ((Role.FIRST_ID, 0), (Role.LAST_ID, -1))
"""Members with the id of an item of the page, and which one it is."""

_WHOLE = {"uri", "url", "iri"}
"""The formats of whole URLs: a relative one is a ``uri-reference``."""

_SAID = (Role.HAS_MORE, Role.IS_LAST)
"""What a page says of the next one as a flag."""

_NONE = object()
"""No value."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of items; ``total`` counts those of all pages.

    ``skipped`` says how many are before it, None where that is not known, and ``number`` which page
    it is, None where pages have no numbers. ``next`` has the query parameters of the next page, and
    is empty where there is none; so have ``previous`` and ``last``, which a cursor leaves unknown.
    """

    items: Sequence[StoredItem]
    total: int
    limit: int
    skipped: int | None
    number: float | None
    next: Mapping[str, str]
    previous: Mapping[str, str]
    last: Mapping[str, str]
    order: Sequence[Sorting]
    """What the list is sorted by, where that is not when items were made."""


@dataclass(frozen=True, slots=True)
class PageFilling:
    """Fills the documented answer of a list with one page."""

    listed: ItemList
    documented: Documented
    page: Page
    identity: str
    """The member of an item with its id."""
    secret: frozenset[str] = frozenset()
    """The query parameters with a credential, which no link repeats."""
    _ids: list[Any] = field(default_factory=list)
    _absent: set[tuple[str, ...]] = field(default_factory=set)
    """The members for which there is no value, such as the next page of the last."""

    def body(self, exchange: Exchange) -> Any:
        """The page, or None where the contract allows none with these items."""
        shown, place = self._items(), self.listed.place
        self._ids[:] = [value_at(item, self.identity) for item in shown]
        pairs = zip(shown, self.page.items, strict=True)
        items = [self._held(item, cursor_behind(kept, self.page.order)) for item, kept in pairs]
        around = self._filled(self.documented.body, (), exchange)
        bodies = [place.body(around, items), place.body(self.documented.body, items)]
        tried = (one for body in bodies for one in self._without_absent(body))
        return next(filter(self.documented.accepts, tried), None)

    def headers(self, exchange: Exchange) -> dict[str, str | None]:
        """The documented headers that say where the next page is, and how many items there are.

        None for those without a value, as there is no next page.
        """
        operation = self.listed.operation
        found: dict[str, str | None] = {}
        answer = operation.response(operation.success_status)
        for header in answer.headers if answer else ():
            if header.name.lower() == "link":
                found[header.name] = self._link_header(exchange, header.examples) or None
            elif is_header(Role.PREVIOUS, header.name):
                found[header.name] = next(iter(self.page.previous.values()), None)
            elif is_header(Role.NEXT, header.name):
                found[header.name] = next(iter(self.page.next.values()), None)
            elif is_header(Role.HAS_MORE, header.name):
                found[header.name] = str(bool(self.page.next)).lower()
            else:
                number = self._number(header.name, is_role=is_header)
                found |= {} if number is None else {header.name: str(number)}
        return found

    def _link_header(self, exchange: Exchange, examples: Sequence[object]) -> str:
        """Links to the other pages that are known (RFC 8288); empty where there is no other."""
        page, previous = self.page, "previous" if "previous" in str(examples) else "prev"
        if not page.next and page.skipped == 0:
            return ""
        known = {previous: page.previous, "next": page.next, "last": page.last}
        urls = {rel: self._other_url(exchange, other) for rel, other in known.items() if other}
        if self.listed.query.is_paged:
            urls["first"] = self._other_url(exchange, {})
        return ", ".join(f'<{url}>; rel="{rel}"' for rel, url in urls.items())

    def _items(self) -> list[Item]:
        template, place = self._template(), self.listed.place
        # As many as are documented: the contract may want some.
        count = len(_at(self.documented.body, place.path) or ()) or 1

        def is_shown(item: Item) -> bool:
            held = [self._held(item)] * count
            return self.documented.accepts(place.body(self.documented.body, held))

        shown = []
        for kept in self.page.items:
            own = place.shown(read_json(kept.value))
            fits = own if is_shown(own) else least(own, template, is_shown)
            if fits is None:
                fits = template | fitting_members(own, lambda some: is_shown({**template, **some}))
            shown.append(fits)
        return shown

    def _template(self) -> Item:
        """The first item of the documented answer."""
        first = self._first()
        inner = first.get(self.listed.holder) if self.listed.holder else first
        return inner if isinstance(inner, dict) else {}

    def _first(self) -> Item:
        """What the documented answer lists first: an item, or what holds one."""
        found = _at(self.documented.body, self.listed.place.path)
        first = found[0] if isinstance(found, list) and found else None
        return first if isinstance(first, dict) else {}

    def _held(self, item: Item, cursor: str = MARK) -> Item:
        """An item in what holds it, with the cursor of the page behind it."""
        holder, first = self.listed.holder, self._first()
        if not holder:
            return item
        own = {name: cursor for name in first if spelt(name) == "cursor"}
        return {**first, **own, holder: item}

    def _filled(self, around: Any, path: tuple[str, ...], exchange: Exchange) -> Any:
        """An object around the items, or a list of links, with what it says of the page."""
        if isinstance(around, list):
            return [*self._links(around, path, exchange)]
        if not isinstance(around, dict) or len(path) > _LEVELS:
            return around
        found = {}
        for name, value in {**self._missing(around, path), **around}.items():
            place = (*path, name)
            found[name] = value
            if place != self.listed.place.path:
                found[name] = self._value(value, place, exchange)
        return found

    def _missing(self, around: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        """What the contract has of the page, and the documented answer has not."""
        absent = ((*path, one) for one in self.listed.frame.get(path, {}) if one not in around)
        made = ((place, self._start(place)) for place in absent if place != self.listed.place.path)
        return {place[-1]: start for place, start in made if start is not _NONE}

    def _start(self, place: tuple[str, ...]) -> Any:
        """The value that a member begins with, before it says something of the page."""
        definition = self.listed.definition(place)
        kinds = types_of(definition)
        if "boolean" in kinds:
            return False if any(is_shown(one, *place) for one in _SAID) else _NONE
        if any(is_shown(role, *place) for role, _ in _ENDS):
            return None
        if "integer" in kinds:
            said = (Role.TOTAL, Role.NEXT, Role.PREVIOUS)
            return 0 if any(is_shown(one, *place) for one in said) else _NONE
        query = self.listed.query
        is_other = query.leads_on(*place) or (self.page.previous and query.leads_back(*place))
        if "string" in kinds and is_other:
            return "/" if str(definition.get("format", "")).startswith("uri") else ""
        inner = self._missing({}, place) if len(place) <= _LEVELS else {}
        return inner if inner and inner.keys() >= {*definition.get("required", ())} else _NONE

    def _value(self, value: Any, place: tuple[str, ...], exchange: Exchange) -> Any:
        if isinstance(value, bool):
            return self._flag(place, value=value)
        end = next((at for role, at in _ENDS if is_shown(role, *place)), None)
        if end is not None and self._ids:
            return self._ids[end]
        other = self._other(*place)
        if end is not None or (other is not None and not other):
            self._absent.add(place)
        elif other is not None and not isinstance(value, dict):
            return self._named(value, place, exchange, other)
        elif isinstance(value, int | float):
            number = self._number(*place)
            return value if number is None else number
        elif isinstance(value, str):
            return self._url(value, place, exchange)
        return self._filled(value, place, exchange)

    def _other(self, *place: str) -> Mapping[str, str] | None:
        """The query of the other page that a member names: the next or the one before."""
        if self.listed.query.leads_back(*place):
            return self.page.previous
        return self.page.next if self.listed.query.leads_on(*place) else None

    def _flag(self, place: tuple[str, ...], *, value: bool) -> bool:
        has_more, is_first = bool(self.page.next), self.page.skipped == 0
        for role, says in (
            (Role.HAS_MORE, has_more),
            (Role.IS_LAST, not has_more),
            (Role.IS_FIRST, is_first),
            (Role.HAS_PREVIOUS, not is_first),
            (Role.IS_EMPTY, not self.page.items),
        ):
            if is_shown(role, *place):
                return says
        return value

    def _number(self, *place: str, is_role: Callable[..., bool] = is_shown) -> float | None:
        """The number that a member or a header says of the page; None where it says nothing."""
        page, query, word = self.page, self.listed.query, word_of(place)
        pages = math.ceil(page.total / page.limit) if page.limit else 0
        offset = query.first_offset + (page.skipped or 0)
        echoed = ((query.limit, page.limit), (query.offset, offset))
        for name, says in echoed:
            if name and word == word_of((name,)):
                return says
        if may_count_one_page(*place) and self._has_a_total_beside(place):
            return len(page.items)
        for role, number in (
            (Role.TOTAL, page.total),
            (Role.PAGES, pages),
            (Role.NUMBER, 1 if page.number is None else page.number),
            (Role.OFFSET, offset),
            (Role.COUNT, len(page.items)),
            (Role.SIZE, page.limit),
        ):
            if is_role(role, *place):
                return number
        return None

    def _has_a_total_beside(self, place: tuple[str, ...]) -> bool:
        beside = ((*place[:-1], one) for one in self.listed.frame.get(place[:-1], {}))
        return any(
            is_shown(Role.TOTAL, *one) and not may_count_one_page(*one)
            for one in beside
            if one != place
        )

    def _named(
        self, value: Any, place: tuple[str, ...], exchange: Exchange, other: Mapping[str, str]
    ) -> Any:
        """Another page: its number or cursor, or its URL."""
        kinds, text = types_of(self.listed.definition(place)), str(value or "")
        if isinstance(value, int | float) or ("integer" in kinds and "string" not in kinds):
            return int(next(iter(other.values())))
        is_url = not self.listed.query.is_by_cursor or holds_url(*place)
        if is_url or "/" in text or "?" in text:
            return self._other_url(exchange, other, place)
        return next(iter(other.values()))

    def _url(self, value: str, place: tuple[str, ...], exchange: Exchange) -> str:
        """The URL of the page itself, the first or the last one, where a member is called so."""
        if is_shown(Role.OWN, *place):
            return self._whole(exchange, self._asked(exchange), place)
        if is_shown(Role.IS_FIRST, *place) and holds_url(*place):
            return self._other_url(exchange, {}, place)
        if self.page.last and is_shown(Role.IS_LAST, *place) and holds_url(*place):
            return self._other_url(exchange, self.page.last, place)
        return value

    def _links(
        self, links: Sequence[Any], place: tuple[str, ...], exchange: Exchange
    ) -> Iterator[Any]:
        """A list with the links of the page by their relation: ``{"rel": "next", "href": …}``.

        There is none to a page that is not there.
        """
        for one in links:
            holder = _holder_of_url(one)
            if holder is None:
                yield one
                continue
            own, url = (*place, one["rel"], holder), one[holder]
            other = self._other(one["rel"])
            if other is not None and not other:
                continue
            made = self._other_url(exchange, other, own) if other else self._url(url, own, exchange)
            is_whole = made != url and "://" in url
            yield {**one, holder: f"{_origin(exchange)}{made}" if is_whole else made}

    def _other_url(
        self, exchange: Exchange, other: Mapping[str, str], place: tuple[str, ...] = ()
    ) -> str:
        """The URL of another page; of the first one where nothing names it."""
        query = self.listed.query
        here = (query.cursor, query.before, query.number, query.offset)
        asked = [(name, one) for name, one in self._asked(exchange) if name not in here]
        return self._whole(exchange, [*asked, *other.items()], place)

    def _asked(self, exchange: Exchange) -> Sequence[tuple[str, str]]:
        """The query of a request, as links repeat it."""
        query = exchange.scope["query_string"].decode("latin-1")
        pairs = parse_qsl(query, keep_blank_values=True)
        return [(name, one) for name, one in pairs if name not in self.secret]

    def _whole(
        self, exchange: Exchange, query: Sequence[tuple[str, str]], place: tuple[str, ...]
    ) -> str:
        """A URL with a query: relative, unless the member at ``place`` must be a whole one."""
        url = f"{exchange.path}?{urlencode(query)}" if query else exchange.path
        if self.listed.definition(place).get("format") not in _WHOLE:
            return url
        return f"{_origin(exchange)}{url}"

    def _without_absent(self, body: Any) -> Iterator[Any]:
        """A page with null for what there is not, without it, and with an empty value for it."""
        if not self._absent:
            yield body
            return
        for value_of in (self._absent_value, lambda _: None, lambda _: _NONE, self._empty):
            yield self._dropped(body, (), value_of)

    def _absent_value(self, place: tuple[str, ...]) -> Any:
        """Null where the schema of a member names it, else nothing."""
        kinds = types_of(self.listed.definition(place))
        return None if "null" in kinds or not kinds else _NONE

    def _empty(self, place: tuple[str, ...]) -> Any:
        inner = self.listed.frame.get(place)
        if inner:
            return {name: self._empty((*place, name)) for name in inner}
        return 0 if "integer" in types_of(self.listed.definition(place)) else ""

    def _dropped(
        self, body: Any, path: tuple[str, ...], value_of: Callable[[tuple[str, ...]], Any]
    ) -> Any:
        if not isinstance(body, dict):
            return body
        found = {}
        for name, one in body.items():
            place = (*path, name)
            is_absent = place in self._absent
            value = value_of(place) if is_absent else self._dropped(one, place, value_of)
            if value is not _NONE:
                found[name] = value
        return found


def _holder_of_url(link: Any) -> str | None:
    """The member with the URL of a link that says its relation; None for anything else."""
    if not isinstance(link, dict) or not isinstance(link.get("rel"), str):
        return None
    return next((name for name in HOLDERS if isinstance(link.get(name), str)), None)


def _origin(exchange: Exchange) -> str:
    return f"{exchange.scope['scheme']}://{exchange.header(b'host') or 'localhost'}"


def _at(body: Any, path: Sequence[str]) -> Any:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body
