"""One page of a list, and the cursor of the next, in whatever way a contract has pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from conformance.target.exchange import Answer
from conformance.target.members import JsonObject, identifier_in
from openapi.operation import Operation
from openapi.paging import PageMembers, Paging, page_members

Cursor = str | int
"""The value of the parameter that names a page."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its items, their ids, and the cursor of the next page, if any."""

    items: list[JsonObject]
    ids: list[str]
    next: Cursor | None

    @property
    def has_more(self) -> bool:
        """Whether another page follows."""
        return self.next is not None


def bound_of(operation: Operation, keyword: str, otherwise: int) -> int:
    """A keyword of the contract for the size of a page, such as ``maximum``."""
    members = page_members(operation)
    for parameter in operation.parameters:
        if members and parameter.name == members.limit:
            return int(parameter.schema.definition.get(keyword, otherwise))
    return otherwise


def largest_page_of(operation: Operation) -> int:
    """The most items that a page may hold, or many where the contract does not say."""
    return bound_of(operation, "maximum", 100)


def query_of_page(
    members: PageMembers, limit: int, cursor: Cursor | None = None
) -> dict[str, object]:
    """The query of a page of so many items; of the first one without a cursor."""
    size: dict[str, object] = {members.limit: limit} if members.limit else {}
    return {**size, **({members.cursor: cursor} if members.cursor and cursor else {})}


def member_of(value: object, path: str) -> object:
    """A member such as ``meta.total``; None where there is none."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def items_of(members: PageMembers, answer: Answer) -> list[JsonObject]:
    """The items of a page; none where an answer is no page."""
    found = listed_in(members, answer)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def listed_in(members: PageMembers, answer: Answer) -> object:
    """What an answer has in the place of the items."""
    try:
        document = answer.json()
    except ValueError:
        return None
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

    Unless ``is_strict``, it need not say whether another follows.
    """
    listed, items = listed_in(members, answer), items_of(members, answer)
    named = [identifier_in(one, id_member) for one in items]
    ids = [one for one in named if one is not None]
    if not isinstance(listed, list) or len(listed) != len(ids):
        return None
    more = member_of(answer.json(), members.has_more) if members.has_more else None
    if is_strict and members.has_more and not isinstance(more, bool):
        return None
    return Page(items, ids, _next(members, answer, query, ids))


def _next(
    members: PageMembers, answer: Answer, query: Mapping[str, object], ids: Sequence[str]
) -> Cursor | None:
    """The cursor of the next page; None for the last one."""
    if members.paging is Paging.WHOLE:
        return None
    if members.paging is Paging.TOKEN:
        says_more = not members.has_more or member_of(answer.json(), members.has_more)
        return _token(members, answer) if says_more else None
    if not ids or not _goes_on(members, answer, query, len(ids)):
        return None
    if members.paging is Paging.AFTER:
        return ids[-1]
    here = query.get(members.cursor, members.first)
    number = int(str(here)) if str(here).isdigit() else members.first
    return number + (len(ids) if members.paging is Paging.OFFSET else 1)


def _goes_on(members: PageMembers, answer: Answer, query: Mapping[str, object], count: int) -> bool:
    """Whether a page says that another follows, or could be followed by one."""
    document = answer.json()
    if members.has_more:
        return bool(member_of(document, members.has_more))
    if members.next and members.paging is not Paging.AFTER:
        return bool(member_of(document, members.next))
    total, limit = member_of(document, members.total), query.get(members.limit)
    is_counted = members.total and isinstance(total, int) and not isinstance(total, bool)
    if is_counted and members.paging is Paging.OFFSET:
        return int(str(query.get(members.cursor, 0))) + count < int(str(total))
    # A page that is not full is the last one.
    return limit is None or count >= int(str(limit))


def _token(members: PageMembers, answer: Answer) -> str | None:
    """The token of the next page: the member itself, or what stands for it in its URL."""
    found = member_of(answer.json(), members.next)
    if not isinstance(found, str) or not found:
        return None
    query = parse_qs(urlsplit(found).query) if "?" in found else {}
    return next(iter(query.get(members.cursor, ())), found)
