"""From requirements to a stream of results. It runs many at once and never prints."""

import math
import random
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus

from conformance import generation
from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.catalogue.registry import Judges
from conformance.catalogue.requirement import Requirement
from conformance.probe.applicability import lists
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotVerified
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.probe.shared_refusals import SharedRefusals
from conformance.probe.token_exchange import credentials_of
from conformance.probe.violation import Violation
from conformance.results.result import VIOLATIONS, Result, ResultKey
from conformance.run.check import run_check
from conformance.run.observation import Observer
from conformance.run.order import Check, by_turns
from conformance.target.capabilities import Capability
from conformance.target.clean_up import revoke_all
from conformance.target.errors import TargetError, TokenRefused
from conformance.target.exchange import (
    NO_ANSWER,
    Answer,
    Request,
    UnsendableRequest,
)
from conformance.target.foreign_answers import expect_of_api
from conformance.target.kept import CreatedResource
from conformance.target.members import JsonObject, identifier_in, text_in
from conformance.target.sign_in import form_request, json_request
from conformance.target.target import Target
from conformance.target.threads import Threads, finished
from conformance.target.timestamps import instant
from openapi.contract import Contract
from openapi.operation import Operation
from openapi.resource import REVOKED, creates

_SURVEYED = 3
"""So many answers say that an operation is not served."""

_NO_ACCESS = {401, 403}
"""What a token or a gateway's key is answered that has ended."""

_BETWEEN_TRIES_SECONDS = 10.0
"""The longest time between the creation whose answer was lost and that of a further try."""

PHASES = 3
"""The phases of a run; the checks of the last one run one by one."""


class CannotTry(Exception):
    """A check cannot be tried again to any use."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a plain valid request is refused, and whether by an access that there was before."""

    reason: str
    is_access: bool


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
        self.answered: dict[str, set[int]] = {}
        self.stopped: str | None = None
        self.left_behind: list[CreatedResource] = []
        self.checked = 0
        """The number of checks that are done."""
        self._surveyed = False
        self._refusals = SharedRefusals()
        self._absent: list[tuple[Operation, Request]] = []
        self.served_late = ""
        """Why what was taken for absent is not: an operation that was not served at first."""
        self._observer = Observer(Judges(self.requirements))
        self._judged_anywhere = self._observer.judges.of(Purpose.OBSERVED)
        self._observed: dict[ResultKey, Result] = {}
        self.on_violation: Callable[[Result], None] = lambda _: None
        """Called, in any thread, with a violation that a check has met on its way."""
        self._found_by: dict[ResultKey, ResultKey] = {}
        """The check that met a violation on its way."""
        self._observing = [one for one in self.requirements if one.observes_run]
        self._limited_judges = Judges(self._observing)
        target.limited.shows = lambda pair: self._shown_by_limited(*pair)
        target.waited.shows = lambda pair: self._shown_by_wait(*pair)

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
        self._look_again_for_absent()
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
        self._note(operation, probe)
        return outcome.result, [one.result for one in outcome.observed]

    def clean_up(self, *, keep_parents: bool = False) -> None:
        """Revoke what the run made, where the target offers it; ``left_behind`` is the rest.

        ``keep_parents`` leaves what others are made in to a later clean-up.
        """
        useless = self._surveyed and Capability.REVOCATION not in self.target.capabilities
        with self.target.cleaning_up():
            if not useless:
                self._find_lost()
            made = self.target.created - (self.target.places.parents if keep_parents else set())
            left = made if useless else revoke_all(self.contract, self.target, made)
        self.left_behind = sorted(left)

    def _find_lost(self) -> None:
        """Add to ``created`` what creations have made whose answer was lost, as the list shows it.

        What the list does not show, or no list, leaves them unknown. A name that is not marked as
        test data may be that of a key of somebody else: such a one counts where it was made just
        before the one that a further try has made.
        """
        names: dict[tuple[str, int], set[str]] = {}
        for request in self.target.transients.lost:
            for operation in filter(creates, self._operations_of(request)):
                name = self._survey_probe(operation).asked_name(request)
                if not name:
                    continue
                # A token of its own, as a new key gets it, may be any partner's.
                all_partners = range(len(self.target.tokens))
                for partner in all_partners if request.partner is None else [request.partner]:
                    names.setdefault((operation.id, partner), set()).add(name)
        for (id_, partner), lost in names.items():
            probe = self._survey_probe(self.contract.operations[id_])
            with suppress(NotVerified, Violation, UnsendableRequest, TargetError):
                found = [
                    (name, handle, item)
                    for item in probe.listed(partner)
                    if (name := text_in(item, probe.name_member)) in lost
                    and (handle := identifier_in(item, probe.resource.handle)) is not None
                ]
                known = self.target.created.copy()
                tries = [(one[0], _made_at(one[2])) for one in found if (partner, one[1]) in known]
                for name, handle, item in found:
                    made = _made_at(item)
                    is_ours = NAME_PREFIX in str(name) or any(
                        of == name and 0 <= at - made <= _BETWEEN_TRIES_SECONDS for of, at in tries
                    )
                    if is_ours and probe.resource.condition(item) != REVOKED:
                        self.target.created.add((partner, handle))

    def _shown_by_limited(self, request: Request, answer: Answer) -> Iterator[Hashable]:
        """The operation that gave a 429, and the requirements that the 429 breaks."""
        for operation in self._operations_of(request):
            yield operation.id
            exchange = JudgedExchange(operation, request, answer, Purpose.PAGE)
            for requirement, violation in self._limited_judges.judgements(exchange):
                if violation is not None:
                    yield requirement.id, operation.id

    def _shown_by_wait(self, request: Request, status: int) -> Iterator[Hashable]:
        """The operation that was waited for, and whether the request got through."""
        for operation in self._operations_of(request):
            yield operation.id, status == HTTPStatus.TOO_MANY_REQUESTS

    def _operations_of(self, request: Request) -> Iterator[Operation]:
        return (one for one in self.contract.operations.values() if request.is_for(one))

    def survey(self, *, with_key: bool = False) -> None:
        """Find out what the target can do; the rest of the catalogue needs to know.

        ``with_key`` makes sure that a creation whose answer is lost is not made twice.
        """
        for operation in self.contract.operations.values():
            if lists(operation):
                lister = self._survey_probe(operation)
                request = _plain_request(lister)
                if request is None:
                    continue
                answers = self._answers(lister, request)
                if any(map(_is_served, answers)):
                    self.target.capabilities.add(Capability.LISTING)
                    self.answered.setdefault(operation.id, set()).update(
                        one.status for one in answers
                    )
        for operation in self.contract.operations.values():
            if creates(operation):
                probe = self._survey_probe(operation)
                request = _plain_request(probe)
                if request is not None:
                    self._survey_created(probe, request, with_key=with_key)
        self._surveyed = True

    @property
    def serves_anything(self) -> bool:
        """Whether any operation that the survey asked gave its success status."""
        operations = self.contract.operations.values()
        return any(one.success_status in self.answered.get(one.id, ()) for one in operations)

    def refusal(self) -> Refusal | None:
        """How the first creating operation refuses a plain valid request now; None if it is well.

        Without such an operation it is always well.
        """
        for operation in filter(creates, self.contract.operations.values()):
            probe = self._survey_probe(operation)
            request = _plain_request(probe)
            status = probe.try_to_send(request).status if request else NO_ANSWER
            if status == operation.success_status:
                return None
            reason = f"{operation.id} answers {status or 'nothing'} to a plain valid request"
            was_well = operation.success_status in self.answered.get(operation.id, ())
            return Refusal(reason, is_access=was_well and status in _NO_ACCESS)
        return None

    def _survey_probe(self, operation: Operation) -> Probe:
        randomness = random.Random(f"{self.seed} survey")  # noqa: S311 - test data
        return Probe(self.contract, operation, self.target, randomness)

    def _survey_created(self, probe: Probe, request: Request, *, with_key: bool) -> None:
        operation = probe.operation
        if with_key and operation.accepts_idempotency_key:
            request = request.with_key(probe.new_key())
        # Without an answer within bounds it cannot be judged here; each check judges it.
        made = probe.try_to_send(request)
        self._observer.note(probe.resource, made)
        self._expect_access(made, "the token")
        has_second = Capability.SECOND_PARTNER in self.target.capabilities
        if second := _plain_request(probe, partner=1) if has_second else None:
            self._expect_access(probe.try_to_send(second), "the second token")
        self._note(operation, probe)
        if made.status != operation.success_status:
            return
        if self._observing and operation.accepts_idempotency_key:
            early = probe.request().with_key(probe.new_key())
            self.target.early_call.made = early, probe.try_to_send(early)
        if probe.resource is self.contract.credentials and self._issues_tokens(made):
            self.target.capabilities.add(Capability.TOKENS)
        revoking, handle = probe.resource.revoke, made.identifier(probe.resource.handle)
        if revoking is None or handle is None:
            return
        try:
            request = self._survey_probe(revoking).on_one(handle)
        except UnsendableRequest:
            # It may be offered: each check says why it cannot be judged.
            self.target.capabilities.add(Capability.REVOCATION)
            return
        answers = self._answers(self._survey_probe(revoking), request)
        if any(map(_is_served, answers)):
            self.target.capabilities.add(Capability.REVOCATION)
        if answers[-1].is_success:
            self.target.created.discard((0, handle))

    def _answers(self, probe: Probe, request: Request) -> list[Answer]:
        """The answers to a request, which is repeated while they say that it is not served.

        One answer decides nothing: another host behind the same name may serve the operation.
        """
        answers = [probe.try_to_send(request)]
        while len(answers) < _SURVEYED and not _is_served(answers[-1]):
            answers.append(probe.try_to_send(request))
        if not _is_served(answers[-1]):
            self._absent.append((probe.operation, request))
        return answers

    def _look_again_for_absent(self) -> None:
        """Ask once more, at the end, for each operation that the survey did not find."""
        for operation, request in self._absent:
            answer = self._survey_probe(operation).try_to_send(request)
            if _is_served(answer):
                self.served_late = self.served_late or (
                    f"{operation.id} was not there at first, and answered {answer.status} at the"
                    " end: what needs it was not verified"
                )

    def _issues_tokens(self, made: Answer) -> bool:
        """Whether the target exchanges a new key, in JSON or as a form, or ought to."""
        operation, credentials = self.contract.token_operation, credentials_of(self.contract, made)
        if operation is None or credentials is None:
            return False
        probe, (client_id, client_secret) = self._survey_probe(operation), credentials
        in_json = probe.try_to_send(json_request(operation, client_id, client_secret))
        if _is_token(in_json) or in_json.status == NO_ANSWER:
            return True
        with suppress(UnsendableRequest):
            as_form = form_request(operation, client_id, client_secret)
            if _is_token(probe.try_to_send(as_form)):
                self.target.takes_form_only = True
                return True
        if in_json.status != HTTPStatus.UNAUTHORIZED:
            return _is_served(in_json)
        # A server may ask for a token before it looks whether there is a path.
        signed = probe.try_to_send(
            replace(json_request(operation, client_id, client_secret), partner=0)
        )
        return _is_served(signed)

    def _expect_access(self, answer: Answer, name: str) -> None:
        """Raise :class:`TargetError` if the answer is not of an API, or refuses the token."""
        expect_of_api(self.target, answer)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise TokenRefused(f"{name} was refused (401)")

    def _note(self, operation: Operation, probe: Probe) -> None:
        statuses = {
            answer.status
            for request, answer in probe.recording.exchanges
            if request.is_for(operation)
        }
        self.answered.setdefault(operation.id, set()).update(statuses)


def _plain_request(probe: Probe, partner: int = 0) -> Request | None:
    """A plain valid request; None where what its operation is in cannot be made."""
    try:
        return probe.request(partner)
    except (NotVerified, Violation, UnsendableRequest):
        return None  # the checks judge it


def _made_at(item: JsonObject) -> float:
    """When a listed item was made, in seconds since the epoch; NaN where it does not say so."""
    found = instant(item.get("created_at"))
    return math.nan if found is None else found


def _is_served(answer: Answer) -> bool:
    """Whether an answer is that of an operation that is there, working or not."""
    return answer.status not in NOT_IMPLEMENTED_STATUSES


def _is_token(answer: Answer) -> bool:
    return answer.is_success or answer.field("access_token") is not None


def _cancel(running: list[Future[Result]]) -> None:
    for future in running:
        future.cancel()
