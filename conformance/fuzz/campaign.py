"""The campaign: turn after turn until its time is over, without any output."""

import base64
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from conformance import generation
from conformance.catalogue.requirement import Level, Requirement
from conformance.fuzz.findings.exporting import with_scripts
from conformance.fuzz.findings.recording import steps_of
from conformance.fuzz.findings.replaying import probe_for
from conformance.fuzz.findings.shrinking import Shrinker
from conformance.fuzz.safety import Breaker, Pace, recognized
from conformance.fuzz.schedule import Schedule, Turn
from conformance.fuzz.sharing import Sharing
from conformance.fuzz.storage.finding import Finding, cause_of, seen
from conformance.fuzz.storage.record import ENOUGH, FULL, NO_WORK, TIME_OVER, Record
from conformance.fuzz.work import Work, works
from conformance.probe.rate_limits import LIMITED
from conformance.results.result import VIOLATIONS, shown_value
from conformance.results.transient import transient_report
from conformance.run.check import CheckOutcome, run_check
from conformance.run.interrupts import stopped_after
from conformance.run.judging import cut_remarks
from conformance.run.observation import Observer
from conformance.run.runner import Run
from conformance.server import judges
from conformance.target.clean_up import revoke_all
from conformance.target.errors import TargetError
from conformance.target.exchange import NO_ANSWER, Answer, Request
from conformance.target.kept import CreatedResource
from conformance.target.target import Target
from conformance.target.threads import Threads
from openapi.contract import Contract

if TYPE_CHECKING:
    from conformance.generation.shared_corpus import SharedCorpus

AT_ONCE = 5
"""Turns in flight together; one of them at most generates."""

BATCH = 50
"""Created resources that may wait for their revocation, which happens between turns."""

_SHARE_OF_KNOWN, _MOST_SECONDS_OF_KNOWN = 0.25, 300.0
"""What trying the findings of a directory may take, as a share of a campaign's time and in seconds.

Those of other workers may take as much again.
"""
_POLL_SECONDS = 0.25
_SAVE_SECONDS = 5.0
_BEAT_SECONDS = 2.0


class Campaign:
    """Repeats the checks of the catalogue with new data.

    ``record`` holds the state, that of an earlier session included. ``record.over`` is the reason
    for the end, ``record.stopped`` the reason for no verdict, if any. ``shared`` is the corpus
    shared with other workers. Create a campaign within :meth:`RunDirectory.held`.
    """

    def __init__(
        self,
        record: Record,
        target: Target,
        *,
        max_seconds: float = float("inf"),
        max_findings: int | None = None,
        max_turns: int | None = None,
        recorded: Mapping[str, Sequence[Request]] | None = None,
        keep: bool = False,
        breaker: Breaker | None = None,
        shared: "SharedCorpus | None" = None,
    ) -> None:
        self.record = record
        self.target = target
        # Its own time bounds a campaign, whatever the target does with it.
        target.most_lost_seconds = target.waits.most_seconds = float("inf")
        self.max_seconds = max_seconds
        self.on_change: Callable[[], None] = lambda: None
        """Called after each change, for a view of the progress."""
        found = works(record.contract, list(record.requirements.values()), recorded or {})
        self.works = {one.name: one for one in found}
        self.schedule = Schedule(found, record.seed, record.shards[0])
        self.schedule.restore(record.turns)
        self.pace = Pace(target.slow_down)
        self._breaker = breaker or Breaker(record.contract, target)
        self._max_findings = max_findings
        self._max_turns = max_turns
        self._keep = keep
        self._corpus = generation.corpus_in(record.directory.corpus, shared)
        self._sharing = Sharing(shared, record, target.settings)
        self._observer = Observer(judges())
        self._shrinker = Shrinker(
            record.contract, target, self.works, record.findings, self._is_over
        )
        self._lock = threading.Lock()
        self._before = (record.counters.requests, record.counters.seconds)
        self._begin = time.monotonic()
        self._last_save = self._last_beat = 0.0
        record.over = record.stopped = ""
        for one in list(record.findings.values()):
            record.findings.load(with_scripts(target.base_url, one, target.settings))
        record.findings.on_change = self._changed
        self._strangers = record.directory.created() | record.left_behind
        """Resources that the directory names, and that are not known to be of a campaign."""

    def _changed(self) -> None:
        self.on_change()

    @property
    def elapsed(self) -> float:
        """Seconds since this session began."""
        return time.monotonic() - self._begin

    def stop(self, reason: str, *, no_verdict: bool = False) -> None:
        """End the campaign; turns under way are given up."""
        self.record.over = self.record.over or reason
        if no_verdict:
            self.record.stopped = self.record.stopped or reason
        self.target.halt()

    def work_through(self) -> None:
        """:meth:`work` and :meth:`finish`; raises :class:`TargetError` for an unusable target."""
        try:
            self.work()
        finally:
            self.finish()

    def work(self) -> None:
        """Judge until the campaign is over; raises :class:`TargetError` for an unusable target."""
        generation.load()
        self.target.on_answer = self._record_answer
        self.target.places.on_created = self._record_created
        self._begin = time.monotonic()
        self.save()
        try:
            # Requests under way are given up then, in whichever thread they are waited for.
            with stopped_after(self.max_seconds, lambda: self.stop(TIME_OVER)):
                self._work()
        except TargetError as error:
            if not self.record.over:
                self.stop(str(error), no_verdict=True)
                raise
        finally:
            if not self.record.stopped:
                # A turn that was given up may have seen a known violation, also one of others.
                self.record.findings.count_repeats()
            self.save()

    def finish(self) -> None:
        """Revoke what is left of what was made, and take leave of the other workers."""
        try:
            with self.target.cleaning_up():
                self._clean_up(0)
        finally:
            self._sharing.end()
            self.save()

    def _work(self) -> None:
        Run(self.record.contract, self.target, [], self.record.seed).survey()
        self._strangers -= recognized(self.record.contract, self.target, self._strangers)
        seconds = min(self.max_seconds * _SHARE_OF_KNOWN, _MOST_SECONDS_OF_KNOWN)
        end = time.monotonic() + seconds
        for finding in list(self.record.findings.values()):
            if self._shrinker.reproduce(finding, end):
                self._sharing.publish(finding)
        self._sharing.begin(self._shrinker, seconds)
        while not (self._is_over() or self._has_enough()):
            self._batch()

    def _is_over(self) -> bool:
        if not self.record.over and self.elapsed >= self.max_seconds:
            self.stop(TIME_OVER)
        return bool(self.record.over)

    def _has_enough(self) -> bool:
        """Whether the campaign may end, checked when no turn is under way."""
        if self.record.findings.are_too_many:
            self.stop(FULL)
        elif self._max_findings and len(self.record.findings) >= self._max_findings:
            self.stop(ENOUGH)
        elif self._max_turns and self.record.counters.turns >= self._max_turns:
            self.stop(TIME_OVER)
        elif self.schedule.is_empty:
            self.stop(NO_WORK)
        return bool(self.record.over)

    def _batch(self) -> None:
        """Run some turns at once, then pace, clean-up and saving, with no turn under way."""
        turns = self.schedule.next(AT_ONCE)
        found = list(self._done(turns))
        if self.record.over and self.record.stopped:
            return
        beat = time.monotonic() - self._last_beat > _BEAT_SECONDS
        if beat or any(one[1] is None or _failed(one[1]) for one in found):
            self._last_beat = time.monotonic()
            is_well, seconds = self._breaker.is_well() if not self.record.over else (True, 0.0)
            if not is_well and not self.record.over:
                # Answers of a target that is down are no evidence against it.
                self.stop(self._breaker.reason, no_verdict=True)
                return
            self.pace.beat(seconds)
        for turn, outcome in found:
            if outcome is not None:
                self._record_outcome(turn, outcome)
        if not self.record.over:
            self._clean_up(BATCH)
        self._sharing.receive()
        if time.monotonic() - self._last_save > _SAVE_SECONDS:
            self.save()
        self.on_change()

    def _done(self, turns: Sequence[Turn]) -> Iterator[tuple[Turn, CheckOutcome | None]]:
        """The outcomes of turns; None where the target did not answer."""
        with Threads(AT_ONCE) as threads:
            running: dict[Future[list[CheckOutcome]], Turn] = {
                threads.submit(self._turn, one): one for one in turns
            }
            while running and not self.target.is_over:
                done, _ = wait(running, _POLL_SECONDS, FIRST_COMPLETED)
                self._is_over()
                self.on_change()
                for future in done:
                    turn = running.pop(future)
                    try:
                        outcomes = future.result()
                    except TargetError:
                        if not self.record.over:
                            self.record.counters.unanswered += 1
                            yield turn, None
                        continue
                    self.record.counters.turns += 1
                    yield from ((turn, one) for one in outcomes)

    def _turn(self, turn: Turn) -> list[CheckOutcome]:
        found = []
        try:
            for requirement in turn.work.requirements:
                budget = replace(
                    turn.budget, corpus=self._corpus, is_known=self._knows(turn.work, requirement)
                )
                probe = probe_for(
                    self.record.contract, self.target, turn.work, requirement, turn.seed, budget
                )
                sent = self.target.requests_sent
                outcome = run_check(requirement, probe, self._observer)
                found += [outcome, *outcome.observed]
                self.record.coverage.record_check(requirement.id)
                self.schedule.paid(turn.work, self.target.requests_sent - sent)
        finally:
            self.schedule.paid(turn.work, 0)
        return found

    def _knows(self, work: Work, requirement: Requirement) -> Callable[[str, str, str], bool]:
        """Whether a violation is a known finding, which searches count and pass over.

        It is one of the same requirement alone: one of another, which may be a SHOULD, would take
        the violation for its own.
        """

        def is_known(expected: str, actual: str, breaks: str) -> bool:
            broken = breaks if breaks in self.record.requirements else requirement.id
            cause = cause_of(shown_value(expected), seen(shown_value(actual), work.way))
            return self.record.findings.is_known(broken, work.operation.id, cause)

        return is_known

    def _record_outcome(self, turn: Turn, outcome: CheckOutcome) -> None:
        result, findings = outcome.result, self.record.findings
        if result.requirement.id in self.record.requirements:
            self.record.counters.record_result(result)
        self._count_repeats()
        requirement_id = result.requirement.id
        if result.breaks in self.record.requirements:
            requirement_id = result.breaks
        requirement = self.record.requirements.get(requirement_id)
        if result.outcome not in VIOLATIONS or requirement is None:
            return
        operation = self.record.contract.operations[result.operation]
        finding = _finding(
            turn,
            outcome,
            requirement,
            requirement.level_on(operation),
            self.record.contract,
            self.target,
        )
        # Another worker may have published it just now, and be shrinking it.
        self._sharing.receive(at_once=finding.key not in findings)
        if findings.is_known(*finding.key):
            self._count_repeats()
            return
        if not findings.has_room(finding.key):
            return
        findings.keep(finding)
        self._sharing.publish(finding)
        self._shrinker.shrink(finding, turn.work, outcome)
        self._sharing.publish(findings[finding.key])

    def _count_repeats(self) -> None:
        for one in self.record.findings.count_repeats():
            self._shrinker.confirm(one)

    def _record_answer(self, request: Request, answer: Answer) -> None:
        self.record.coverage.record(request, answer)
        self.record.timeline.record(time.time(), answer.status, answer.seconds)
        if answer.status == LIMITED:
            self.pace.limited()

    def _record_created(self, made: CreatedResource) -> None:
        with self._lock:
            self.record.directory.record_created(made)

    def _clean_up(self, more_than: int) -> None:
        """Revoke the created keys, if there are more than so many and no turn uses them."""
        # A cancelled check has not reported all its resources; the directory lists them.
        made = self.target.created | self.record.directory.created()
        if not more_than:
            # At the end, failed revocations are tried once more.
            made |= self.record.left_behind
        # Later turns make others in these.
        parents = set(self.target.places.parents) if more_than else set[CreatedResource]()
        made -= self._strangers | parents
        if self._keep or len(made) <= more_than:
            return
        left = set(revoke_all(self.record.contract, self.target, made))
        self.target.created -= made
        self.record.counters.revoked += len(made) - len(left)
        left |= (self.record.left_behind | self._strangers) - made
        if self.record.left_behind != left:
            self.record.left_behind = left
            self.record.directory.leave_behind(left)
        # Another session may end what is left at the end of this one, if it knows where that is.
        kept = parents if more_than else {one for one in left if one.place}
        self.record.directory.clear_created(kept)

    def save(self) -> None:
        """Write the record; findings have files of their own."""
        self._last_save = time.monotonic()
        requests, seconds = self._before
        self.record.counters.requests = requests + self.target.requests_sent
        self.record.counters.seconds = seconds + self.elapsed
        self.record.turns = self.schedule.state()
        cut = cut_remarks(self.record.contract, self.target)
        passed = transient_report(self.record.contract, self.target.transients)
        warned = self.target.settings.connection.warnings
        self.record.remarks = (
            *warned, *cut, *self._sharing.remarks, *([passed.line] if passed else ())
        )  # fmt: skip
        self.record.save()


def _finding(
    turn: Turn,
    outcome: CheckOutcome,
    requirement: Requirement,
    level: Level,
    contract: Contract,
    target: Target,
) -> Finding:
    """The finding of a failed check. ``requirement`` is the one that is broken."""
    result, budget = outcome.result, turn.budget
    actual = seen(result.actual, turn.work.way)
    return Finding(
        requirement=requirement.id,
        operation=result.operation,
        level=level.value,
        cause=cause_of(result.expected, actual),
        expected=result.expected,
        actual=actual,
        work=turn.work.name,
        seed=turn.seed,
        effort={"times": budget.times, "steps": budget.steps, "keys": budget.keys},
        first_seen=datetime.now(UTC).isoformat(timespec="seconds"),
        examples={name: base64.b64encode(one).decode() for name, one in outcome.examples.items()},
        steps=tuple(steps_of(outcome.exchanges, target.settings, target.places.new_texts)),
        curl=result.reproduce,
        passed=turn.before,
        evidence=result.evidence,
        contract=contract.label,
    )


def _failed(outcome: CheckOutcome) -> bool:
    """Whether an outcome is a violation with a server error or a closed connection."""
    is_violation = outcome.result.outcome in VIOLATIONS
    return is_violation and any(
        one.is_server_error or one.status == NO_ANSWER for _, one in outcome.exchanges
    )
