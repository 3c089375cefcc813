"""The state that all users of one process share: the target, its operations, and the tally."""

import math
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import gevent
from gevent.event import Event

from conformance.catalogue.judge import JudgedExchange
from conformance.catalogue.registry import Check, requirement_of
from conformance.catalogue.requirement import Level, Rule
from conformance.load.ledger import Call, Ledger
from conformance.load.tally import Broken, Count, Tally
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.results.curl import reproduction
from conformance.results.evidence import evidence_of
from conformance.server import judges
from conformance.server.created.at_once import simultaneous_requests_are_their_own
from conformance.server.idempotency.keys import different_keys_are_different_calls
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Request
from conformance.target.target import Target
from conformance.target.transport.reception import GRACE_SECONDS, MOST_SECONDS, Abandoned
from dinie_contract.output import excerpt, shown
from openapi.contract import Contract
from openapi.operation import Operation
from openapi.resource import item_members

LONGEST_SILENCE_SECONDS = 30.0
"""The time without any answer after which a target is taken to be down."""

_HURRIED_SECONDS = 10.0
"""The longest wait for an answer once the run was interrupted."""

_LONGEST_TEXT = 500


class _Unread(Probe):
    """A probe that reads nothing for its requests: users read what they need, and are measured."""

    def _shown_tag(self, request: Request) -> str | None:
        return None


class WorkerState:
    """One process's part of a run; ``create``, ``page`` and ``revoke`` make valid requests.

    ``page`` and ``revoke`` are None where the target has no such operation. ``stopped`` is why the
    run cannot go on, empty while it can.
    """

    def __init__(self, contract: Contract, target: Target, think_seconds: float) -> None:
        self.target = target
        self.think_seconds = think_seconds
        self.tally = Tally()
        self.ledger = Ledger()
        self.stopped = ""
        self._silent_since: float | None = None
        self.is_hurried = False
        """Send nothing more, not even revocations."""
        self.most_seconds = MOST_SECONDS
        """The longest time of a request and its answer."""
        self.last_wait = math.inf
        """When the last wait for a limit must be over, in seconds of the monotonic clock."""
        self.is_interrupted = False
        """Only revoke what was made, and do not ask again where no answer comes."""
        self._waiting: dict[object, gevent.Greenlet] = {}
        """The greenlets that wait for answers, by the request."""
        self._may_revoke = Event()
        self._may_revoke.set()
        self._revocations = 0

        def probe(operation: Operation) -> Probe:
            return _Unread(contract, operation, target, random.Random())  # noqa: S311 - test data

        resource, can = contract.main_resource, target.capabilities
        assert resource is not None, "load ends before without one"  # noqa: S101 - for the type checker
        self.create = probe(resource.create)
        listed = resource.list if Capability.LISTING in can else None
        self.page = probe(listed) if listed else None
        first, second = (self.create.plain_body().get(resource.name) for _ in range(2))
        shown = item_members(listed) if listed else {}
        self.is_named = first != second and (resource.name in shown or resource.id not in shown)
        """Whether the list tells calls from each other by names of their own, not by ids alone."""
        revoke = resource.revoke if Capability.REVOCATION in can else None
        self.revoke = probe(revoke) if revoke else None

    def judge(self, exchange: JudgedExchange) -> str:
        """Judge an answer and count the judgements; gives the worst broken rule, empty for none."""
        texts: dict[bool, str] = {}
        first = (
            [] if exchange.first is None else [(exchange.request, Answer(exchange.first.status))]
        )
        exchanges = [*first, (exchange.request, exchange.answer)]
        for requirement, violation in judges().judgements(exchange):
            text = self.note(requirement, exchange.operation, violation, exchanges)
            if text:
                texts.setdefault(requirement.level_on(exchange.operation) is Level.MUST, text)
        return texts.get(True) or texts.get(False, "")

    def note(
        self,
        requirement: Rule,
        operation: Operation,
        violation: Violation | None,
        exchanges: Sequence[tuple[Request, Answer]],
    ) -> str:
        """Count one judgement; gives the broken rule in one line, empty where it is kept.

        Locust keeps and shows that line, so nothing of the target is in it.
        """
        key = requirement.id, operation.id
        if violation is None:
            self.tally.note(key, None)
            return ""
        known = key in self.tally.broken
        target, contract = self.target, self.create.contract.label
        script = (
            ""
            if known
            else reproduction(
                target.base_url, exchanges, target.settings, contract, target.places.new_texts
            )
        )
        expected, actual = (
            excerpt(one, _LONGEST_TEXT) for one in (violation.expected, violation.actual)
        )
        evidence = () if known else evidence_of(violation.values, exchanges, (requirement.id,))
        self.tally.note(key, Broken(1, expected, actual, script, evidence))
        return f"{requirement.id}: {requirement.summary}"

    def note_check(
        self,
        check: Check,
        probe: Probe,
        violation: Violation | None,
        exchanges: Sequence[tuple[Request, Answer]] = (),
    ) -> None:
        """Count one judgement of the requirement that ``check`` is the check of."""
        self.note(requirement_of(check), probe.operation, violation, exchanges)

    def confirm(self, call: Call, answer: Answer | None) -> bool:
        """Keep the answer to a creation, if any; gives whether it confirms the resource."""
        success = self.create.operation.success_status
        if answer is None or answer.status != success:
            call.was_refused = answer is not None and answer.is_refusal
            return False
        call.confirm(answer, self.create.resource)
        self.tally.counts[Count.CREATED] += 1
        if not call.id:
            return True  # an answer without an id is for other judges
        other = call.batch.calls[call.batch.ids.setdefault(call.id, call.name)]
        has_keys = self.create.operation.accepts_idempotency_key
        self.note_check(
            different_keys_are_different_calls if has_keys else simultaneous_requests_are_their_own,
            self.create,
            None
            if other is call
            else Violation(f"2 resources for 2 {'keys' if has_keys else 'requests'}", "1"),
            [(other.request, Answer(success)), (call.request, answer)],
        )
        return True

    def note_fault(self, error: Exception) -> None:
        """Count a fault of the harness, which leaves no verdict without a violation."""
        self.tally.fault(shown(f"{type(error).__name__}: {error}"))

    def note_answer(self) -> None:
        """Reset the time without answers."""
        self._silent_since = None

    def note_no_answer(self) -> None:
        """Count a request without an answer; a long time without any stops the run."""
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
        elif now - self._silent_since > LONGEST_SILENCE_SECONDS:
            self.stop(f"{self.target.base_url} stopped answering")

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Mark that this greenlet waits for an answer, until the block ends."""
        request = object()
        self._waiting[request] = gevent.getcurrent()
        try:
            yield
        finally:
            del self._waiting[request]

    @contextmanager
    def revocation(self) -> Iterator[None]:
        """Mark a revocation of a user, which waits while there are to be none."""
        self._may_revoke.wait()
        self._revocations += 1
        try:
            yield
        finally:
            self._revocations -= 1

    @contextmanager
    def no_revocations(self) -> Iterator[None]:
        """Keep users from revoking until the block ends; those under way come to their end."""
        self._may_revoke.clear()
        try:
            deadline = time.monotonic() + LONGEST_SILENCE_SECONDS
            while self._revocations and time.monotonic() < deadline:
                gevent.sleep(0.01)
            yield
        finally:
            self._may_revoke.set()

    def interrupt(self, *, for_good: bool) -> None:
        """Send only what cleans up, and wait for no answer as long; ``for_good``, send nothing.

        Answers on their way have a grace, unless it is for good.
        """
        self.is_interrupted = True
        self.is_hurried = for_good
        self.most_seconds = _HURRIED_SECONDS
        waiting = list(self._waiting)
        gevent.spawn_later(0.0 if for_good else GRACE_SECONDS, self._abandon, waiting)

    def _abandon(self, waiting: Sequence[object]) -> None:
        for one in waiting:
            gevent.get_hub().loop.run_callback(self._abandon_one, one)

    def _abandon_one(self, request: object) -> None:
        # Its answer may have come meanwhile.
        if greenlet := self._waiting.get(request):
            greenlet.throw(Abandoned)

    def stop(self, reason: str) -> None:
        """End the run for a reason that the verdict names."""
        self.stopped = self.tally.stopped = self.stopped or reason
