"""One page of a list, and the cursor of the next, in whatever way a contract has pages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import parse_qs, parse_qsl, urlsplit

from conformance.target.exchange import Answer
from conformance.target.members import JsonObject, identifier_in
from openapi.names import HOLDERS, may_count_one_page
from openapi.operation import Operation
from openapi.page_query import asked_in
from openapi.paging import PageMembers, Paging, page_members, steps

Cursor = str | int
"""The value of the parameter that names a page, or the :class:`Link` to it."""


GOES_ON = "the list goes on, and how to ask for more is not known"
"""The reason for no verdict where a list shows a part of its items, and no known way to others."""


class Link(str):
    """The query of the URL of a page, which a client follows as it is."""

    __slots__ = ()


_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[^\s;,=]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
"""A link in a header, and its parameters (RFC 8288, section 3)."""

_REL_NEXT = re.compile(
    r";\s*rel\s*=\s*(?:next\b|\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\")", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its items, their ids, and the cursor of the next page, if any."""

    items: list[JsonObject]
    ids: list[str]
    next: Cursor | None
    is_cut: bool = False
    """Whether more follows, or may follow, and nobody knows how to ask for it."""
    may_be_last: bool = False
    """Whether nothing tells that another follows, and the page is not full."""

    @property
    def has_more(self) -> bool:
        """Whether another page follows."""
        return self.next is not None


def is_first_again(
    members: PageMembers, cursor: Cursor | None, ids: Sequence[str], first: Sequence[str]
) -> bool:
    """Whether a page is the first one once more: 1 is its number, where 0 might have been."""
    return not members.is_first_known and cursor == 1 and bool(ids) and [*ids] == [*first]


def without_overlap(
    members: PageMembers, cursor: Cursor | None, page: Page, first: Sequence[str]
) -> Page:
    """A page without what the first one had, where 0 was taken for the first offset, and 1 is."""
    is_overlap = (
        members.paging is Paging.OFFSET
        and not members.is_first_known
        and cursor == members.first + len(first)
        and page.ids[:1] == [*first][-1:]
    )
    return replace(page, items=page.items[1:], ids=page.ids[1:]) if is_overlap else page


def bound_of(operation: Operation, keyword: str, otherwise: int) -> int:
    """A keyword of the contract for the size of a page, such as ``maximum``."""
    members = page_members(operation)
    limit = asked_in(operation).get(members.limit) if members else None
    return int(limit.schema.get(keyword, otherwise)) if limit else otherwise


def largest_page_of(operation: Operation) -> int:
    """The most items that a page may hold, or many where the contract does not say."""
    return bound_of(operation, "maximum", 100)


def query_of_page(
    members: PageMembers, limit: int, cursor: Cursor | None = None
) -> dict[str, object]:
    """The query of a page of so many items; of the first one without a cursor."""
    if isinstance(cursor, Link):
        return dict(parse_qsl(cursor, keep_blank_values=True))
    size: dict[str, object] = {members.limit: limit} if members.limit else {}
    return {**size, **({members.cursor: cursor} if members.cursor and cursor else {})}


def member_of(value: object, path: str) -> object:
    """A member such as ``meta.total``; None where there is none."""
    for name in steps(path):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def items_of(members: PageMembers, answer: Answer) -> list[JsonObject]:
    """The items of a page; none where an answer is no page."""
    found = listed_in(members, answer)
    listed = found if isinstance(found, list) else ()
    held = (
        one.get(members.holder) if members.holder and isinstance(one, dict) else one
        for one in listed
    )
    return [one for one in held if isinstance(one, dict)]


def listed_in(members: PageMembers, answer: Answer) -> object:
    """What an answer has in the place of the items."""
    document = answer.document
    return member_of(document, members.items) if members.items else document


def page_in(
    members: PageMembers,
    id_member: str,
    answer: Answer,
    query: Mapping[str, object],
    *,
    is_strict: bool = True,
) -> Page | None:
    """The page of an answer to a request with this query; None where it is no whole page.

    Unless ``is_strict``, it need not say whether another follows. Behind a full page that says
    nothing of the next one there may be none: a 404 is the end of such a list.
    """
    if answer.status == HTTPStatus.NOT_FOUND and _is_tried(members, query):
        return Page([], [], None)
    listed, items = listed_in(members, answer), items_of(members, answer)
    named = [identifier_in(one, id_member) for one in items]
    ids = [one for one in named if one is not None]
    if not isinstance(listed, list) or len(listed) != len(ids):
        return None
    document = answer.json()
    flags = (members.has_more, members.is_last)
    if is_strict and not all(isinstance(member_of(document, one), bool) for one in flags if one):
        return None
    try:
        following = _next(members, answer, query, ids)
        is_told = members.says_next or _says_more(members, document) is not None
        may_be_last = not (is_told or following is None or _is_full(members, query, len(ids)))
        is_cut = _is_cut(members, document, query, len(ids))
        return Page(items, ids, following, is_cut, may_be_last)
    except _UnknownNext:
        return None


def _is_tried(members: PageMembers, query: Mapping[str, object]) -> bool:
    """Whether a page is asked for that none has told of."""
    is_told = members.says_next or members.says_more or members.pages
    is_first = str(query.get(members.cursor, "")) in {"", str(members.first)}
    return members.is_counted and not is_told and not is_first


class _UnknownNext(Exception):
    """A page names the next one in a way that no documented request can ask for."""


def _next(
    members: PageMembers, answer: Answer, query: Mapping[str, object], ids: Sequence[str]
) -> Cursor | None:
    """The cursor of the next page; None for the last one."""
    if members.paging is Paging.WHOLE:
        return None
    told = _told(members, answer)
    if members.paging is Paging.TOKEN:
        return None if _says_more(members, answer.json()) is False else told
    if not _goes_on(members, answer, query, len(ids), told):
        return None
    if members.paging is Paging.AFTER:
        return ids[-1] if ids else None
    if isinstance(told, Link) or str(told).isdecimal():
        return told if isinstance(told, Link) else int(str(told))
    step = len(ids) if members.paging is Paging.OFFSET else 1
    return _here(members, answer, query) + step if ids else None


def _is_cut(
    members: PageMembers, document: object, query: Mapping[str, object], count: int
) -> bool:
    """Whether a list without known pages has, or may have, more than it shows."""
    if members.paging is not Paging.WHOLE:
        return False
    says_more = _says_more(members, document)
    return _is_full(members, query, count) if says_more is None else says_more


def _here(members: PageMembers, answer: Answer, query: Mapping[str, object]) -> int:
    """The number or the offset of a page, as it says or as it was asked for."""
    own = member_of(answer.json(), members.number) if members.number else None
    asked = str(query.get(members.cursor, members.first))
    said = own if _is_number(own) else asked
    return int(str(said)) if str(said).isdecimal() else members.first


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _says_more(members: PageMembers, document: object) -> bool | None:
    """Whether a page says with a flag that another follows; None where it has no flag."""
    for name, end in ((members.has_more, False), (members.is_last, True)):
        flag = member_of(document, name) if name else None
        if isinstance(flag, bool):
            return flag is not end
    return None


def _goes_on(
    members: PageMembers,
    answer: Answer,
    query: Mapping[str, object],
    count: int,
    told: Cursor | None,
) -> bool:
    """Whether a page says that another follows, or could be followed by one."""
    says_more = _says_more(members, answer.json())
    if says_more is not None:
        return says_more
    if members.says_next and members.paging is not Paging.AFTER:
        return told is not None
    total, limit = _total(members, answer), query.get(members.limit)
    # A page that is not full is the last one, where a server has no largest size of its own.
    is_full = count > 0 and (
        limit is None or not members.is_largest_known or _is_full(members, query, count)
    )
    here = _here(members, answer, query)
    if members.paging is Paging.NUMBER:
        number, pages = here - members.first + 1, member_of(answer.json(), members.pages)
        if members.is_first_known and _is_number(pages) and number <= int(str(pages)):
            return number < int(str(pages))
    # What is called a count may be that of one page.
    is_of_page = may_count_one_page(*steps(members.total)) if members.total else False
    if total is None or members.paging is not Paging.OFFSET:
        before = (here - members.first) * int(str(limit or 0))
        # Smaller pages than the one asked for have fewer items before them.
        is_counted = here == members.first or _is_full(members, query, count)
        is_all = members.is_first_known and not is_of_page and total == before + count
        is_all = is_all and is_counted
        return is_full and not is_all
    # What counts from 1 has one less before it.
    behind = here - members.first + (0 if members.is_first_known else -1)
    is_before_end = count > 0 and behind + count < total
    return (is_of_page and total == count and is_full) or is_before_end


def _is_full(members: PageMembers, query: Mapping[str, object], count: int) -> bool:
    """Whether a page has as many items as were asked for."""
    limit = query.get(members.limit)
    return limit is not None and count >= int(str(limit))


def _total(members: PageMembers, answer: Answer) -> int | None:
    """The number of all items, as a page says it; None where it does not."""
    found = member_of(answer.json(), members.total) if members.total else None
    if members.total_header and not members.total:
        found = answer.header(members.total_header)
    is_said = _is_number(found) or (isinstance(found, str) and found.isdecimal())
    return int(str(found)) if is_said else None


def _told(members: PageMembers, answer: Answer) -> Cursor | None:
    """The token or the URL of the next page, where the page has one; 0 is none."""
    document, found = answer.json(), None
    for place in (members.next, *members.also_next) if members.next else ():
        found = found or member_of(document, place)
        if isinstance(found, dict):
            names = (members.cursor, *HOLDERS)
            found = next((found[one] for one in names if found.get(one)), None)
    if found is None and members.next_header:
        found = answer.header(members.next_header)
        if members.next_header.lower() == "link":
            links = _LINK.findall(found or "")
            found = next((url for url, said in links if _REL_NEXT.search(said)), None)
            return None if found is None else _followed(members, found)
    if _is_number(found):
        return int(str(found)) or None
    if not isinstance(found, str) or not found:
        return None
    is_url = "?" in found or found.startswith("/") or "://" in found
    return _followed(members, found) if is_url else found


def _followed(members: PageMembers, url: str) -> Cursor:
    """What stands in the URL of the next page for the parameter that names it, or its query."""
    query = urlsplit(url).query
    if not query:
        raise _UnknownNext
    found = parse_qs(query).get(members.cursor)
    return found[0] if found else Link(query)
