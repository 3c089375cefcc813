"""Simulated users: they create, replay, list and revoke, and sometimes reuse a key."""

import random
from collections import deque
from typing import Any

import gevent
from locust import FastHttpUser, task
from locust.exception import StopUser

from conformance.catalogue.judge import Purpose
from conformance.load.ledger import Call
from conformance.load.locust.sending import Sender, client_pool
from conformance.load.locust.worker_state import WorkerState
from conformance.load.tally import Count
from conformance.probe.paging import Cursor
from conformance.probe.violation import Violation
from conformance.server.idempotency.replays import (
    expect_one_answer,
    simultaneous_requests_make_one_resource,
)
from conformance.target.exchange import Answer

_KEYS = 20
"""Calls that a user keeps for replays and revocations."""

_REVOKED_TWICE = 0.1
"""The share of revocations that are sent a second time."""

_AT_ONCE = 4
_MOST_PAGES = 3
_PAGE_SIZES = (10, 25, 100)


class ApiUser(FastHttpUser):
    """A simulated user; the weights of its tasks make it create more than it revokes."""

    abstract = False
    state: WorkerState
    """The state shared by all users of this process, set before the first is created."""

    def __init__(self, environment: Any) -> None:
        self.client_pool = client_pool(self.state.target, _AT_ONCE)
        super().__init__(environment)
        self.sender = Sender(self.client, self.state)
        self.calls: deque[Call] = deque(maxlen=_KEYS)

    def wait_time(self) -> float:
        """Think time in seconds: from half to one and a half of the configured one."""
        self._expect_to_go_on()
        return self.state.think_seconds * random.uniform(0.5, 1.5)  # noqa: S311 - no secret

    @task(8)
    def create(self) -> None:
        """Create a resource, with a new idempotency key where the contract has one."""
        call = self._new_call()
        with call.batch.held():
            answer = self.sender.send(self.state.create, call.request, Purpose.CREATE)
            self._confirm(call, answer)

    @task(5)
    def replay(self) -> None:
        """Send an earlier request again, with its key."""
        if not self._has_keys or not (call := self._any_call()):
            return
        with call.batch.held():
            answer = self.sender.send(
                self.state.create, call.request, Purpose.REPLAY, first=call.first
            )
        if answer is not None and call.first is not None:
            counts = self.state.tally.counts
            counts[Count.REPLAYS] += 1
            counts[Count.REPLAYS_MARKED] += answer.header("idempotent-replayed") is not None
            counts[Count.REPLAYS_DIFFER] += not call.is_same(answer)

    @task(1)
    def create_at_once(self) -> None:
        """Send several creations with one new key at the same time."""
        if not self._has_keys:
            return
        call, state = self._new_call(), self.state
        with call.batch.held():
            sent = [
                gevent.spawn(self.sender.send, state.create, call.request, Purpose.AT_ONCE)
                for _ in range(_AT_ONCE)
            ]
            try:
                gevent.joinall(sent)
            finally:
                gevent.killall(sent)
            answers = [one.value for one in sent if isinstance(one.value, Answer)]
            success = state.create.operation.success_status
            made = [one for one in answers if one.status == success]
            if made:
                violation = None
                try:
                    expect_one_answer(state.create.operation, answers)
                except Violation as found:
                    violation = found
                state.note_check(
                    simultaneous_requests_make_one_resource,
                    state.create,
                    violation,
                    [(call.request, one) for one in answers],
                )
            self._confirm(call, made[0] if made else next(iter(answers), None))

    @task(1)
    def conflict(self) -> None:
        """Send another body with a used key."""
        if self._has_keys and (call := self._any_call()):
            create = self.state.create
            other = call.request.with_json(create.plain_body())
            with call.batch.held():
                self.sender.send(
                    create, other, Purpose.CONFLICT, first_id=call.id, secrets=call.secrets
                )

    @task(3)
    def walk(self) -> None:
        """Read the first pages of the list."""
        limit = random.choice(_PAGE_SIZES)  # noqa: S311 - no secret
        secrets = [secret for one in self.calls for secret in one.secrets]
        after: Cursor = ""
        for _ in range(_MOST_PAGES):
            page = self.sender.page(limit, after, secrets)
            if page is None or not page.cursor:
                break
            after = page.cursor

    @task(2)
    def revoke(self) -> None:
        """Revoke a resource of this user, and now and then a second time."""
        call = self._any_call() if self.state.revoke else None
        if call is None:
            return
        with self.state.revocation(), call.batch.held():
            if not call.is_usable:
                return  # its batch was closed while this waited
            call.is_ending = True
            call.is_revoked = self.sender.revoke(call.handle, Purpose.REVOKE, call.secrets)
            if call.is_revoked:
                self.state.tally.counts[Count.REVOKED] += 1
                if random.random() < _REVOKED_TWICE:  # noqa: S311 - no secret
                    self.sender.revoke(call.handle, Purpose.REVOKE_AGAIN, call.secrets)

    @property
    def _has_keys(self) -> bool:
        """Whether a creation may be sent again, by its idempotency key."""
        return self.state.create.operation.accepts_idempotency_key

    def _expect_to_go_on(self) -> None:
        """End this user where the run was interrupted: it would send nothing more."""
        if self.state.is_interrupted:
            raise StopUser

    def _new_call(self) -> Call:
        self._expect_to_go_on()
        probe = self.state.create
        body = probe.plain_body()
        request = probe.request().with_json(body)
        if self._has_keys:
            request = request.with_key(probe.new_key())
        name = str(body[probe.name_member]) if self.state.is_named else probe.new_name()
        return self.state.ledger.open(name, request)

    def _any_call(self) -> Call | None:
        """An earlier call of this user that can be replayed or revoked."""
        usable = [one for one in self.calls if one.is_usable]
        return random.choice(usable) if usable else None  # noqa: S311 - no secret

    def _confirm(self, call: Call, answer: Answer | None) -> None:
        if self.state.confirm(call, answer):
            self.calls.append(call)
