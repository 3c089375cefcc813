"""Pagination: pages are complete, without repeats, and no larger than ``limit`` (vendor facts).

A target may hold thousands of keys and others may be making more, so that only the keys that a
check has made are counted. Where they stand is found with large pages; small ones start there.
"""

from collections.abc import Collection, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlencode

from conformance.catalogue.judge import Judge, JudgedExchange, Purpose, on
from conformance.catalogue.mends import APPLY_LIMIT, STABLE_PAGES, STRICT_QUERIES
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import on_answers, on_requests, set_status, with_body
from conformance.probe.applicability import lists
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.pages import (
    MANY,
    bound,
    cursor_at,
    ids_of,
    ids_until,
    items,
    largest_page,
    make,
    page_of,
    pages,
    query_for,
)
from conformance.probe.paging import Cursor, Link, bound_of, listed_in
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.violation import Violation, expect
from conformance.server.lists.sabotage import (
    HIDE_ALL,
    IGNORE_CURSOR,
    IGNORE_LIMIT,
    LOSE_ITEM,
    MORE_ALWAYS,
    MORE_NEVER,
    MORE_WHEN_FULL,
    REPEAT_ITEM,
    VENDOR,
    is_list,
    query_of,
)
from conformance.server.robustness.survival import SAFETY
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Request
from openapi.operation import Operation
from openapi.paging import Paging, page_members

_SOME = 5

_LOOKS_AT_MOVING = 8

_MOVING = "others make items while the pages are read, which moves all others"

_AT_ONCE = 10
"""So many items are made together."""

_LATER_PAGES = 20
"""The most pages of new items behind what was the last page."""

_PAGES_TO_THE_END = 10
"""The most pages with items that are read to see the end of a list."""


def _endless_page(request: Request, answer: Answer) -> Answer:
    if answer.status != HTTPStatus.UNPROCESSABLE_ENTITY or "limit" not in query_of(request):
        return answer
    page = {"data": [{"id": f"item {number}"} for number in range(200)], "has_more": False}
    return with_body(replace(answer, status=200), page)


def _hundred_by_default(request: Request) -> Request:
    if not is_list(request) or "limit" in query_of(request):
        return request
    return replace(request, path=f"{request.path}{'&' if '?' in request.path else '?'}limit=100")


def _has_pages(operation: Operation) -> bool:
    members = page_members(operation) if lists(operation) else None
    return members is not None and bool(members.limit and (members.cursor or members.says_next))


def _says_more(operation: Operation) -> bool:
    members = page_members(operation)
    return _has_pages(operation) and members is not None and members.says_more


def _has_default(operation: Operation) -> bool:
    return _has_pages(operation) and bound_of(operation, "default", 0) > 0


def _has_largest(operation: Operation) -> bool:
    return _has_pages(operation) and bound_of(operation, "maximum", 0) > 0


@requirement(
    "lists.pagination-is-complete",
    Level.SHOULD,
    VENDOR,
    _has_pages,
    needs=(Capability.LISTING,),
    mend=STABLE_PAGES,
)
@catches(LOSE_ITEM, REPEAT_ITEM, IGNORE_CURSOR, MORE_NEVER, HIDE_ALL)
def pagination_is_complete(probe: Probe) -> None:
    """Pages of any size together show everything once, and have an end: nothing is lost."""
    for _ in range(_LOOKS_AT_MOVING):
        reading = _read_with_own(probe)
        try:
            if _is_complete(probe, reading) and _has_end(probe, reading):
                return
        except Violation:
            # What others make or end before an item moves it to another page, or further from
            # the first one, where no cursor leads to it.
            is_fixed = reading.after is not None and not probe.page_members.is_counted
            if is_fixed or _is_unmoved(probe, reading):
                raise
    raise NotVerified(_MOVING)


@dataclass(frozen=True)
class _Reading:
    """A list as large pages show it, from the first item to the last of ``own``, the new ones.

    Small pages are read from behind the item at ``start``, which ``after`` names, or from the first
    item on.
    """

    seen: Sequence[str]
    own: Set[str]
    start: int
    after: Cursor | None
    passed: Sequence[str] = ()
    """What the pages show that lead to a token; empty without one."""

    @property
    def places(self) -> Sequence[int]:
        """Where the new items stand."""
        return [place for place, one in enumerate(self.seen) if one in self.own]

    @property
    def span(self) -> int:
        """How many items there are from the first that is read in small pages to the last."""
        return len(self.seen) - self.start - 1

    @property
    def before(self) -> Sequence[str]:
        """The items before those that are read in small pages."""
        return self.seen[: self.start + 1]

    def stretch(self, *, is_token: bool) -> Sequence[str]:
        """The items that small pages must show: a token may begin anywhere before the new ones."""
        return self.seen[self.places[0] if is_token else self.start + 1 :]


def _is_unmoved(probe: Probe, reading: _Reading) -> bool:
    """Whether the list is the same by now, to the last of the new items."""
    return ids_until(probe, {*reading.own})[: len(reading.seen)] == reading.seen


def _is_complete(probe: Probe, reading: _Reading) -> bool:
    """Whether small pages show each item of the reading once; not so where the list moved.

    Raises :class:`Violation` where an item lacks or comes again, and others moved nothing.
    """
    own, smallest = reading.own, bound(probe, "minimum", 1)
    is_token = probe.page_members.paging is Paging.TOKEN and reading.after is not None
    stretch = {*reading.stretch(is_token=is_token)}
    first, *_, last = reading.places
    earlier = reading.seen[:first] if is_token else ()
    if not _is_each_once(probe, reading, earlier, reading.passed, "before the new ones"):
        return False
    # A list may be in an order of its own, such as that of ids, with others among the new ones.
    span = last - first + 1 + 2 * _SOME if is_token else reading.span
    for size in (1, 2, 3):
        limit = min(max(size, span // 20, smallest), largest_page(probe))
        found: list[str] = []
        for page in pages(probe, limit, reading.after, most=span // limit + 20):
            found += page.ids
            if own <= set(found):
                break
        shown = [one for one in found if one in own]
        probe.expect(own <= set(shown), f"all {len(own)} in pages of {limit}", f"{len(set(shown))}")
        repeated = len(shown) - len(set(shown))
        probe.expect(not repeated, f"each once in pages of {limit}", f"{repeated} more than once")
        # An offset begins behind the item before it.
        all_ = [*reading.before, *found]
        if not _is_each_once(probe, reading, stretch, all_, f"in pages of {limit}"):
            return False
    return True


def _is_each_once(
    probe: Probe, reading: _Reading, wanted: Collection[str], found: Sequence[str], where: str
) -> bool:
    """Whether all that are wanted are found, and none twice; not so where the list moved.

    Raises :class:`Violation` where the list is as it was. What is behind the new items may move.
    """
    seen, lacking = {*reading.seen}, {*wanted} - {*found}
    known = [one for one in found if one in seen]
    members, repeated = probe.page_members, len(known) - len(set(known))
    if members.paging is Paging.OFFSET and not members.is_first_known:
        repeated = 0  # whether 0 or 1 is the first item, a page may begin with the one before
    if (lacking or repeated) and not _is_unmoved(probe, reading):
        return False
    probe.expect(not lacking, f"all {len(wanted)} {where}", f"{len(lacking)} lacking")
    probe.expect(not repeated, f"each once {where}", f"{repeated} more than once")
    return True


def _has_end(probe: Probe, reading: _Reading) -> bool:
    """Whether the list has an end, also where its last page is full; not so where it moved.

    An end that is far away is not judged. Raises :class:`Violation` where the last page lacks an
    item, and others moved nothing.
    """
    with suppress(NotVerified):
        return _has_end_behind(probe, reading.after)
    return True


def _has_end_behind(probe: Probe, behind: Cursor | None) -> bool:
    members, start, after, left = probe.page_members, behind, behind, _PAGES_TO_THE_END
    count, ids = 0, list[str]()
    for page in pages(probe, largest_page(probe), start):
        if page.ids:
            start, count, ids, left = after, len(page.ids), [*ids, *page.ids], left - 1
        after = page.next
        if not left and page.has_more:
            return True
    smallest = max(bound(probe, "minimum", 1), 1)
    if members.paging is Paging.NUMBER:
        start, count = members.first + len(ids) - 1, 1
    if count >= smallest and not isinstance(start, Link):
        found = {one for page in pages(probe, count, start) for one in page.ids}
        # The size of a page may be a part of a token.
        lacking = set() if members.paging is Paging.TOKEN else {*ids[-count:]} - found
        if lacking and _to_end(probe, behind) != ids:
            return False
        probe.expect(
            not lacking, f"the last {count} in a page of {count}", f"{len(lacking)} lacking"
        )
    return True


def _to_end(probe: Probe, after: Cursor | None) -> Sequence[str]:
    """The ids of a list behind a cursor, as large pages show them."""
    return [one for page in pages(probe, largest_page(probe), after) for one in page.ids]


def _read_with_own(probe: Probe) -> _Reading:
    """A reading of the list with new items in it, and a cursor before them.

    What others make may be the first of a list. So the cursor is an item that was made just before
    them or just after them, whichever comes first, where a list is in either order.
    """
    own, seen, start = _made_between(probe, _SOME)
    if probe.page_members.paging is Paging.TOKEN:
        token, passed = _token_before(probe, own)
        # The URL of a page has a size of its own: small pages are read from the first one on.
        return _Reading(seen, own, -1, None if isinstance(token, Link) else token, passed)
    # Several large pages that lose an item would hide by it what small ones lose.
    is_one_page = len(seen) <= bound(probe, "maximum", 0)
    is_found = is_one_page or probe.page_members.paging is not Paging.OFFSET
    cursor = cursor_at(probe, seen, start) if is_found else None
    return _Reading(seen, own, start if cursor is not None else -1, cursor)


def _made_between(probe: Probe, count: int) -> tuple[set[str], Sequence[str], int]:
    """The ids of new items, those of the list to the last of them, and the place before them."""
    (earlier,), made, (later,) = make(probe, 1), make(probe, count), make(probe, 1)
    own, ends = ids_of(probe, made), ids_of(probe, [earlier, later])
    seen = list[str]()
    for _ in probe.looks():
        last_seen, seen = seen, ids_until(probe, own | ends)
        places = [place for place, one in enumerate(seen) if one in own]
        if own | ends <= set(seen) and len(places) == len(own):
            break
    if probe.page_members.is_counted and len(places) > len(own) and last_seen != seen:
        raise NotVerified(_MOVING)
    probe.expect(own <= set(seen), f"all {len(own)} created ones in the list", f"{len(places)}")
    probe.expect(len(places) == len(own), "each created one once", f"{len(places)} for {len(own)}")
    is_newest_first = probe.id_of(later) in seen[: places[0]]
    if probe.page_members.is_backwards and not is_newest_first:
        raise NotVerified("older items are asked for, and the newest one does not come first")
    first = places[0]
    before = [place for place, one in enumerate(seen[:first]) if one in ends]
    return own, seen[: places[-1] + 1], max(before, default=first - 1)


def _token_before(probe: Probe, own: set[str]) -> tuple[Cursor | None, Sequence[str]]:
    """The token of a page that begins a few items before the first of ``own``, and all to it."""
    token, passed = None, list[str]()
    size = min(max(_SOME, bound(probe, "minimum", 1)), largest_page(probe))
    for page in pages(probe, size):
        passed += page.ids
        if own & {*page.ids}:
            break
        token = page.next
    return token, passed


@requirement(
    "lists.has-more-is-true",
    Level.SHOULD,
    VENDOR,
    _says_more,
    needs=(Capability.LISTING,),
    mend=STABLE_PAGES,
)
@catches(MORE_ALWAYS, MORE_NEVER, MORE_WHEN_FULL)
def has_more_is_true(probe: Probe) -> None:
    """``has_more``, or a flag such as ``last``, says whether another page follows."""
    page = page_of(probe, query_for(probe, 1, _read_with_own(probe).after))
    probe.expect(page.has_more, "has_more true where another item follows", "false")
    for _ in range(2):  # twice: what followed may have gone just then
        if not _says_more_at_the_end(probe):
            return
    raise Violation("has_more false on the last page", "true")


def _says_more_at_the_end(probe: Probe) -> bool:
    """Whether a last page says that there are more: one that is empty, or exactly full."""
    seen: list[str] = []
    for page in pages(probe, largest_page(probe)):
        if not page.items and seen:
            return True
        seen += page.ids
    for size in (1, 2):
        if len(seen) > size:
            # What others make meanwhile may be the last item of a list.
            here = cursor_at(probe, seen, len(seen) - size - 1)
            *_, last = pages(probe, size, here, most=_LATER_PAGES)
            if not last.items:
                return True
    return False


def expect_at_most(limit: int, count: int) -> None:
    """A page of ``count`` items is no larger than its ``limit``."""
    expect(count <= limit, f"at most {limit}", f"{count} items")


def _at_most(exchange: JudgedExchange) -> None:
    members = page_members(exchange.operation)
    limit = query_of(exchange.request).get(members.limit if members else "", "")
    if limit:
        expect_at_most(int(limit), len(items(exchange.operation, exchange.answer)))


@requirement(
    "lists.limit-is-respected",
    Level.SHOULD,
    VENDOR,
    _has_pages,
    needs=(Capability.LISTING,),
    judges=(Judge(_at_most, on(Purpose.PAGE)),),
    mend=APPLY_LIMIT,
)
@catches(IGNORE_LIMIT)
def limit_is_respected(probe: Probe) -> None:
    """A page holds no more items than the request asks for."""
    make(probe, 3)
    smallest = max(bound(probe, "minimum", 1), 1)
    for limit in (smallest, smallest + 1):
        count = len(page_of(probe, query_for(probe, limit)).items)
        expect_at_most(limit, count)


@requirement(
    "lists.default-page-is-small",
    Level.SHOULD,
    "vendor facts: limit is 25 by default",
    _has_default,
    needs=(Capability.LISTING,),
    mend=APPLY_LIMIT,
)
@catches(on_requests("pages of 100 by default", _hundred_by_default))
def default_page_is_small(probe: Probe) -> None:
    """Without a size a page holds no more items than the documented default."""
    default = bound(probe, "default", 25)
    there = len(page_of(probe, query_for(probe, min(largest_page(probe), default + 1))).items)
    if there <= default:
        make(probe, default + 1 - there)
    count = len(page_of(probe, {}).items)
    probe.expect(count <= default, f"at most {default} items", f"{count}")


@requirement(
    "lists.strange-parameters-are-no-failure",
    Level.MUST,
    SAFETY,
    _has_pages,
    needs=(Capability.LISTING,),
    mend=STRICT_QUERIES,
)
@catches(replace(set_status(422, 500), name="fail on what is wrong"))
def strange_parameters_are_no_failure(probe: Probe) -> None:
    """Unknown cursors and limits out of range are refused or overlooked; nothing fails."""
    texts = ("", "0", "-1", "1.5", "x", "9" * 40, "null", "\0", "é", "'", "../..", "y" * 2000)
    limit, cursor = probe.page_members.limit, probe.page_members.cursor
    queries = [urlencode({name: text}) for name in (limit, cursor) if name for text in texts]
    more = (f"{limit}=1&{limit}=2", f"{limit}[]=1", f"{cursor}=%ff", f"{limit}=%")
    for query in (*queries, *more):
        request = probe.request().at(f"{probe.path()}?{query}")
        probe.expect_no_server_error(probe.send_or_share(request), f"?{query[:40]}")


@requirement(
    "lists.limit-out-of-range-is-no-larger-page",
    Level.SHOULD,
    VENDOR,
    _has_largest,
    needs=(Capability.LISTING,),
    mend=APPLY_LIMIT,
)
@catches(on_answers("give pages of any size", _endless_page))
def limit_out_of_range_is_no_larger_page(probe: Probe) -> None:
    """A page size out of range is refused, or gives a page of a permitted size."""
    largest = largest_page(probe)
    sizes = (0, -1, largest + 1, 1_000_000)
    if not any(_is_given(probe, limit, largest) for limit in sizes):
        return
    # A page that is too large shows where there are so many items.
    lacking = largest + 1 - len(page_of(probe, query_for(probe, largest)).items)
    if lacking > MANY:
        raise NotServed(f"a page may have {largest} items: so many are not made for one check")
    for _ in range(0, lacking, _AT_ONCE):
        make(probe, _AT_ONCE)
    for limit in sizes:
        _is_given(probe, limit, largest)


def _is_given(probe: Probe, limit: int, largest: int) -> bool:
    """Whether there is a page of so many; raises :class:`Violation` where it is a larger one."""
    query = urlencode(query_for(probe, limit))
    answer = answer_to(probe, probe.request().at(f"{probe.path()}?{query}"))
    is_page = answer.status == HTTPStatus.OK
    page = listed_in(probe.page_members, answer) if is_page else []
    count = len(page) if isinstance(page, list) else 0
    probe.expect(count <= largest, f"at most {largest} for limit {limit}", f"{count} items")
    return is_page
