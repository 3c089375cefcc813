"""Lists, read page by page up to a bound."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from conformance.probe.not_verified import NotVerified
from conformance.probe.paging import (
    GOES_ON,
    Cursor,
    Page,
    bound_of,
    is_first_again,
    items_of,
    largest_page_of,
    page_in,
    query_of_page,
    without_overlap,
)
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.repetition import Repetition
from conformance.probe.violation import expect_list, expect_news
from conformance.target.exchange import Answer, Request
from conformance.target.members import JsonObject, identifier_in
from openapi.operation import Operation
from openapi.paging import Paging, page_members

MOST_PAGES = 100
"""The most pages of a list that are read."""

NOT_LISTED = "the list does not show what was made: it is late, or incomplete"
"""The reason for no verdict where a list shows nothing of what was made."""

MANY = 210
"""More than two of the largest pages, and enough for what one request in two hundred breaks."""

_FEWER = 60
"""As many, where more than a name is asked for: what that costs nobody knows."""

_MADE_AT_ONCE = 10

COUNTED = re.compile(r"\d{1,9}")
"""Ids that a server may count for each partner: an item of another one may have the same."""


def make(probe: Probe, count: int, partner: int = 0) -> list[Answer]:
    """Create resources of the probe's kind, all at once; gives the answers.

    They are next to each other in a list by time, and many have the same time.
    """
    maker = probe.creating
    answers = maker.send_at_once([maker.request(partner) for _ in range(count)])
    answers = [maker.make(partner) if maker.collides(one) else one for one in answers]
    for answer in answers:
        if not maker.operation.is_success(answer.status) or not maker.id_of(answer):
            raise NotVerified(f"{maker.operation.id} answered {answer.status} to a valid request")
    return answers


def make_many(probe: Probe) -> None:
    """Create what lacks until a run has made ``MANY`` of the probe's kind by plain bodies.

    Where these have more than a name it is an item more than two pages, up to ``_FEWER``.
    """
    plain, collection = probe.target.plain_creations, probe.collection_path()
    of_two_pages = 2 * bound(probe, "maximum", bound(probe, "default", _FEWER)) + 1
    most = MANY if probe.creating.asks_for_a_name_alone else min(of_two_pages, _FEWER)
    while (before := len(plain.lasting_in(collection))) < most:
        make(probe, min(_MADE_AT_ONCE, most - before))
        if len(plain.lasting_in(collection)) == before:
            break


def items(operation: Operation, answer: Answer) -> list[JsonObject]:
    """The items of an answer of a list operation; none where it is no page."""
    members = page_members(operation)
    return items_of(members, answer) if members else []


def pages(
    probe: Probe,
    limit: int,
    after: Cursor | None = None,
    partner: int = 0,
    most: int | None = None,
    filters: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Page]:
    """The pages of a list to its end, or so many as ``most``; ``filters`` are in each query.

    Raises :class:`NotVerified` for a list whose end nobody knows, as it is longer than
    ``MOST_PAGES`` pages or goes on in a way that is not known, and :class:`Violation` for one that
    repeats itself.
    """
    repetition, first = Repetition(), list[str]()
    for _ in range(most or MOST_PAGES):
        page = page_of(probe, {**query_for(probe, limit, after), **filters}, partner)
        if is_first_again(probe.page_members, after, page.ids, first):
            after = page.next
            if after is None:
                return
            continue
        if repetition.ends_with(page.ids):
            return
        page = without_overlap(probe.page_members, after, page, first)
        first = first or page.ids
        if probe.page_members.is_backwards and repetition.shows_again(page.ids):
            raise NotVerified(GOES_ON)
        yield page
        if page.is_cut:
            raise NotVerified(GOES_ON)
        if not page.has_more or not (page.ids or probe.page_members.says_next):
            return
        repetition.add(page.ids, page.next, may_be_last=page.may_be_last)
        expect_news(repetition)
        after = page.next
    if most is None:
        raise NotVerified(f"the list is longer than {MOST_PAGES} pages of {limit}")


def ids_until(probe: Probe, wanted: set[str], partner: int = 0) -> list[str]:
    """The ids of a list in its order, until all ``wanted`` ones are seen, or to its end."""
    seen: list[str] = []
    for page in pages(probe, largest_page(probe), partner=partner):
        seen += page.ids
        if wanted <= set(seen):
            break
    return seen


def marks_of(probe: Probe, found: Iterable[JsonObject]) -> set[str]:
    """What tells resources of all partners apart: the id, beside a short number the name too.

    A server may count for each partner, and clients may choose the ids. Such an id without a name
    tells nothing, and has no mark.
    """
    marks, is_chosen = set(), probe.resource.is_chosen
    for one in found:
        id_, name = identifier_in(one, probe.resource.id), one.get(probe.name_member)
        if id_ and not is_chosen and not COUNTED.fullmatch(id_):
            marks.add(id_)
        elif id_ and name:
            marks.add(f"{id_} {name}")
    return marks


def marks_until(probe: Probe, wanted: set[str], partner: int = 0) -> set[str]:
    """The marks in a list, until all ``wanted`` ones are seen, or to its end."""
    seen: set[str] = set()
    for page in pages(probe, largest_page(probe), partner=partner):
        seen |= marks_of(probe, page.items)
        if wanted <= seen:
            break
    return seen


def is_listed_soon(probe: Probe, made: str, partner: int = 0, wanted: Collection[str] = ()) -> bool:
    """Whether a list shows an id, which may take it a moment; it is read until all ``wanted``."""
    return any(made in ids_until(probe, {made, *wanted}, partner) for _ in probe.looks())


def expect_listed_for(
    probe: Probe,
    made: str,
    partner: int,
    wanted: Collection[str] = (),
    name: str | None = None,
) -> None:
    """Raise :class:`Violation` where another partner's list shows an id, and its own does not.

    So it is where its own list shows the ``name`` that was asked for under another id, or what is
    made after it. Nothing is verified where it shows neither: a list may be late.
    """
    if is_listed_soon(probe, made, partner, wanted):
        return
    names = [one.get(probe.name_member) for one in probe.listed(partner)] if name else []
    probe.expect(name not in names, "what was made listed by its id", "it under another id")
    others = (one for one in range(len(probe.target.access)) if one != partner)
    is_elsewhere = any(made in ids_until(probe, {made}, one) for one in others)
    probe.expect(
        not is_elsewhere, "what was made in the list of its partner", "it in another partner's list"
    )
    maker = probe.creating
    later = maker.known_id_of(maker.make(partner))
    is_late = not is_listed_soon(probe, later, partner)
    probe.expect(is_late, "what was made in the list of its partner", "only what came after it")
    raise NotVerified(NOT_LISTED)


def query_for(probe: Probe, limit: int, after: Cursor | None = None) -> dict[str, Any]:
    """The query of a page of so many items, the one that ``after`` names where it is given."""
    return query_of_page(probe.page_members, limit, after)


def page_request(probe: Probe, query: Mapping[str, object], partner: int = 0) -> Request:
    """The request for the page of a query."""
    return probe.request(partner, query)


def page_of(probe: Probe, query: Mapping[str, object], partner: int = 0) -> Page:
    """A page of a list. Raises :class:`NotVerified` for any other answer."""
    answer = answer_to(probe, page_request(probe, query, partner))
    expect_list(answer)
    page = page_in(probe.page_members, probe.resource.id, answer, query)
    # A 404 is a page where a list may have ended: ``page_in`` knows.
    if page and answer.status in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
        return page
    raise NotVerified(f"the list answered {answer.status} without a page of items")


def cursor_at(probe: Probe, ids: Sequence[str], start: int) -> Cursor | None:
    """The cursor of the page that begins behind the item at ``start``, where one can be made."""
    paging = probe.page_members.paging
    if start < 0 or paging not in {Paging.AFTER, Paging.OFFSET}:
        return None
    return ids[start] if paging is Paging.AFTER else probe.page_members.first + start + 1


def bound(probe: Probe, keyword: str, otherwise: int) -> int:
    """A keyword of the contract for the size of a page, such as ``maximum``."""
    return bound_of(probe.operation, keyword, otherwise)


def largest_page(probe: Probe) -> int:
    """The most items that a page may hold."""
    return largest_page_of(probe.operation)


def ids_of(probe: Probe, answers: list[Answer]) -> set[str]:
    """The ids in answers to creations."""
    return {probe.known_id_of(answer) for answer in answers}
