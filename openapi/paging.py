"""Pages of a list: how a contract asks for them, and where it has their items and the next one."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

from openapi.item_members import HOLDING
from openapi.item_paths import is_of_one
from openapi.names import IDS, Role, holds_url, is_asked, is_header, is_shown, spelt
from openapi.operation import Operation
from openapi.page_query import (
    PageQuery,
    Shown,
    page_query,
    says_first_number,
    says_first_offset,
)
from openapi.schema import types_of


class Paging(StrEnum):
    """What names the page that a request asks for."""

    AFTER = "the id of the item before it"
    TOKEN = "a token in the page before it"  # noqa: S105 - no secret
    OFFSET = "the number of items before it"
    NUMBER = "its number"
    WHOLE = "nothing that is known: a list is one page, unless that says that more follows"


@dataclass(frozen=True, slots=True)
class PageMembers:
    """The names in a list operation: its query parameters, the members of a page, and headers.

    ``cursor`` is the parameter that names the page as ``paging`` says, ``limit`` the one for its
    size, ``next`` the member with the token or the URL of the next page, and ``total`` that with
    the number of all items. Each is empty where there is none, and so is ``items`` where a page is
    an array. A member of an object in the page is written ``meta.total``.
    """

    items: str
    has_more: str
    cursor: str
    limit: str
    paging: Paging = Paging.AFTER
    next: str = ""
    total: str = ""
    first: int = 0
    """The number or the offset of the first page; 0 too where the contract does not say it."""
    is_first_known: bool = True
    is_last: str = ""
    """The member that says that no page follows."""
    number: str = ""
    """The member with the number of the page itself, or with its offset."""
    pages: str = ""
    """The member with the number of all pages."""
    next_header: str = ""
    """The header with the token or the URL of the next page: ``Link`` (RFC 8288), or another."""
    total_header: str = ""
    may_count: bool = False
    """Whether pages by token may as well be named by a count."""
    holder: str = ""
    """The member that holds the item in what is listed: ``node`` of an edge; empty without any."""
    also_next: tuple[str, ...] = ()
    """The members beside ``next`` that a page may have the next one in, and not in that."""
    is_largest_known: bool = True
    """Whether the contract says how many items a page may have; a server may give fewer."""

    @property
    def is_counted(self) -> bool:
        """Whether pages are named by a count: an item is on another one when others come or go."""
        return self.may_count or self.paging in {Paging.OFFSET, Paging.NUMBER}

    @property
    def is_backwards(self) -> bool:
        """Whether older items are asked for, so that the contract does not say the order of a page.

        Its last item leads on where the newest comes first, and back where it comes last.
        """
        return self.paging is Paging.AFTER and is_asked(Role.OLDER, self.cursor)

    @property
    def says_next(self) -> bool:
        """Whether a page has the token or the URL of the next one."""
        return bool(self.next or self.next_header)

    @property
    def says_more(self) -> bool:
        """Whether a page says with a flag whether another follows."""
        return bool(self.has_more or self.is_last)


@cache
def page_members(operation: Operation) -> PageMembers | None:
    """The names in a list operation; None where the operation gives no list.

    A list is a GET whose answer is an array, or has one.
    """
    schema = success_schema(operation) if operation.method == "GET" else None
    if schema is None or (is_of_one(operation.path) and "array" not in types_of(schema)):
        return None
    members = dict(sorted(_members(schema), key=lambda one: len(one[0])))
    items = "" if "array" in types_of(schema) else _items_of(members, operation.path)
    if items is None:
        return None
    listed = members.get(tuple(steps(items)), {}) if items else schema
    return replace(_page_members(operation, members, items), holder=_holder(listed))


def _holder(listed: Mapping[str, Any]) -> str:
    """The member that holds the item in what a list has; empty where that is the item."""
    named = {spelt(name): name for name in listed.get("items", {}).get("properties", {})}
    held = [] if named.keys() & {*IDS} else [one for one in named if one in HOLDING]
    return named[held[0]] if len(held) == 1 else ""


def _page_members(operation: Operation, members: Shown, items: str) -> PageMembers:
    query = page_query(operation, members)
    headers = [one.name for one in _success_headers(operation)]
    following, *others = _following(members, query) or [""]
    next_header = next((one for one in headers if one.lower() == "link"), "")
    next_header = next_header or _first_header(headers, Role.NEXT)
    is_counted, is_told = bool(query.offset or query.number), bool(following or next_header)
    found = PageMembers(
        items,
        _first(members, Role.HAS_MORE, "boolean"),
        query.cursor or "",
        query.limit or "",
        is_last=_first(members, Role.IS_LAST, "boolean"),
        next=following,
        next_header=next_header,
        also_next=tuple(others),
        is_largest_known=query.limit is None or query.largest_limit is not None,
    )
    if is_told and (query.cursor or not is_counted):
        return replace(found, paging=Paging.TOKEN, may_count=is_counted)
    if query.cursor and not is_counted:
        return found
    if not is_counted:
        return replace(found, paging=Paging.WHOLE)
    found = replace(
        found,
        cursor=query.offset or query.number or "",
        first=query.first_offset,
        paging=Paging.OFFSET if query.offset else Paging.NUMBER,
        total=_first(members, Role.TOTAL, "integer"),
        total_header=_first_header(headers, Role.TOTAL),
    )
    if query.offset:
        is_known = says_first_offset(query.offset, query.names[query.offset])
        own = [place for place in members if spelt(place[-1]) == spelt(query.offset)]
        own = [place for place in own if "integer" in types_of(members[place])]
        number = _joined(own[0]) if own and not is_known else ""
        return replace(found, is_first_known=is_known, number=number)
    if not query.number:
        return found
    is_known = says_first_number(query.names[query.number], members)
    # What may as well count the items of a page, or be the number of the last one, tells nothing.
    clear = {
        place: one
        for place, one in members.items()
        if not is_shown(Role.COUNT, *place) and not is_shown(Role.IS_LAST, *place)
    }
    return replace(
        found,
        number=_first(members, Role.NUMBER, "integer"),
        pages=_first(clear, Role.PAGES, "integer"),
        first=query.first_number if is_known else 0,
        is_first_known=is_known,
    )


def _following(members: Shown, query: PageQuery) -> Sequence[str]:
    """The members with the next page: the first one, and others that may be filled in its place.

    Those are in one object with it, as ``next_page.uri`` is, or called so: ``next_url``. The one
    that is called as the parameter has no size of its own, as an URL has, and comes first.
    """
    own = [one for one in members if query.leads_on(*one)]
    # What is called as the parameter may repeat it, where another one says what is next.
    own.sort(key=lambda one: not any(is_shown(Role.NEXT, *one[: at + 1]) for at in range(len(one))))
    kinds = {"string", "integer", None}
    texts = [one for one in own if not kinds.isdisjoint(types_of(members[one]) or (None,))]
    if not texts:
        return [_joined(one) for one in own if "object" in types_of(members[one])][:1]
    first, cursor = texts[0], spelt(query.cursor or query.offset or query.number or "") or None

    def is_as_asked(place: tuple[str, ...]) -> bool:
        return cursor is not None and spelt(place[-1]).endswith(cursor)

    def is_beside(place: tuple[str, ...]) -> bool:
        is_called_so = all(spelt(one[-1]).startswith("next") for one in (first, place))
        is_in_it = any(is_shown(Role.NEXT, one) for one in place[:-1])
        is_known = holds_url(*place) or is_as_asked(place)
        return place[:-1] == first[:-1] and (is_called_so or is_in_it) and is_known

    beside = [one for one in texts if one == first or is_beside(one)]
    return [_joined(one) for one in sorted(beside, key=lambda one: not is_as_asked(one))]


def steps(path: str) -> list[str]:
    """The members that a path such as ``meta.total`` leads through; ``@odata.count`` is one."""
    return re.findall(r"@[^.]+\.[^.]+|[^.]+", path)


def snake(name: str) -> str:
    """A name in lower case, its words with an underscore between them: ``page_size``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9.]+", "_", words.lower()).strip("_")


def success_schema(operation: Operation) -> Mapping[str, Any] | None:
    """The outline of the JSON that an operation answers with; None without any."""
    response = operation.response(operation.success_status)
    media_type = response.json_content if response else None
    return media_type.schema.outline if media_type and media_type.schema else None


def _members(
    schema: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The members of a page by name, each before those of the objects in it."""
    for name, one in schema.get("properties", {}).items():
        yield (*path, name), one
        yield from _members(one, (*path, name))


def _items_of(members: Shown, path: str) -> str | None:
    """The array of objects that is called as items are, else the first one; None without one."""
    arrays = [one for one, schema in members.items() if "array" in types_of(schema)]
    near = [one for one in arrays if len(one) <= _DEEPEST_ITEMS]
    noun = spelt(path.rpartition("/")[2])

    def rank(place: tuple[str, ...]) -> tuple[bool, bool]:
        is_named = spelt(place[-1]) == noun or is_shown(Role.ITEMS, place[-1])
        is_of_objects = "object" in types_of(members[place].get("items", {}))
        return not is_of_objects, not is_named

    found = min(near, key=rank, default=None)
    return None if found is None else _joined(found)


_DEEPEST_ITEMS = 2


def _joined(place: tuple[str, ...]) -> str:
    return ".".join(place)


def _first(members: Shown, role: Role, *kinds: str | None) -> str:
    """The first member of a role and a type; empty without one. None stands for no type."""
    return next(
        (
            _joined(place)
            for place, schema in members.items()
            if is_shown(role, *place) and not {*kinds}.isdisjoint(types_of(schema) or (None,))
        ),
        "",
    )


def _first_header(names: Iterable[str], role: Role) -> str:
    return next((one for one in names if is_header(role, one)), "")


def _success_headers(operation: Operation) -> tuple[Any, ...]:
    response = operation.response(operation.success_status)
    return tuple(response.headers) if response else ()
