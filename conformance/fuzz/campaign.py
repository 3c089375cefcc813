"""The campaign: turn after turn until its time is over. It never prints."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, replace

from conformance import generation
from conformance.clean_up import Made, revoke
from conformance.examination import Examination, examined
from conformance.exchange import NO_ANSWER, Answer, Request
from conformance.fuzz.counters import Counters
from conformance.fuzz.coverage import Coverage
from conformance.fuzz.directory import RunDirectory
from conformance.fuzz.discovery import discovered
from conformance.fuzz.files import FileError
from conformance.fuzz.finding import Finding, cause_of
from conformance.fuzz.replaying import VIOLATIONS, fails, probe_for, work_of
from conformance.fuzz.safety import Breaker, Pace, is_limited
from conformance.fuzz.schedule import Schedule, Turn
from conformance.fuzz.shrinking import made_smaller
from conformance.fuzz.work import Work, works
from conformance.model import Outcome, Requirement
from conformance.probe import NOTHING_FAILS
from conformance.runner import Run
from conformance.target import Target, TargetError
from openapi.contract import Contract

AT_ONCE = 5
"""Turns in flight together; one of them at most generates."""

TRIES = 3
"""How often a finding is tried again when it has been found."""

BATCH = 50
"""So much may be made before it is revoked; what a turn makes lives until all turns are done."""

_POLL_SECONDS = 0.25
_SAVE_SECONDS = 5.0
_BEAT_SECONDS = 2.0
_MOST_SECRETS, _MOST_KEPT = 10_000, 1_000

TIME_OVER, ENOUGH = "its time is over", "it has found enough"


class Campaign:
    """Tries the catalogue over and over, with other data each time.

    ``findings`` are by id. ``over`` says why it ended, ``stopped`` whether that is no verdict.
    Make it within :meth:`RunDirectory.held`.
    """

    def __init__(
        self,
        contract: Contract,
        target: Target,
        requirements: Sequence[Requirement],
        directory: RunDirectory,
        seed: int,
        *,
        max_seconds: float = float("inf"),
        max_findings: int | None = None,
        max_turns: int | None = None,
        recorded: Mapping[str, Sequence[Request]] | None = None,
        keep: bool = False,
        breaker: Breaker | None = None,
    ) -> None:
        self.contract = contract
        self.target = target
        self.requirements = {one.id: one for one in requirements}
        self.directory = directory
        self.seed = seed
        self.max_seconds = max_seconds
        self.works = {one.name: one for one in works(contract, requirements, recorded or {})}
        self.schedule = Schedule(list(self.works.values()), seed)
        self.coverage = Coverage(contract)
        self.counters = Counters()
        self.findings: dict[str, Finding] = {}
        self.left_behind: set[Made] = set()
        self.over = ""
        self.stopped = ""
        self.on_change: Callable[[], None] = lambda: None
        """Called now and then, for whoever shows how it goes on."""
        self.run = Run(contract, target, [], seed)
        self.pace = Pace(target.slow_down)
        self._breaker = breaker or Breaker(contract, target)
        self._max_findings = max_findings
        self._max_turns = max_turns
        self._keep = keep
        self._corpus = generation.corpus_in(directory.corpus)
        self._own_secrets = frozenset(target.secrets)
        self._known: dict[tuple[str, str, str], str] = {}
        self._met_again: list[tuple[str, str, str]] = []
        self._lock = threading.Lock()
        self._before = (0, 0.0)
        self._begin = time.monotonic()
        self._last_save = self._last_beat = 0.0

    def go_on(self) -> None:
        """Take up what the directory holds; raises :class:`FileError`."""
        state = self.directory.state()
        self.schedule.go_on(state.get("turns", {}))
        self.coverage.go_on(state.get("coverage", {}))
        self.counters = Counters(**state.get("counters", {}))
        self._before = (self.counters.requests, self.counters.seconds)
        self.left_behind = {(int(one), two) for one, two in state.get("left_behind", ())}
        self.target.created |= self.directory.made()
        for finding in self.directory.findings():
            self._take(finding)

    @property
    def elapsed(self) -> float:
        """Seconds since this session began."""
        return time.monotonic() - self._begin

    def stop(self, reason: str, *, no_verdict: bool = False) -> None:
        """End it; what is under way is given up."""
        self.over = self.over or reason
        if no_verdict:
            self.stopped = self.stopped or reason
        self.target.halt()

    def work_through(self) -> None:
        """The whole campaign; raises :class:`TargetError` where the target lets nobody in."""
        generation.load()
        self.target.on_answer = self._met
        self._begin = time.monotonic()
        self.save()
        try:
            self.run.survey()
            for finding in list(self.findings.values()):
                self._try_again(finding)
            while not (self._is_over() or self._has_enough()):
                self._batch()
        except TargetError as error:
            if not self.over:
                self.stop(str(error), no_verdict=True)
                raise
        finally:
            self.target.go_on()
            self._clean_up(0)
            self.save()

    def _is_over(self) -> bool:
        if not self.over and self.elapsed >= self.max_seconds:
            self.stop(TIME_OVER)
        return bool(self.over)

    def _has_enough(self) -> bool:
        """Whether it may end, now that nothing is under way."""
        if self._max_findings and len(self.findings) >= self._max_findings:
            self.stop(ENOUGH)
        elif self._max_turns and self.counters.turns >= self._max_turns:
            self.stop(TIME_OVER)
        return bool(self.over)

    def _batch(self) -> None:
        """Some turns at once, and what is best done when nothing is under way."""
        turns = self.schedule.next(AT_ONCE)
        found = list(self._done(turns))
        if self.over and self.stopped:
            return
        beat = time.monotonic() - self._last_beat > _BEAT_SECONDS
        if beat or any(one[1] is None or _failed(one[1]) for one in found):
            self._last_beat = time.monotonic()
            is_well, seconds = self._breaker.is_well() if not self.over else (True, 0.0)
            if not is_well and not self.over:
                # What was seen of a target that is down says nothing of it.
                self.stop(self._breaker.reason, no_verdict=True)
                return
            self.pace.beat(seconds)
        for turn, examination in found:
            if examination is not None:
                self._take_in(turn, examination)
        if not self.over:
            self._clean_up(BATCH)
        self._forget()
        if time.monotonic() - self._last_save > _SAVE_SECONDS:
            self.save()
        self.on_change()

    def _done(self, turns: Sequence[Turn]) -> Iterator[tuple[Turn, Examination | None]]:
        """What came of turns; None where the target did not answer."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            running: dict[Future[list[Examination]], Turn] = {
                pool.submit(self._turn, one): one for one in turns
            }
            while running:
                done, _ = wait(running, _POLL_SECONDS, FIRST_COMPLETED)
                self._is_over()
                self.on_change()
                for future in done:
                    turn = running.pop(future)
                    try:
                        examinations = future.result()
                    except TargetError:
                        if not self.over:
                            self.counters.unanswered += 1
                            yield turn, None
                        continue
                    self.counters.turns += 1
                    yield from ((turn, one) for one in examinations)

    def _turn(self, turn: Turn) -> list[Examination]:
        found = []
        try:
            for requirement in turn.work.requirements:
                effort = replace(
                    turn.effort, corpus=self._corpus, is_known=self._knows(turn.work, requirement)
                )
                probe = probe_for(
                    self.contract, self.target, turn.work, requirement, turn.seed, effort
                )
                sent = self.target.requests_sent
                found.append(examined(requirement, probe))
                self.coverage.tried(requirement.id)
                self.schedule.paid(turn.work, self.target.requests_sent - sent)
        finally:
            self.schedule.paid(turn.work, 0)
        return found

    def _knows(self, work: Work, requirement: Requirement) -> Callable[[str, str], bool]:
        """Whether a violation is one that was found before: it is counted and looked past."""
        own = requirement.id not in self.requirements
        ids = set(self.requirements) if own else {requirement.id, NOTHING_FAILS}

        def is_known(expected: str, actual: str) -> bool:
            cause = cause_of(self.target.shown(expected), self.target.shown(actual))
            with self._lock:
                known = [
                    key
                    for key in self._known
                    if key[0] in ids and key[1:] == (work.operation.id, cause)
                ]
                self._met_again += known[:1]
            return bool(known)

        return is_known

    def _take_in(self, turn: Turn, examination: Examination) -> None:
        result = examination.result
        requirement_id = result.requirement.id
        if examination.breaks in self.requirements:
            requirement_id = examination.breaks
        if result.requirement.id in self.requirements:
            counted = self.counters.outcomes.setdefault(
                f"{result.requirement.id} [{result.operation}]", {}
            )
            counted[result.outcome] = counted.get(result.outcome, 0) + 1
            if result.outcome in {Outcome.NOT_VERIFIED, Outcome.ERROR}:
                name = f"{result.requirement.id} [{result.operation}] {result.outcome}"
                self.counters.reasons[name] = result.actual
        with self._lock:
            again, self._met_again = self._met_again, []
        for place in again:
            self._count(self._known[place])
        requirement = self.requirements.get(requirement_id)
        is_violation = result.outcome in VIOLATIONS or (
            bool(examination.breaks) and result.outcome is not Outcome.PASSED
        )
        if not is_violation or requirement is None:
            return
        cause = cause_of(result.expected, result.actual)
        place = (requirement_id, result.operation, cause)
        if place in self._known:
            self._count(self._known[place])
            return
        finding = discovered(turn, examination, requirement, self.target.secrets)
        self._take(finding)
        self._look_closer(finding, turn.work, examination)

    def _take(self, finding: Finding) -> None:
        """Keep a finding, on disk first."""
        self.directory.keep(finding)
        self.findings[finding.id] = finding
        self._known[finding.requirement, finding.operation, finding.cause] = finding.id
        self.on_change()

    def _count(self, finding_id: str) -> None:
        finding = self.findings[finding_id]
        self._take(replace(finding, count=finding.count + 1))

    def _look_closer(self, finding: Finding, work: Work, examination: Examination) -> None:
        """Make it smaller and try it again; the campaign may end meanwhile."""
        try:
            self._take(
                made_smaller(
                    self.contract, self.target, finding, work, examination.exchanges, self._is_over
                )
            )
            self._try_again(self.findings[finding.id])
        except (TargetError, ValueError):
            # It stays as it was found.
            return

    def _try_again(self, finding: Finding) -> None:
        """Whether it fails always, sometimes or no more."""
        try:
            work = work_of(self.contract, finding, self.works)
        except FileError:
            # It was found with another selection, or by a check that there is no more.
            return
        failures = tries = 0
        for _ in range(TRIES):
            if self._is_over():
                break
            failed = fails(self.contract, self.target, finding, work)
            if failed is not None:
                tries += 1
                failures += failed
        self._take(self.findings[finding.id].tried(failures, tries))

    def _met(self, request: Request, answer: Answer) -> None:
        self.coverage.met(request, answer)
        client_id = answer.field("client_id") if request.method == "POST" else None
        if answer.is_success and isinstance(client_id, str) and client_id.split() == [client_id]:
            with self._lock:
                self.directory.note_made((request.partner or 0, client_id))
        if is_limited(answer):
            self.pace.limited()

    def _clean_up(self, more_than: int) -> None:
        """Revoke what was made, when nothing uses it any more."""
        # A check that was given up has not told of all that it made; the directory knows.
        made = self.target.created | self.directory.made()
        if not more_than:
            # In the end, what could not be revoked is tried once more.
            made |= self.left_behind
        if self._keep or len(made) <= more_than:
            return
        left = set(revoke(self.contract, self.target, made))
        self.target.created -= made
        self.counters.revoked += len(made) - len(left)
        before, self.left_behind = self.left_behind, (self.left_behind - made) | left
        if self.left_behind != before:
            self.directory.leave_behind(self.left_behind)
        self.directory.forget_made()

    def _forget(self) -> None:
        """What a run may keep to its end would fill the memory in hours."""
        del self.target.limited[:-_MOST_KEPT]
        del self.target.waited[:-_MOST_KEPT]
        if len(self.target.secrets) > _MOST_SECRETS:
            kept = {*self._own_secrets, *self.target.tokens}
            self.target.secrets.intersection_update(kept)

    def save(self) -> None:
        """Write all that is not in the findings."""
        self._last_save = time.monotonic()
        requests, seconds = self._before
        self.counters.requests = requests + self.target.requests_sent
        self.counters.seconds = seconds + self.elapsed
        self.directory.save(
            {
                "seed": self.seed,
                "contract": self.contract.version,
                "target": self.target.base_url,
                "select": sorted(self.requirements),
                "turns": self.schedule.state(),
                "counters": asdict(self.counters),
                "coverage": self.coverage.state(),
                "left_behind": sorted(self.left_behind),
                "over": self.over,
            }
        )


def _failed(examination: Examination) -> bool:
    """Whether it is a violation with a server error, or a closed connection, in it."""
    is_violation = examination.result.outcome in VIOLATIONS
    return is_violation and any(
        one.is_server_error or one.status == NO_ANSWER for _, one in examination.exchanges
    )
