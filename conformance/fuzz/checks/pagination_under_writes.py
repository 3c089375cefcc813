"""Pagination under writes: resources that stay in a list are each shown once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from conformance.catalogue.registry import requirement_of
from conformance.fuzz.checks.violations import report_violation
from conformance.probe.not_verified import NotVerified
from conformance.probe.pages import ids_until, make, page_of, query_for
from conformance.probe.paging import Cursor
from conformance.probe.probe import Probe
from conformance.probe.repetition import Repetition
from conformance.probe.revocation import listed_status, revocation_of
from conformance.probe.violation import expect_news
from conformance.server.lists.pagination import pagination_is_complete
from conformance.target.exchange import Answer, Exchange

COMPLETE = requirement_of(pagination_is_complete).id

_CHANGES = ("revoke the last one seen", "revoke one seen", "revoke one to come", "make one")
_FEWEST, _MOST = 2, 5
_MOST_PAGES = 12
"""Pages after which a walk is given up: other clients may have created many keys."""


@dataclass(slots=True)
class _Walk:
    """A walk through a list: own resources, their ids as seen, and the ids revoked meanwhile."""

    own: dict[str, Answer]
    seen: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)

    @property
    def to_come(self) -> list[str]:
        """The ids that remain in the list and were not seen yet."""
        return [one for one in self.own if one not in self.seen and one not in self.revoked]


def pagination_under_writes(probe: Probe) -> None:
    """Read pages of a few items, with a key revoked or created after the first of them.

    Pages that are named by a count are left aside: each change moves the items behind it.
    """
    if probe.page_members.is_backwards:
        raise NotVerified("older items are asked for, and the order of a page is not known")
    if probe.page_members.is_counted:
        raise NotVerified("pages are counted, so that each change moves items to other pages")
    # From few keys to many, so that the first violation is small.
    for count in range(_FEWEST, min(_FEWEST + probe.budget.times, _MOST + 1)):
        for change in _CHANGES:
            limit = probe.random.randint(1, max(1, count - 1))
            # Twice, because a list may lag.
            wrong = _walk(probe, count, change, limit) and _walk(probe, count, change, limit)
            if wrong:
                shown, actual = wrong
                meanwhile = "made" if change == "make one" else probe.words.ended
                expected = f"each once while a {probe.words.thing} is {meanwhile}"
                report_violation(probe, shown, expected, actual, COMPLETE)


def _walk(
    probe: Probe, count: int, change: str, limit: int
) -> tuple[Sequence[Exchange], str] | None:
    """The exchanges and the actual value of a violation; None for a complete or long walk."""
    walk = _Walk({str(probe.id_of(one)): one for one in make(probe, count)})
    begin = len(probe.recording.exchanges)
    if not walk.own.keys() <= set(ids_until(probe, set(walk.own))):
        raise NotVerified("the list does not show what was made")
    made = probe.recording.exchanges[begin - count : begin]
    begin = len(probe.recording.exchanges)
    after: Cursor | None = None
    is_changed = False
    repetition = Repetition()
    for _ in range(_MOST_PAGES):
        page = page_of(probe, query_for(probe, limit, after))
        ids = page.ids
        walk.seen += [one for one in ids if one in walk.own]
        if not walk.to_come or not page.has_more or not ids:
            break
        repetition.add(ids, page.next)
        expect_news(repetition)
        after = page.next
        if walk.seen and not is_changed:
            _change(probe, walk, change, ids[-1])
            is_changed = True
    else:
        return None
    shown = [*made, *probe.recording.exchanges[begin:]]
    repeated = len(walk.seen) > len(set(walk.seen))
    if is_changed and (walk.to_come or repeated) and _are_kept(probe, walk):
        return shown, "one twice" if repeated else "one missing"
    return None


def _change(probe: Probe, walk: _Walk, change: str, last: str) -> None:
    """Create a key between two pages, or revoke one where there is one to revoke."""
    if change == "make one":
        make(probe, 1)
        return
    chosen = {
        "revoke the last one seen": [one for one in walk.seen if one == last],
        "revoke one seen": [one for one in walk.seen if one != last],
        "revoke one to come": walk.to_come[:-1],
    }[change]
    if not chosen:
        return
    if probe.send(revocation_of(probe.revoking, walk.own[chosen[0]])).is_success:
        walk.revoked.append(chosen[0])


def _are_kept(probe: Probe, walk: _Walk) -> bool:
    """Whether the list still shows revoked keys; where not, a cursor may have vanished."""
    return all(listed_status(probe, walk.own[one]) is not None for one in walk.revoked)
