"""What the target can do, found out before all checks: the catalogue needs to know."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus

from conformance.probe.applicability import accepts_idempotency_key, lists
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.taken_bodies import references_in, tried_bodies, ways_to_vary
from conformance.probe.token_exchange import credentials_of
from conformance.probe.violation import Violation
from conformance.target.capabilities import Capability
from conformance.target.errors import TokenRefused
from conformance.target.exchange import (
    NO_ANSWER,
    Answer,
    Request,
    UnsendableRequest,
)
from conformance.target.foreign_answers import expect_of_api, quoted
from conformance.target.kept import TakenBody
from conformance.target.sign_in import form_request, json_request
from conformance.target.target import Target
from openapi.contract import Contract
from openapi.operation import Operation
from openapi.resource import Resource, creates, makes_items

_SURVEYED = 3
"""So many answers say that an operation is not served."""

_NO_ACCESS = {401, 403}
"""What a token or a gateway's key is answered that has ended."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a plain valid request is refused, and whether by an access that there was before."""

    reason: str
    is_access: bool


_OF_RULES = {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
"""What a valid body is answered that breaks a rule of business."""


class Survey:
    """A look at each operation that lists or creates.

    ``answered`` says which statuses each operation gave, ``said`` the last refusal of each that
    made nothing, and ``served_late`` why what was taken for absent is not: an operation that was
    not served at first. ``note_secret`` is told of what was made; ``calls_early`` makes a call for
    those that look at its key much later.
    """

    def __init__(
        self,
        contract: Contract,
        target: Target,
        seed: int,
        note_secret: Callable[[Resource, Answer], object],
        *,
        calls_early: bool,
    ) -> None:
        self.contract = contract
        self.target = target
        self.seed = seed
        self.answered: dict[str, set[int]] = {}
        self.said: dict[str, str] = {}
        self.served_late = ""
        self.is_taken = False
        self._note_secret = note_secret
        self._calls_early = calls_early
        self._absent: list[tuple[Operation, Request]] = []

    def take(self, *, with_key: bool = False) -> None:
        """Find out what the target can do; the rest of the catalogue needs to know.

        ``with_key`` makes sure that a creation whose answer is lost is not made twice.
        """
        self._try_other_places()
        if self.contract.token_operation is None:
            why = "the contract has no operation that issues tokens"
            self.target.places.unreached[Capability.TOKENS] = why
        for operation in self.contract.operations.values():
            if lists(operation):
                lister = self.probe(operation)
                request = _plain_request(lister)
                if request is None:
                    why = f"{operation.id} was not reached: nothing could be made for its path"
                    self.target.places.unreached[Capability.LISTING] = why
                    continue
                answers = self._answers(lister, request)
                if any(map(_is_served, answers)):
                    self.target.capabilities.add(Capability.LISTING)
                    self.answered.setdefault(operation.id, set()).update(
                        one.status for one in answers
                    )
        makers = filter(makes_items, self.contract.operations.values())
        # What others refer to comes before them: it may have rules of its own.
        for operation in sorted(makers, key=lambda one: len(self._references_of(one))):
            probe = self.probe(operation)
            request = _plain_request(probe)
            if request is not None:
                self._take_created(probe, request, with_key=with_key)
        self.is_taken = True

    def _references_of(self, operation: Operation) -> dict[str, str]:
        """The members of a plain body that refer to other resources, by what makes these.

        None of them is made by what refers to this one.
        """
        request = _plain_request(self.probe(operation)) if operation.object_body else None
        members = request.members if request else None
        return {
            name: one.create.id
            for name, one in references_in(self.contract, operation, members).items()
            if not self._refers_to(one.create.id, operation.id)
        }

    def _refers_to(self, creation: str, other: str) -> bool:
        """Whether a creation has a body that refers to what another makes, maybe by a third."""
        taken = self.target.places.taken.get(creation)
        referred = {*taken.references.values()} if taken else set()
        return other in referred or any(self._refers_to(one, other) for one in referred)

    def _try_other_places(self) -> None:
        """Note where the contract has tokens beside its usual place, and that one is refused."""
        for operation in self.contract.operations.values():
            if operation.method != "GET" or "{" in operation.path:
                continue
            probe = self.probe(operation)
            for partner in range(len(self.target.access)):
                if self._is_elsewhere(probe) and (request := _plain_request(probe, partner)):
                    self._has_access(probe, probe.try_to_send(request), partner)

    def _is_elsewhere(self, probe: Probe) -> bool:
        """Whether an operation has its token where the contract's usual one is not."""
        return not self.contract.has_usual_token(probe.operation)

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
            probe = self.probe(operation)
            request = _plain_request(probe)
            status = probe.try_to_send(request).status if request else NO_ANSWER
            if status == operation.success_status:
                return None
            reason = f"{operation.id} answers {status or 'nothing'} to a plain valid request"
            was_well = operation.success_status in self.answered.get(operation.id, ())
            return Refusal(reason, is_access=was_well and status in _NO_ACCESS)
        return None

    def probe(self, operation: Operation) -> Probe:
        """A probe for what is no check of a requirement."""
        randomness = random.Random(f"{self.seed} survey")  # noqa: S311 - test data
        return Probe(self.contract, operation, self.target, randomness)

    def _take_created(self, probe: Probe, request: Request, *, with_key: bool) -> None:
        operation = probe.operation
        if with_key and operation.accepts_idempotency_key:
            request = request.with_key(probe.new_key())
        # Without an answer within bounds it cannot be judged here; each check judges it.
        made = self._made_by(probe, request)
        self._note_secret(probe.resource, made)
        if not self._has_access(probe, made):
            return
        has_second = Capability.SECOND_PARTNER in self.target.capabilities
        if second := _plain_request(probe, partner=1) if has_second else None:
            self._has_access(probe, probe.try_to_send(second), partner=1)
        self.note(operation, probe)
        self.said.pop(operation.id, None)
        if not operation.is_success(made.status):
            own = (answer for one, answer in reversed(probe.recording.exchanges)
                   if one.is_for(operation) and one.partner == request.partner)  # fmt: skip
            last = next(own, made)
            self.said[operation.id] = f"{last.status or 'no answer'}{quoted(last)}"
            self._note_unreached(probe, made)
            return
        if self._calls_early and accepts_idempotency_key(operation):
            early = probe.request().with_key(probe.new_key())
            self.target.early_call.made = early, probe.try_to_send(early)
        if probe.resource is self.contract.credentials and self._issues_tokens(made):
            self.target.capabilities.add(Capability.TOKENS)
        self._try_revocation(probe, made)

    def _try_revocation(self, probe: Probe, made: Answer) -> None:
        """Find out whether the target revokes what was made."""
        revoking, handle = probe.resource.revoke, made.identifier(probe.resource.handle)
        if revoking is None or handle is None:
            return
        try:
            request = self.probe(revoking).on_one(handle)
        except UnsendableRequest:
            # It may be offered: each check says why it cannot be judged.
            self.target.capabilities.add(Capability.REVOCATION)
            return
        answers = self._answers(self.probe(revoking), request)
        if any(map(_is_served, answers)):
            self.target.capabilities.add(Capability.REVOCATION)
        if answers[-1].is_success:
            probe.forget(request, handle)

    def _note_unreached(self, probe: Probe, made: Answer) -> None:
        """Note what was not asked for, because nothing was made that it could be on."""
        operation, revoke = probe.operation, probe.resource.revoke
        why = f"was not reached: {operation.id} answered {made.status or 'nothing'} to plain data"
        if revoke is not None:
            self.target.places.unreached[Capability.REVOCATION] = f"{revoke.id} {why}"
        token = self.contract.token_operation
        if token is not None and probe.resource is self.contract.credentials:
            self.target.places.unreached[Capability.TOKENS] = f"{token.id} {why}"

    def _made_by(self, probe: Probe, request: Request) -> Answer:
        """The answer to a plain creation, or to one with a body that is found to be taken."""
        operation, target = probe.operation, self.target
        target.places.taken.pop(operation.id, None)
        if referring := self._made_referring(probe, request):
            return referring
        first = made = probe.try_to_send(request)
        is_of_rules = made.status in _OF_RULES and operation.allows(made.status)
        # What is not there may be what the body refers to, documented or not.
        is_not_there = made.status == HTTPStatus.NOT_FOUND
        if operation.object_body and (is_of_rules or is_not_there):
            body = probe.plain_body()
            for taken in tried_bodies(self.contract, operation, body):
                if is_not_there and not taken.references:
                    continue
                target.places.taken[operation.id] = taken
                again = _plain_request(probe)
                made = probe.try_to_send(again) if again else first
                if operation.is_success(made.status):
                    break
                del target.places.taken[operation.id]
        if operation.is_success(made.status):
            self._find_what_to_vary(probe)
        elif first.status == HTTPStatus.CONFLICT and operation.object_body:
            # An earlier run may have made the same.
            made = self._find_what_to_vary(probe) or first
        return made if operation.is_success(made.status) else first

    def _made_referring(self, probe: Probe, request: Request) -> Answer | None:
        """The answer to a plain creation that refers to what the run has made.

        None where it refers to nothing, or is refused.
        """
        operation, taken = probe.operation, self.target.places.taken
        references, body = self._references_of(operation), operation.object_body
        if not references:
            return None
        taken[operation.id] = TakenBody(probe.plain_body(), references, is_plain=True)
        again = _plain_request(probe)
        if again and body and (body.schema is None or body.schema.is_valid(again.members)):
            made = probe.try_to_send(again.with_key(request.key) if request.key else again)
            if operation.is_success(made.status):
                self._find_what_to_vary(probe)
            if not made.is_refusal:
                return made
        taken.pop(operation.id)
        return None

    def _find_what_to_vary(self, probe: Probe) -> Answer | None:
        """Find what must be new in each body, where a second one like the first is refused.

        The last answer to one that is taken.
        """
        operation, taken = probe.operation, self.target.places.taken
        if not operation.documents(HTTPStatus.CONFLICT) and operation.id not in taken:
            return None

        def made() -> Answer | None:
            again = _plain_request(probe)
            answer = probe.try_to_send(again) if again else None
            return answer if answer and operation.is_success(answer.status) else None

        if answer := made():
            return answer
        found = taken.get(operation.id) or TakenBody(probe.plain_body(), is_plain=True)
        for way in ways_to_vary(found, probe.name_member):
            taken[operation.id] = way
            if made() and (answer := made()):
                return answer
        taken.pop(operation.id, None)
        return None

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

    def look_again(self) -> None:
        """Ask once more, at the end, for each operation that the survey did not find."""
        for operation, request in self._absent:
            answer = self.probe(operation).try_to_send(request)
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
        probe, (client_id, client_secret) = self.probe(operation), credentials
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

    def _has_access(self, probe: Probe, answer: Answer, partner: int = 0) -> bool:
        """Whether the token is taken; where the contract has it elsewhere, it need not be.

        Raises :class:`TargetError` if the answer is not of an API, or refuses the usual token.
        """
        expect_of_api(self.target, answer)
        if answer.status != HTTPStatus.UNAUTHORIZED:
            return True
        if not self._is_elsewhere(probe):
            raise TokenRefused(self.target.refusal(probe.operation.id, probe.token_places, partner))
        self.target.access[partner].refused_places.add(probe.token_places)
        return False

    def note(self, operation: Operation, probe: Probe) -> None:
        """Remember the statuses that an operation gave."""
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


def _is_served(answer: Answer) -> bool:
    """Whether an answer is that of an operation that is there, working or not."""
    return answer.status not in NOT_IMPLEMENTED_STATUSES


def _is_token(answer: Answer) -> bool:
    return answer.is_success or answer.field("access_token") is not None
