"""From requirements to a stream of results. It runs many at once and never prints."""

import random
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from http import HTTPStatus

from conformance import generation
from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.catalogue.registry import Judges
from conformance.catalogue.requirement import Requirement
from conformance.probe.probe import Probe
from conformance.probe.shared_refusals import SharedRefusals
from conformance.results.result import VIOLATIONS, Result, ResultKey
from conformance.run.check import run_check
from conformance.run.lost import find_lost, operations_of
from conformance.run.observation import Observer
from conformance.run.order import Check, by_turns
from conformance.run.survey import Refusal, Survey
from conformance.target.capabilities import Capability
from conformance.target.clean_up import revoke_all
from conformance.target.errors import TargetError
from conformance.target.exchange import (
    Answer,
    Request,
)
from conformance.target.kept import CreatedResource
from conformance.target.target import Target
from conformance.target.threads import Threads, finished
from openapi.contract import Contract
from openapi.operation import Operation

PHASES = 3
"""The phases of a run; the checks of the last one run one by one."""


class CannotTry(Exception):
    """A check cannot be tried again to any use."""


class Run:
    """One run of requirements against a target.

    Iterate :meth:`results` once; afterwards ``answered`` says which statuses each operation gave,
    ``stopped`` why the run ended early (None: it did not), and ``left_behind`` what could not be
    revoked.
    """

    def __init__(
        self, contract: Contract, target: Target, requirements: Iterable[Requirement], seed: int
    ) -> None:
        self.contract = contract
        self.target = target
        self.requirements = tuple(requirements)
        self.seed = seed
        self.checks = tuple(
            (requirement, operation)
            for requirement in self.requirements
            for operation in contract.operations.values()
            if requirement.applies_to(operation)
        )
        """The checks of the run: each requirement with each operation that it applies to."""
        self.stopped: str | None = None
        self.left_behind: list[CreatedResource] = []
        self.checked = 0
        """The number of checks that are done."""
        self._refusals = SharedRefusals()
        self._observer = Observer(Judges(self.requirements))
        self._judged_anywhere = self._observer.judges.of(Purpose.OBSERVED)
        self._observed: dict[ResultKey, Result] = {}
        self.on_violation: Callable[[Result], None] = lambda _: None
        """Called, in any thread, with a violation that a check has met on its way."""
        self._found_by: dict[ResultKey, ResultKey] = {}
        """The check that met a violation on its way."""
        self._observing = [one for one in self.requirements if one.observes_run]
        self._survey = Survey(
            contract, target, seed, self._observer.note, calls_early=bool(self._observing)
        )
        self._limited_judges = Judges(self._observing)
        target.limited.shows = lambda pair: self._shown_by_limited(*pair)
        target.waited.shows = lambda pair: self._shown_by_wait(*pair)

    @property
    def answered(self) -> Mapping[str, set[int]]:
        """The statuses that each operation gave."""
        return self._survey.answered

    @property
    def said(self) -> Mapping[str, str]:
        """The last refusal of each operation that made nothing for the survey."""
        return self._survey.said

    @property
    def served_late(self) -> str:
        """Why what was taken for absent is not: an operation that was not served at first."""
        return self._survey.served_late

    @property
    def serves_anything(self) -> bool:
        """Whether any operation that the survey asked gave its success status."""
        return self._survey.serves_anything

    def survey(self, *, with_key: bool = False) -> None:
        """Find out what the target can do; the rest of the catalogue needs to know.

        ``with_key`` makes sure that a creation whose answer is lost is not made twice.
        """
        self._survey.take(with_key=with_key)

    def refusal(self) -> Refusal | None:
        """How the first creating operation refuses a plain valid request now; None if it is well.

        Without such an operation it is always well.
        """
        return self._survey.refusal()

    def results(self) -> Generator[Result]:
        """Results in the order in which they come in.

        Those of requirements that any answer can break come last, when all answers are there.
        Raises :class:`TargetError` where the target does not answer at all, or refuses the token.
        """
        if any(requirement.generates for requirement in self.requirements):
            generation.load()
        self.survey()
        held: dict[ResultKey, Result] = {}
        for phase in range(PHASES):
            checks = [one for one in self.checks if one[0].phase == phase]
            for result in self._check_all(by_turns(checks), is_last=phase == PHASES - 1):
                if result.requirement.id in self._judged_anywhere:
                    held[result.key] = result
                else:
                    yield result
        self._survey.look_again()
        for key, result in held.items():
            if result.outcome in VIOLATIONS:
                self._observed.pop(key, None)
            yield self._observed.pop(key, result)
        yield from self._observed.values()

    def _check_all(self, checks: Iterable[Check], *, is_last: bool) -> Generator[Result]:
        number = self.target.in_flight.number

        # What generates waits for its like, in places that others can use.
        def generators() -> int:
            return number() // 2

        def others() -> int:
            return 1 if is_last else number() - min(generators(), generating.unfinished)

        with Threads(generators) as generating, Threads(others) as threads:
            is_apart = generators() and not is_last
            running = [
                (generating if is_apart and one[0].generates else threads).submit(self.check, *one)
                for one in checks
            ]
            try:
                for future in finished(running, self.target):
                    self.checked += 1
                    try:
                        yield future.result()
                    except CancelledError:
                        continue
                    except TargetError as error:
                        self.stop(str(error))
                        _cancel(running)
            finally:
                _cancel(running)

    def stop(self, reason: str) -> None:
        """End the run early; answers on their way are waited for no longer than a grace."""
        self.stopped = self.stopped or reason
        self.target.halt()

    def check(self, requirement: Requirement, operation: Operation) -> Result:
        """The result of one requirement on one operation; raises :class:`TargetError`.

        What else the check met counts in :meth:`results`, when all checks are done.
        """
        result, observed = self.check_and_observe(requirement, operation)
        for one in observed:
            if self._observed.setdefault(one.key, one) is one:
                self._found_by[one.key] = result.key
                self.on_violation(one)
        return result

    def try_again(self, found: Result) -> Result | None:
        """The violation as its check meets it once more, with other data.

        None where the check does not meet it. Raises :class:`CannotTry` for a check that needs the
        whole run, waits long, or has tried its data again itself.
        """
        id_, operation_id = self._found_by.get(found.key, found.key)
        checks = {(one.id, operation.id): (one, operation) for one, operation in self.checks}
        requirement, operation = checks[id_, operation_id]
        waits = requirement.needs & {Capability.REPLAY_DELAY, Capability.CLOCK}
        if requirement.generates or requirement.observes_run or waits:
            raise CannotTry(requirement.id)
        result, observed = self.check_and_observe(requirement, operation, "again")
        met = (one for one in (result, *observed) if one.outcome in VIOLATIONS)
        return next((one for one in met if one.key == found.key), None)

    def check_and_observe(
        self, requirement: Requirement, operation: Operation, turn: str = ""
    ) -> tuple[Result, Sequence[Result]]:
        """The result of a check, and violations of other requirements that it met on its way.

        Another ``turn`` has other data.
        """
        randomness = random.Random(f"{self.seed} {requirement.id} {operation.id}{turn}")  # noqa: S311 - test data
        refusals = SharedRefusals() if turn else self._refusals
        probe = Probe(
            self.contract, operation, self.target, randomness, self.seed, refusals=refusals
        )
        outcome = run_check(requirement, probe, self._observer)
        self._survey.note(operation, probe)
        return outcome.result, [one.result for one in outcome.observed]

    def clean_up(self, *, keep_parents: bool = False) -> None:
        """Revoke what the run made, where the target offers it; ``left_behind`` is the rest.

        ``keep_parents`` leaves what others are made in to a later clean-up.
        """
        useless = self._survey.is_taken and Capability.REVOCATION not in self.target.capabilities
        with self.target.cleaning_up():
            if not useless:
                find_lost(self._survey)
            made = self.target.created - (self.target.places.parents if keep_parents else set())
            served = {one for one in made if not useless or self._is_apart(one)}
            left = {*(made - served), *revoke_all(self.contract, self.target, served)}
        self.left_behind = sorted(left)

    def _is_apart(self, made: CreatedResource) -> bool:
        """Whether a DELETE that the survey did not ask for removes what was made."""
        surveyed = (one.revoke for one in self.contract.resources if one.revoke)
        asked = ((one, Request(one.method, made.place)) for one in surveyed)
        return bool(made.place) and not any(request.is_for(one) for one, request in asked)

    def _shown_by_limited(self, request: Request, answer: Answer) -> Iterator[Hashable]:
        """The operation that gave a 429, and the requirements that the 429 breaks."""
        for operation in operations_of(self.contract, request):
            yield operation.id
            exchange = JudgedExchange(operation, request, answer, Purpose.PAGE)
            for requirement, violation in self._limited_judges.judgements(exchange):
                if violation is not None:
                    yield requirement.id, operation.id

    def _shown_by_wait(self, request: Request, status: int) -> Iterator[Hashable]:
        """The operation that was waited for, and whether the request got through."""
        for operation in operations_of(self.contract, request):
            yield operation.id, status == HTTPStatus.TOO_MANY_REQUESTS


def _cancel(running: list[Future[Result]]) -> None:
    for future in running:
        future.cancel()
