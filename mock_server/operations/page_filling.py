"""The page of a list: the documented answer with kept items, and with what it says of pages."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from mock_server.exchange.exact_json import read_json
from mock_server.exchange.exchange import Exchange
from mock_server.operations.item_answers import Documented, Item, fitting_members
from mock_server.store.interface import Item as StoredItem
from openapi.item_list import ItemList
from openapi.item_members import spelt
from openapi.schema import types_of

_LEVELS = 2
"""How many levels of objects around the items say something of the page."""

_MORE = re.compile(r".*more.*|hasnext.*|(is)?truncated|incompleteresults")
_LAST = re.compile(r"(is)?last(page)?")
_FIRST = re.compile(r"(is)?first(page)?")
_HAS_PREVIOUS = re.compile(r"hasprev.*")
_TOTAL = re.compile(
    r"total|(total|full)(count|items|results|records|elements|size|rows|hits|number)"
    r"|count|(item|record|result)count"
)
_ON_PAGE = re.compile(r"numberofelements|returned|size|length|results|(on)?pagecount")
_PAGES = re.compile(r"(total|number|num)(of)?pages|pages|lastpage|pagecount")
_NUMBER = re.compile(r"p|number|(current)?page|page(number|num|no|index|nr)")
_OFFSET = re.compile(r"(page)?offset|skip|start(index)?|from")
_SIZE = re.compile(r"limit|pagesize|perpage|max(results|items)|pagelimit|top|take")
_NEXT = re.compile(
    r"next.*|.*(nexttoken|nextcursor|nextpagetoken|continuation).*|after|(end)?cursor|marker"
)
_PREVIOUS = re.compile(r"prev.*|before|startcursor")
_ENDS = {"firstid": 0, "lastid": -1}
"""Members with the id of an item of the page, and which one it is."""

_WHOLE = {"uri", "url", "iri"}
"""The formats of whole URLs: a relative one is a ``uri-reference``."""

_URLS = re.compile(r".*(url|uri|link|href)")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of items; ``total`` counts those of all pages.

    ``skipped`` says how many are before it, None where that is not known. ``next`` has the query
    parameters of the next page, and is empty where there is none.
    """

    items: Sequence[StoredItem]
    total: int
    limit: int
    skipped: int | None
    next: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PageFilling:
    """Fills the documented answer of a list with one page."""

    listed: ItemList
    documented: Documented
    page: Page
    identity: str
    """The member of an item with its id."""
    _ids: list[Any] = field(default_factory=list)
    _absent: set[tuple[str, ...]] = field(default_factory=set)
    """The members for which there is no value, such as the next page of the last."""

    def body(self, exchange: Exchange) -> Any:
        """The page, or None where the contract allows none with these items."""
        items, place = self._items(), self.listed.place
        self._ids[:] = [item[self.identity] for item in items]
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
            name = spelt(header.name)
            if name == "link":
                link = f'<{self._next_url(exchange)}>; rel="next"'
                found[header.name] = link if self.page.next else None
            elif "total" in name and "page" not in name:
                found[header.name] = str(self.page.total)
            elif "next" in name:
                found[header.name] = next(iter(self.page.next.values()), None)
        return found

    def _items(self) -> list[Item]:
        template, place = self._template(), self.listed.place
        # As many as are documented: the contract may want some.
        count = len(_at(self.documented.body, place.path) or ()) or 1

        def is_shown(item: Item) -> bool:
            return self.documented.accepts(place.body(self.documented.body, [item] * count))

        shown = []
        for kept in self.page.items:
            own = place.shown(read_json(kept.value))
            fits = next((one for one in (own, {**template, **own}) if is_shown(one)), None)
            if fits is None:
                fits = template | fitting_members(own, lambda some: is_shown({**template, **some}))
            shown.append(fits)
        return shown

    def _template(self) -> Item:
        """The first item of the documented answer."""
        found = _at(self.documented.body, self.listed.place.path)
        first = found[0] if isinstance(found, list) and found else None
        return first if isinstance(first, dict) else {}

    def _filled(self, around: Any, path: tuple[str, ...], exchange: Exchange) -> Any:
        """An object around the items, with what it says of the page."""
        if not isinstance(around, dict) or len(path) > _LEVELS:
            return around
        found = {}
        for name, value in {**self._missing(around, path), **around}.items():
            place = (*path, name)
            found[name] = value
            if place != self.listed.place.path:
                found[name] = self._value(spelt(name), value, place, exchange)
        return found

    def _missing(self, around: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        """What the contract has of the page, and the documented answer has not."""
        found: dict[str, Any] = {}
        for name, definition in self.listed.frame.get(path, {}).items():
            word, kinds = spelt(name), types_of(definition)
            if name in around or (*path, name) == self.listed.place.path:
                continue
            if "boolean" in kinds and _MORE.fullmatch(word):
                found[name] = False
            elif word in _ENDS:
                found[name] = None
            elif "integer" in kinds and (_TOTAL.fullmatch(word) or _NEXT.fullmatch(word)):
                found[name] = 0
            elif "string" in kinds and _NEXT.fullmatch(word):
                found[name] = "/" if str(definition.get("format", "")).startswith("uri") else ""
        return found

    def _value(self, word: str, value: Any, place: tuple[str, ...], exchange: Exchange) -> Any:
        if isinstance(value, bool):
            return self._flag(word, exchange, value=value)
        is_next, end = _NEXT.fullmatch(word), _ENDS.get(word)
        if end is not None and self._ids:
            return self._ids[end]
        if end is not None or _PREVIOUS.fullmatch(word) or (is_next and not self.page.next):
            self._absent.add(place)
        elif isinstance(value, int | float):
            return self._number(word, value, exchange)
        elif is_next and (value is None or isinstance(value, str)):
            text = str(value or "")
            is_by_url = not self.listed.query.is_by_cursor or _URLS.fullmatch(word)
            if is_by_url or "/" in text or "?" in text:
                return self._next_url(exchange, place)
            return next(iter(self.page.next.values()))
        return self._filled(value, place, exchange)

    def _flag(self, word: str, exchange: Exchange, *, value: bool) -> bool:
        has_more, is_first = bool(self.page.next), self.page.skipped == 0
        for pattern, says in (
            (_MORE, has_more),
            (_LAST, not has_more),
            (_FIRST, is_first),
            (_HAS_PREVIOUS, not is_first),
        ):
            if pattern.fullmatch(word):
                return says
        return value

    def _number(self, word: str, value: float, exchange: Exchange) -> float:
        page, query = self.page, self.listed.query
        current = exchange.parameters.get(query.number, query.first_number) if query.number else 1
        if _NEXT.fullmatch(word):
            return int(current) + 1 if query.number else int(next(iter(page.next.values()), 0))
        for pattern, says in (
            (_TOTAL, page.total),
            (_PAGES, math.ceil(page.total / page.limit) if page.limit else 0),
            (_NUMBER, current),
            (_OFFSET, page.skipped or 0),
            (_SIZE, page.limit),
            (_ON_PAGE, len(page.items)),
        ):
            if pattern.fullmatch(word):
                return says
        return value

    def _next_url(self, exchange: Exchange, place: tuple[str, ...] = ()) -> str:
        """The next page's URL: relative, unless the member at ``place`` must be a whole one."""
        query = dict(parse_qsl(exchange.scope["query_string"].decode("latin-1")))
        url = f"{exchange.path}?{urlencode({**query, **self.page.next})}"
        definition = self.listed.frame.get(place[:-1], {}).get(place[-1], {}) if place else {}
        if definition.get("format") not in _WHOLE:
            return url
        return f"{exchange.scope['scheme']}://{exchange.header(b'host') or 'localhost'}{url}"

    def _without_absent(self, body: Any) -> Iterator[Any]:
        """A page with null for what there is not, without it, and with an empty text for it."""
        if not self._absent:
            yield body
            return
        for kinds in ((None,), (), ("",)):
            yield self._dropped(body, (), kinds)

    def _dropped(self, body: Any, path: tuple[str, ...], values: Sequence[Any]) -> Any:
        if not isinstance(body, dict):
            return body
        found = {}
        for name, value in body.items():
            place = (*path, name)
            if place not in self._absent:
                found[name] = self._dropped(value, place, values)
            elif values:
                found[name] = values[0]
        return found


def _at(body: Any, path: Sequence[str]) -> Any:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body
