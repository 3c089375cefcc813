"""Users under load: they create, replay, list and revoke, and conflict now and then."""

import random
from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import gevent
from locust import FastHttpUser, task

from conformance.catalogue.judge import Purpose
from conformance.load.ledger import Call
from conformance.load.locust.sending import Sender
from conformance.load.locust.worker_state import WorkerState
from conformance.load.tally import Count
from conformance.probe.pages import items, query_for
from conformance.probe.probe import Violation
from conformance.probe.revocation import revocation_by_text
from conformance.server.idempotency.replays import (
    expect_one_answer,
    simultaneous_requests_make_one_resource,
)
from conformance.target.clean_up import GONE_STATUSES
from conformance.target.exchange import Answer, Request
from conformance.target.target import TIMEOUT_SECONDS

_KEYS = 20
"""How many of its own calls a user remembers."""

_AT_ONCE = 4
_MOST_PAGES = 3
_SMALLEST_PAGES = (10, 25, 100)


class ApiUser(FastHttpUser):
    """A user of the API. The weights are those of clients that create more than they revoke."""

    abstract = False
    state: WorkerState
    """Set before any user begins."""

    insecure = False
    network_timeout = TIMEOUT_SECONDS
    connection_timeout = TIMEOUT_SECONDS

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.sender = Sender(self.client, self.state)
        self.calls: deque[Call] = deque(maxlen=_KEYS)

    def wait_time(self) -> float:
        """A think time between half and one and a half of what was asked for, in seconds."""
        return self.state.think_seconds * random.uniform(0.5, 1.5)  # noqa: S311 - no secret

    @task(8)
    def create(self) -> None:
        """Create with a new key."""
        call = self._new_call()
        with call.batch.held():
            answer = self.sender.send(self.state.create, call.request, Purpose.CREATE)
            self._confirm(call, answer)

    @task(5)
    def replay(self) -> None:
        """Send an earlier request again, with its key."""
        for call in self._any_call():
            with call.batch.held():
                answer = self.sender.send(
                    self.state.create, call.request, Purpose.REPLAY, first=call.first
                )
            self._note_replay(call, answer)

    @task(1)
    def create_at_once(self) -> None:
        """Create with a new key that several requests carry at the same time."""
        call, place = self._new_call(), self.state
        with call.batch.held():
            sent = [
                gevent.spawn(self.sender.send, place.create, call.request, Purpose.AT_ONCE)
                for _ in range(_AT_ONCE)
            ]
            try:
                gevent.joinall(sent)
            finally:
                gevent.killall(sent)
            answers = [one.value for one in sent if isinstance(one.value, Answer)]
            success = place.create.operation.success_status
            made = [one for one in answers if one.status == success]
            if made:
                violation = None
                try:
                    expect_one_answer(place.create.operation, answers)
                except Violation as found:
                    violation = found
                place.note_check(
                    simultaneous_requests_make_one_resource,
                    place.create,
                    violation,
                    [(call.request, one) for one in answers],
                )
            self._confirm(call, made[0] if made else next(iter(answers), None))

    @task(1)
    def conflict(self) -> None:
        """Send another body with a key that was used."""
        for call in self._any_call():
            place = self.state
            other = call.request.with_json(place.create.plain_body())
            with call.batch.held():
                self.sender.send(place.create, other, Purpose.CONFLICT, first_id=call.id)

    @task(3)
    def walk(self) -> None:
        """Read the first pages of the list."""
        place, after = self.state, ""
        if place.page is None:
            return
        limit = random.choice(_SMALLEST_PAGES)  # noqa: S311 - no secret
        secrets = [one.secret for one in self.calls if one.secret]
        for _ in range(_MOST_PAGES):
            query = urlencode(query_for(place.page, limit, after))
            path = f"{place.page.operation.path}?{query}"
            answer = self.sender.send(
                place.page, Request("GET", path), Purpose.PAGE, secrets=secrets
            )
            found = items(place.page.operation, answer) if answer else []
            if not found or answer is None or not answer.field(place.page.page_members.has_more):
                break
            after = str(found[-1].get(place.page.resource.id))

    @task(2)
    def revoke(self) -> None:
        """Revoke one of its own, and now and then once more."""
        place = self.state
        if place.revoke is None:
            return
        for call in self._any_call():
            request = revocation_by_text(place.revoke, quote(call.handle, safe=""))
            with call.batch.held():
                call.is_ending = True
                answer = self.sender.send(place.revoke, request, Purpose.REVOKE)
                call.is_revoked = answer is not None and (
                    answer.is_success or answer.status in GONE_STATUSES
                )
                if not call.is_revoked:
                    continue
                place.tally.counts[Count.REVOKED] += 1
                if random.random() < _AGAIN:  # noqa: S311 - no secret
                    self.sender.send(place.revoke, request, Purpose.REVOKE_AGAIN)

    def _new_call(self) -> Call:
        probe = self.state.create
        body = probe.plain_body()
        request = probe.request().with_json(body).with_key(probe.new_key())
        return self.state.ledger.open(str(body.get(probe.name_member)), request)

    def _any_call(self) -> Iterator[Call]:
        """One of its own calls that can be used, or none."""
        usable = [one for one in self.calls if one.is_usable]
        if usable:
            yield random.choice(usable)  # noqa: S311 - no secret

    def _confirm(self, call: Call, answer: Answer | None) -> None:
        if self.state.confirm(call, answer):
            self.calls.append(call)

    def _note_replay(self, call: Call, answer: Answer | None) -> None:
        counts = self.state.tally.counts
        if answer is None or call.first is None:
            return
        counts[Count.REPLAYS] += 1
        counts[Count.REPLAYS_MARKED] += answer.header("idempotent-replayed") is not None
        counts[Count.REPLAYS_DIFFER] += not call.is_same(answer)


_AGAIN = 0.1
"""How many of the revocations are sent a second time."""
