"""Judges of one exchange: a requirement says as data which answers can break it.

``load`` asks them about each answer, and so do ``run`` and ``fuzz``, whatever check sent it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from hashlib import sha256
from http import HTTPStatus

from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.target.exchange import Answer, Request
from openapi.operation import Operation
from openapi.resource import Resource


class Purpose(StrEnum):
    """The purpose of a request."""

    CREATE = "create"
    REPLAY = "replay"
    AT_ONCE = "at_once"
    """One of several with one key that may be under way at the same time."""
    CONFLICT = "conflict"
    """Another body with a key that was used."""
    PAGE = "page"
    READ = "read"
    """A read of one item, for the tag of what is to be done with it."""
    REVOKE = "revoke"
    REVOKE_AGAIN = "revoke_again"
    GENERATED = "generated"
    """A search for requests that are answered wrongly; they may be valid or not."""
    OBSERVED = "observed"
    """A usual request of any check, valid or not: only a step on the way of that check."""


class StatusClass(StrEnum):
    """Kinds of answers that are judged apart."""

    SUCCESS = "the documented success"
    REFUSAL = "a 4xx other than 429"
    LIMITED = "429"
    SERVER_ERROR = "a 5xx"
    OTHER = "any other status, or no answer"


class Aspect(IntEnum):
    """The part of an answer that a judge looks at; the first that is wrong is the cause."""

    FAILURE, STATUS, MEDIA_TYPE, BODY, HEADERS, REFUSAL, DATA = range(7)


@dataclass(frozen=True, slots=True)
class JudgedExchange:
    """A request, its answer, and what was known before.

    ``token`` is the one that was sent. ``first`` is the first answer to the same key, with
    :func:`digested` body, ``first_id`` the id of what it made; ``secrets`` are those of earlier
    answers that no list may show. ``has_old_secret`` says that the answer shows the secret of
    another resource. ``resource`` is what the operation creates, lists or revokes, ``base_path``
    the path of the target's base URL.
    """

    operation: Operation
    request: Request
    answer: Answer
    purpose: Purpose
    token: str = ""
    first: Answer | None = None
    first_id: str | None = None
    secrets: Sequence[str] = ()
    resource: Resource | None = None
    base_path: str = ""
    has_old_secret: bool = False

    @property
    def status_class(self) -> StatusClass:
        """The kind of answer, for the operation that was called."""
        if self.answer.is_server_error:
            return StatusClass.SERVER_ERROR
        if self.answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return StatusClass.LIMITED
        if self.answer.status == self.operation.success_status:
            return StatusClass.SUCCESS
        return StatusClass.REFUSAL if self.answer.is_refusal else StatusClass.OTHER


def digested(answer: Answer) -> Answer:
    """The answer with a hash in place of its body, which tells it from another."""
    return Answer(answer.status, body=sha256(answer.body).digest())


Look = Callable[[JudgedExchange], None]

ANY_PURPOSE = frozenset(Purpose)
ALLOWED = ANY_PURPOSE - {Purpose.GENERATED}
"""Purposes of requests that the contract allows, or answers in its own form."""
GENERATED = frozenset({Purpose.GENERATED})

ANY_STATUS = frozenset(StatusClass)
NO_SERVER_ERROR = ANY_STATUS - {StatusClass.SERVER_ERROR}
SERVED = NO_SERVER_ERROR - {StatusClass.LIMITED}
SUCCESS = frozenset({StatusClass.SUCCESS})
REFUSAL = frozenset({StatusClass.REFUSAL})
RATE_LIMITED = frozenset({StatusClass.LIMITED})


@dataclass(frozen=True, slots=True)
class Judge:
    """A function of one exchange, and the exchanges that it can be asked about.

    ``look`` returns where the answer keeps the requirement, and raises :class:`Violation` or
    :class:`NotVerified`. ``applies_to`` stands for the requirement's own where that is narrower.
    """

    look: Look
    purposes: frozenset[Purpose] = ALLOWED
    statuses: frozenset[StatusClass] = SERVED
    has_documented_body: bool = False
    applies_to: Callable[[Operation], bool] | None = None
    aspect: Aspect = Aspect.DATA

    def looks_at(self, exchange: JudgedExchange) -> bool:
        """Whether the judge can judge an exchange with this purpose and status."""
        return exchange.purpose in self.purposes and exchange.status_class in self.statuses

    def violation(self, exchange: JudgedExchange) -> Violation | None:
        """The violation that an exchange shows, if any; raises :class:`NotVerified`."""
        try:
            self.look(exchange)
        except Violation as found:
            return found
        return None

    def found(self, exchange: JudgedExchange) -> Violation | None:
        """The violation that an exchange shows, if any; None where it decides nothing."""
        try:
            return self.violation(exchange)
        except NotVerified:
            return None


def on(*purposes: Purpose) -> frozenset[Purpose]:
    """These purposes only."""
    return frozenset(purposes)


def of_answer(look: Callable[[Answer], None]) -> Look:
    """A judge's function that needs the answer alone."""
    return lambda exchange: look(exchange.answer)


def of_operation(look: Callable[[Operation, Answer], None]) -> Look:
    """A judge's function that needs the operation and the answer."""
    return lambda exchange: look(exchange.operation, exchange.answer)


@dataclass(frozen=True, slots=True)
class EachAnswer:
    """A check that looks at each of the answers that it provokes, and a judge of any other.

    ``look`` returns where an answer keeps the requirement, as in :class:`Judge`.
    """

    look: Callable[[Operation, Answer], None]
    answers: Callable[[Probe], Iterable[Answer]]
    judge: Judge

    @property
    def __wrapped__(self) -> Callable[[Operation, Answer], None]:
        """The function with the rule and its place, for :func:`inspect.unwrap`."""
        return self.look

    def __call__(self, probe: Probe) -> None:
        """Judge every answer; raises :class:`Violation` or :class:`NotVerified`."""
        for answer in self.answers(probe):
            self.look(probe.operation, answer)


def each(
    answers: Callable[[Probe], Iterable[Answer]],
    purposes: frozenset[Purpose] = ALLOWED,
    statuses: frozenset[StatusClass] = SERVED,
    *,
    has_documented_body: bool = False,
) -> Callable[[Callable[[Operation, Answer], None]], EachAnswer]:
    """Make a function of an operation and an answer both the check and the judge."""

    def made(look: Callable[[Operation, Answer], None]) -> EachAnswer:
        judge = Judge(
            of_operation(look), purposes, statuses, has_documented_body=has_documented_body
        )
        return EachAnswer(look, answers, judge)

    return made
