"""At the end of a batch: what was created is compared with the list, and revoked."""

import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus

import gevent
from gevent.pool import Pool

from conformance.catalogue.judge import Purpose
from conformance.load.ledger import Batch, Call
from conformance.load.locust.sending import Page, Sender, page_request
from conformance.load.locust.worker_state import WorkerState
from conformance.load.tally import Count
from conformance.probe.paging import Cursor
from conformance.probe.repetition import EXPECTED, Repetition
from conformance.probe.revocation import end_wanted, state_of
from conformance.probe.violation import Violation
from conformance.server.idempotency.replays import no_second_resource
from conformance.server.lists.listing import created_is_listed
from conformance.server.lists.pagination import pagination_is_complete
from conformance.server.revocation.effect import revoked_key_is_listed_as_revoked
from conformance.target.exchange import Answer
from conformance.target.members import JsonObject, identifier_in, text_in
from openapi.resource import ACTIVE, REVOKED, Resource

_ALL_PAGES = 100
"""A list of so many pages is read to its end, whatever its order."""

_MOST_PAGES = 2000
_LARGEST_PAGE = 100
_ATTEMPTS = 4
_PAUSE_SECONDS = 0.5
_AT_ONCE = 8
_LONGEST_WAIT_SECONDS = 60.0


Item = JsonObject


@dataclass(slots=True)
class Listed:
    """The items of a batch's names, as the list shows them; ``is_whole`` where it was read."""

    items: dict[str, list[Item]] = field(default_factory=dict)
    is_whole: bool = True
    is_too_long: bool = False
    """Whether it has more pages than are read: to read it again would be of no use."""


class Reconciliation:
    """Settles batches: ``at_once`` says how many requests are out at the same time."""

    def __init__(self, sender: Sender, state: WorkerState, at_once: int = _AT_ONCE) -> None:
        self._sender = sender
        self._state = state
        self._resource = state.create.resource
        self._at_once = at_once

    def settle_all(self) -> None:
        """Settle every batch that is closed."""
        while self._state.ledger.closed:
            batch = self._state.ledger.closed[0]
            self.settle(batch)
            self._state.ledger.closed.popleft()
            batch.forget()

    def settle(self, batch: Batch) -> None:
        """Compare one closed batch with the list and revoke what it made.

        A fault of the harness is noted; what the batch made is revoked all the same.
        """
        deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
        while batch.under_way and time.monotonic() < deadline:
            gevent.sleep(0.01)
        listed = Listed(is_whole=False)
        try:
            self._ask_again(batch)
            listed = self._listed(batch)
            self._compare_all(batch, listed)
        except Exception as error:  # noqa: BLE001 - shown in the verdict
            self._state.note_fault(error)
        self._revoke(batch, listed)

    def _compare_all(self, batch: Batch, listed: Listed) -> None:
        counts = self._state.tally.counts
        for call in batch.calls.values():
            found = listed.items.get(call.name, [])
            if call.first is None:
                counts[Count.REFUSED if call.was_refused else Count.UNCONFIRMED] += 1
            if self._state.page is None:
                counts[Count.NOT_LISTED] += 1
            elif not listed.is_whole:
                counts[Count.NOT_RECONCILED] += 1
            else:
                self._compare(call, found)

    def _ask_again(self, batch: Batch) -> None:
        """Repeat, with their keys, creations whose answer was lost or not waited for."""
        probe = self._state.create
        for call in batch.calls.values() if probe.operation.accepts_idempotency_key else ():
            if call.first is None and not call.was_refused:
                answer = self._sender.send(probe, call.request, Purpose.AT_ONCE)
                self._state.confirm(call, answer)
                if answer is None and self._state.is_interrupted:
                    break

    def _compare(self, call: Call, found: list[Item]) -> None:
        """Compare one creation with its items in the list: one resource, as first answered."""
        state, counts = self._state, self._state.tally.counts
        again = [(call.request, Answer(state.create.operation.success_status))] * 2
        if state.create.operation.accepts_idempotency_key and state.is_named:
            if len(found) > 1:
                counts[Count.DOUBLED] += 1
            violation = Violation("one resource in the list", f"{len(found)}")
            doubled = violation if len(found) > 1 else None
            state.note_check(no_second_resource, state.create, doubled, again)
        if call.first is None or state.page is None:
            return
        if found:
            counts[Count.LISTED] += 1
            wrong = _difference(call, found, self._resource)
        elif call.has_ended:
            # A list may leave out revoked resources.
            counts[Count.LISTED] += 1
            return
        else:
            counts[Count.MISSING] += 1
            wrong = Violation("the created one in the list", "a list without it")
        shown = [again[0], (page_request(state.page, _LARGEST_PAGE), Answer(HTTPStatus.OK))]
        state.note_check(created_is_listed, state.page, wrong, shown)
        if call.is_revoked and state.revoke is not None and self._resource.tells_ended:
            # Another one of the same key was not revoked.
            own = [one for one in found if self._id_of(one) == call.id]
            active = [one for one in own if self._resource.condition(one) == ACTIVE]
            expected = f"{end_wanted(self._resource)} in the list, or no item"
            seen = active and state_of(self._resource, active[0])
            wrong = Violation(expected, seen) if seen else None
            state.note_check(revoked_key_is_listed_as_revoked, state.revoke, wrong, shown)

    def _listed(self, batch: Batch) -> Listed:
        """The batch's items; the list is read again where some are missing, as it may lag.

        Pages by number miss what moves to an earlier one when others are revoked meanwhile: what
        one reading has found is listed, and this process revokes nothing while it reads again.
        """
        listed = Listed(is_whole=False)
        if self._state.page is None or self._state.is_interrupted:
            return listed
        for attempt in range(_ATTEMPTS):
            gevent.sleep(_PAUSE_SECONDS * attempt)
            earlier = listed.items
            with self._state.no_revocations() if attempt else nullcontext():
                listed = self._walked(batch)
            # One that has ended may have been left out since.
            kept = {one: has for one, has in earlier.items() if not batch.calls[one].has_ended}
            listed.items = kept | listed.items
            if listed.is_whole and not _missing(batch, listed):
                break
            if listed.is_too_long or self._state.is_interrupted or self._state.stopped:
                break
        return listed

    def _walked(self, batch: Batch) -> Listed:
        listed, seen = Listed(), set[str]()
        after: Cursor = ""
        repetition = Repetition()
        for number in range(_MOST_PAGES):
            page = self._sender.page(_LARGEST_PAGE, after)
            if page is None:
                listed.is_whole = False
                break
            if self._goes_back(page, repetition):
                listed.is_whole = False
                break
            named = [(self._name_of(one, batch), one) for one in page.items]
            own = [(name, one) for name, one in named if name in batch.calls]
            for name, one in own:
                if self._id_of(one) not in seen:
                    seen.add(self._id_of(one))
                    listed.items.setdefault(name, []).append(one)
            has_all = number >= _ALL_PAGES and not own and not _missing(batch, listed)
            ids = [self._id_of(one) for one in page.items]
            if has_all or not page.cursor or repetition.ends_with(ids):
                break
            repetition.add(ids, page.cursor, may_be_last=page.may_be_last)
            if repetition.is_certain:
                self._note_repetition(repetition, after)
                listed.is_whole = False
                break
            after = page.cursor
        else:
            listed.is_whole, listed.is_too_long = False, True
        return listed

    def _goes_back(self, page: Page, repetition: Repetition) -> bool:
        """Whether a page is not the one behind those before it, as older items come first."""
        is_backwards = self._state.page and self._state.page.page_members.is_backwards
        return bool(is_backwards) and repetition.shows_again(
            [self._id_of(one) for one in page.items]
        )

    def _name_of(self, item: Item, batch: Batch) -> str:
        """The name of the call that made an item; empty where none of the batch did."""
        if self._state.is_named:
            return text_in(item, self._resource.name) or ""
        return batch.ids.get(self._id_of(item), "")

    def _id_of(self, item: Item) -> str:
        return identifier_in(item, self._resource.id) or ""

    def _note_repetition(self, repetition: Repetition, after: Cursor) -> None:
        """Note that the list repeats itself, with the request for the last page."""
        if probe := self._state.page:
            shown = [(page_request(probe, _LARGEST_PAGE, after), Answer(HTTPStatus.OK))]
            wrong = Violation(EXPECTED, repetition.actual)
            self._state.note_check(pagination_is_complete, probe, wrong, shown)

    def _revoke(self, batch: Batch, listed: Listed) -> None:
        """Revoke resources that the list shows as active, or does not show."""
        purposes: dict[str, Purpose] = {}
        for call in batch.calls.values():
            purpose = Purpose.REVOKE_AGAIN if call.has_ended else Purpose.REVOKE
            found = listed.items.get(call.name, [])
            active = [one for one in found if self._resource.condition(one) != REVOKED]
            handles = (identifier_in(one, self._resource.handle) for one in active)
            purposes |= dict.fromkeys(filter(None, handles), purpose)
            if call.handle and not found and not call.is_revoked:
                purposes[call.handle] = purpose
        pool = Pool(self._at_once)
        gone = list(pool.imap_unordered(lambda one: self._is_revoked(*one), purposes.items()))
        self._state.tally.counts[Count.REVOKED] += sum(gone)
        self._state.tally.counts[Count.LEFT_BEHIND] += len(gone) - sum(gone)

    def _is_revoked(self, handle: str, purpose: Purpose) -> bool:
        try:
            return self._sender.revoke(handle, purpose)
        except Exception as error:  # noqa: BLE001 - the others are still to be revoked
            self._state.note_fault(error)
            return False


def _missing(batch: Batch, listed: Listed) -> bool:
    return any(
        one.first is not None and not one.has_ended and one.name not in listed.items
        for one in batch.calls.values()
    )


def _difference(call: Call, found: list[Item], resource: Resource) -> Violation | None:
    """How the list differs from the answer to the creation."""
    for name, value in ((resource.id, call.id), (resource.handle, call.handle)):
        if all(identifier_in(one, name) != value for one in found):
            return Violation(f"the {name} of the creation in the list", "another")
    return None
