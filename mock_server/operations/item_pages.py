"""Lists of kept items, in the pages that the contract documents."""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from operator import attrgetter
from typing import Any
from urllib.parse import parse_qsl

from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Response, invalid_fields
from mock_server.operations.item_answers import ItemAnswers
from mock_server.operations.item_cursors import behind, cursor_behind, place_of
from mock_server.operations.item_filters import filters, passes
from mock_server.operations.item_order import Sorting, sortings
from mock_server.operations.item_places import DELETED, items_with_parents
from mock_server.operations.page_filling import Page, PageFilling
from mock_server.store.interface import Item as StoredItem
from mock_server.store.interface import ItemWindow, Store
from openapi.collection import Collection
from openapi.contract import Contract
from openapi.field_errors import FieldError
from openapi.item_list import ItemList, item_list
from openapi.item_members import id_text
from openapi.item_paths import shape_of
from openapi.names import spelt
from openapi.operation import Operation, is_key_header
from openapi.page_query import PageQuery, page_query

_DEFAULT_LIMIT = 25
_ALL = 1 << 62

_ALL_OF_THEM = r"((delete|remove|destroy)(all|every)|(clear|purge|empty)(all)?)(of)?(the|my|your)?"
"""The beginning of what an operation is called that deletes all items of a list."""

_DELETED = re.compile(r"(include|including|with|show|list|only|is)?(soft)?deleted(items|only)?")
_NOT = ("", "0", "false", "no", "none", "without", "exclude")
"""Names and values of parameters that ask for deleted items, or not."""

_IN_QUERY = "query "
"""The beginning of the place of a credential in a query."""


class ItemPages:
    """The pages of lists.

    A list by cursor has the newest item first, any other the oldest; so has one whose cursor is an
    integer, because the first page is then the one behind 0.
    """

    def __init__(self, store: Store, answers: ItemAnswers, contract: Contract) -> None:
        self._store = store
        self._answers = answers
        self._keys = frozenset(map(str.lower, contract.places))
        in_query = [one for one in contract.places if one.startswith(_IN_QUERY)]
        self._secret = frozenset(one.removeprefix(_IN_QUERY) for one in in_query)
        self._lists: dict[Operation, ItemList | None] = {}

    async def page(
        self, exchange: Exchange, collection: Collection, partner_id: str, path: str
    ) -> Response | None:
        """The page that a request asks for; None where the answer is no list of the items."""
        operation = exchange.operation
        assert operation is not None, "routing comes first"  # noqa: S101 - the pipeline's order
        if operation not in self._lists:
            reader = self._answers.reader
            found = item_list(operation, reader, collection.id)
            is_by_id = found is not None and found.is_by_id and len(collection.key) == 1
            writing = (*collection.makers, *collection.updates)
            written = frozenset(name for it in writing for name in collection.request_members(it))
            self._lists[operation] = found and replace(found, is_by_id=is_by_id, written=written)
        one = self._lists[operation]
        documented = self._answers.documented(operation, operation.success_status)
        if one is None or documented.body is None:
            return None
        # A path without a parent has the names of items in parents, which may be gone, and the path
        # of members those of items that are not made there.
        shape = shape_of(operation.path)
        is_apart = shape != collection.base or bool(collection.nested)
        has_names = is_apart and shape not in collection.nested
        page = await self._page(exchange, one, partner_id, path, has_names=has_names)
        filling = PageFilling(one, documented, page, collection.id, self._secret)
        body = filling.body(exchange)
        return documented.with_body(body, {} if body is None else filling.headers(exchange))

    async def asked_for(
        self, exchange: Exchange, collection: Collection, partner_id: str, path: str
    ) -> Sequence[StoredItem]:
        """The items that a DELETE on the path of a list names by filters, or says that all are.

        There are none where it asks for anything else: nothing goes that may not be meant.
        """
        operation = exchange.operation
        assert operation is not None, "routing comes first"  # noqa: S101 - the pipeline's order
        if operation not in self._lists:
            listed = item_list(collection.lists[0], self._answers.reader, collection.id)
            query = page_query(operation, members=listed.place.members if listed else ())
            self._lists[operation] = listed and replace(listed, query=query)
        one = self._lists[operation]
        if one is None:
            return ()
        wanted = filters(one, one.query.given(exchange.parameters))
        text = exchange.scope["query_string"].decode("latin-1")
        sent = {name for name, _ in parse_qsl(text, keep_blank_values=True)} - self._secret
        if sent != {it.name for it in wanted} or self._asks_more(exchange, operation, sent):
            return ()
        if not wanted and not (one.query.names.keys() <= self._secret and _says_all(operation)):
            return ()
        every = await self._store.items.list(partner_id, path, ItemWindow(_ALL))
        return [kept for kept in every if passes(kept, wanted)]

    def _asks_more(self, exchange: Exchange, operation: Operation, sent: AbstractSet[str]) -> bool:
        """Whether a parameter that is no filter may say what a request asks for."""
        for one in operation.parameters:
            has_default = "default" in one.schema.resolve(one.schema.definition)
            is_key = one.key == "if-match" or f"{one.location} {one.name}".lower() in self._keys
            if one.location == "query":
                if has_default and one.name not in sent:
                    return True
            elif one.location != "path" and not is_key and not is_key_header(one.name):
                is_header = one.location == "header"
                is_sent = is_header and exchange.header(one.key.encode("latin-1")) is not None
                if one.required or has_default or is_sent or one.name in exchange.parameters:
                    return True
        return False

    async def _page(
        self, exchange: Exchange, one: ItemList, partner_id: str, path: str, *, has_names: bool
    ) -> Page:
        query, items = one.query, self._store.items
        given = query.given(exchange.parameters)
        limit = _limit(query, given)
        skip = _skip(query, given, limit)
        falls = query.is_by_cursor and not query.is_by_integer
        order = sortings(one, given)
        if order and order[0].member is None:
            # That is the order of positions.
            falls, order = order[0].falls, ()
        place, is_before = await self._place(one, given, partner_id, path, falls=falls)
        newest_first, beyond = falls != is_before, place.position if place else None
        wanted = filters(one, given)
        has_deleted = _asks_for_deleted(query, given)
        if wanted or has_names or order or has_deleted:
            window = ItemWindow(_ALL, falls if order else newest_first)
            every = await items_with_parents(items, partner_id, path, window)
            if has_deleted:
                gone = await items_with_parents(items, partner_id, f"{path}{DELETED}", window)
                by_position = attrgetter("position")
                every = sorted([*every, *gone], key=by_position, reverse=window.newest_first)
            passing = {kept.position for kept in every if passes(kept, wanted)}
            total = len(passing)
            following = (
                behind(every, order, place, falls=falls, is_before=is_before)
                if order
                else [kept for kept in every if _is_behind(kept, beyond, newest_first)]
            )
            fitting = [kept for kept in following if kept.position in passing]
            found = fitting[skip : skip + limit + 1]
        else:
            total = await items.count(partner_id, path)
            window = ItemWindow(min(limit, _ALL) + 1, newest_first, beyond, min(skip, _ALL))
            found = list(await items.list(partner_id, path, window))
        shown, has_more = found[:limit], len(found) > limit
        next_ = _following(one, given, shown, limit, order) if has_more and shown else {}
        if is_before:
            shown.reverse()
        skipped = None if beyond is not None else skip
        number = given.get(query.number, query.first_number) if query.number else None
        size = len(shown) if limit == _ALL else limit
        before = _at(query, max(0, min(skip, _last(total, limit) + limit) - limit), limit)
        last = _at(query, _last(total, limit), limit)
        previous = before if skip else {}
        return Page(shown, total, size, skipped, number, next_, previous, last, order)

    async def _place(
        self, one: ItemList, given: Mapping[str, Any], partner_id: str, path: str, *, falls: bool
    ) -> tuple[StoredItem | None, bool]:
        """The place that a page begins behind, and whether it is the page before that one.

        ``falls`` says whether the list has the newest item first.
        """
        for name, is_before in ((one.query.cursor, False), (one.query.before, True)):
            text = str(given.get(name, "")) if name else ""
            if name is None or not text:
                continue
            if one.query.is_by_integer and isinstance(given[name], int | float):
                position = await self._position_of(
                    one, int(given[name]), partner_id, path, newest_first=falls != is_before
                )
                return StoredItem(position, "", b"{}") if position else None, is_before
            kept = await self._store.items.find(partner_id, path, id_text(text))
            if kept is not None:
                # The value of what is there is looked up in the list.
                return StoredItem(kept.position, "", b"{}"), is_before
            if place := place_of(text):
                return place, is_before
            raise invalid_fields(
                [FieldError(name, "names no page of this list", "invalid_value", "query")]
            )
        return None, False

    async def _position_of(
        self, one: ItemList, cursor: int, partner_id: str, path: str, *, newest_first: bool
    ) -> int:
        """The position that an integer names: that of the last item whose id is no larger.

        Where that is another one, and the newest come first, the page begins with it. 0 is the
        place before the first page.
        """
        if not one.is_by_id:
            return min(max(cursor, 0), _ALL)
        kept = await self._store.items.find(partner_id, path, str(cursor))
        if kept is not None:
            return kept.position
        every = await self._store.items.list(partner_id, path, ItemWindow(_ALL))
        numbered = [kept for kept in every if kept.item_id.lstrip("-").isdecimal()]
        before = (kept.position for kept in numbered if int(kept.item_id) <= cursor)
        return max(before, default=0) + (newest_first and cursor != 0)


def _asks_for_deleted(query: PageQuery, given: Mapping[str, Any]) -> bool:
    """Whether a request asks for deleted items: ``include_deleted=true``, ``status=deleted``."""
    return any(
        str(value).lower() == "deleted"
        or (_DELETED.fullmatch(spelt(name)) and str(value).lower() not in _NOT)
        for name in query.names
        if name in given
        for value in (given[name] if isinstance(given[name], list) else [given[name]])
    )


def _says_all(operation: Operation) -> bool:
    """Whether an operation says, without more ado, that it deletes all: ``deleteAllPets``."""
    nouns = [spelt(one) for one in operation.path.split("/") if one and "{" not in one]
    named = re.compile(f"{_ALL_OF_THEM}({'|'.join((*nouns, 'items'))})?")
    return any(named.fullmatch(spelt(one)) for one in (operation.id, operation.summary))


def _limit(query: PageQuery, given: Mapping[str, Any]) -> int:
    """How many items a page has: all of them where there are no pages."""
    asked = given.get(query.limit, -1) if query.limit else -1
    if isinstance(asked, int | float) and asked >= 0:
        return int(asked)
    usual = query.default_limit or (_DEFAULT_LIMIT if query.is_paged else _ALL)
    return min(usual, query.largest_limit or usual)


def _skip(query: PageQuery, given: Mapping[str, Any], limit: int) -> int:
    skip = 0
    if query.offset:
        skip = int(given.get(query.offset, query.first_offset)) - query.first_offset
    elif query.number:
        skip = (int(given.get(query.number, query.first_number)) - query.first_number) * limit
    return max(0, skip)


def _following(
    one: ItemList,
    given: Mapping[str, Any],
    shown: Sequence[StoredItem],
    limit: int,
    order: Sequence[Sorting],
) -> dict[str, str]:
    """The query parameters of the page behind a page."""
    query = one.query
    if query.offset:
        return {query.offset: str(query.first_offset + _skip(query, given, limit) + limit)}
    if query.number:
        return {query.number: str(int(given.get(query.number, query.first_number)) + 1)}
    if query.cursor and query.is_by_integer:
        return {query.cursor: shown[-1].item_id if one.is_by_id else str(shown[-1].position)}
    if query.cursor:
        return {query.cursor: cursor_behind(shown[-1], order)}
    return {}


def _last(total: int, limit: int) -> int:
    """How many items are before the last page."""
    return (total - 1) // limit * limit if total and limit else 0


def _at(query: PageQuery, skipped: int, limit: int) -> dict[str, str]:
    """The query parameters of the page behind so many items; none where a cursor names it."""
    if query.offset:
        return {query.offset: str(query.first_offset + skipped)}
    if query.number:
        return {query.number: str(query.first_number + (skipped // limit if limit else 0))}
    return {}


def _is_behind(kept: StoredItem, beyond: int | None, newest_first: bool) -> bool:  # noqa: FBT001 - as in a window
    if beyond is None:
        return True
    return kept.position < beyond if newest_first else kept.position > beyond
