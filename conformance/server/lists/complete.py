"""Completeness of a list: all that a run has made and not revoked is on its pages."""

from collections.abc import Sequence

from conformance.catalogue.mends import STABLE_PAGES
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.applicability import lists
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.pages import (
    cursor_at,
    is_listed_soon,
    largest_page,
    make_many,
    page_of,
    query_for,
)
from conformance.probe.probe import Probe
from conformance.server.lists.sabotage import VENDOR, Page, on_pages
from conformance.target.capabilities import Capability
from conformance.target.exchange import Request
from conformance.target.members import JsonObject, identifier_in

_NOTHING_LASTS = "what a plain body makes may end by itself, or by another, or not be listed"

_LATER = 2
"""So many looks are taken at one item, with another made after each."""


def _give_99(request: Request, page: Page) -> None:
    if len(page["data"]) == 100:  # noqa: PLR2004 - the largest page
        del page["data"][99:]
        page["has_more"] = False


def _end_at_100(request: Request, page: Page) -> None:
    if "starting_after" in request.path:
        page.update(data=[], has_more=False)


@requirement(
    "lists.all-that-was-made-is-listed",
    Level.SHOULD,
    VENDOR,
    lists,
    needs=(Capability.LISTING,),
    observes_run=True,
    mend=STABLE_PAGES,
)
@catches(on_pages("give 99 of 100", _give_99), on_pages("end after the first page", _end_at_100))
def all_that_was_made_is_listed(probe: Probe) -> None:
    """All that the run has made, without an end and not revoked or deleted, is in the list."""
    plain, collection = probe.target.plain_creations, probe.collection_path()
    _expect_lasting(probe)
    make_many(probe)
    wanted = {handle for partner, handle in plain.lasting_in(collection) if partner == 0}
    made, items = bool(wanted), list[JsonObject]()
    for _ in probe.looks():
        items = probe.listed()
        # What was revoked meanwhile may be gone.
        wanted &= {handle for _, handle in plain.lasting_in(collection)}
        wanted -= {str(identifier_in(one, probe.resource.handle)) for one in items}
        if not wanted:
            break
    expected = f"all that was made among the {len(items)} in the list"
    probe.expect(not wanted, expected, f"{len(wanted)} lacking")
    _expect_full_last_page(probe, [str(identifier_in(one, probe.resource.id)) for one in items])
    if not made:
        raise NotServed(_NOTHING_LASTS)


def _expect_lasting(probe: Probe) -> None:
    """Nothing is verified where the members of an item hide it, or where the next replace it."""
    maker = probe.creating
    if maker.asks_for_a_name_alone:
        return
    first = maker.known_id_of(maker.make())
    for _ in range(_LATER):
        if not is_listed_soon(probe, first):
            raise NotVerified(_NOTHING_LASTS)
        maker.make()


def _expect_full_last_page(probe: Probe, ids: Sequence[str]) -> None:
    """The last page holds as many as a page may hold, where there are exactly so many."""
    largest = largest_page(probe)
    if len(ids) <= largest:
        return
    cursor = cursor_at(probe, ids, len(ids) - largest - 1)
    if cursor is None:
        return
    page = page_of(probe, query_for(probe, largest, after=cursor))
    lacking = {*ids[-largest:]} - {*page.ids}
    probe.expect(
        page.has_more or not lacking,
        f"the last {largest} items on the last page",
        f"{len(page.ids)} items, and no more to come",
    )
