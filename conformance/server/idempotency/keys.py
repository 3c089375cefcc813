"""Identity of calls: which keys are equal, for whom and for which body (seed: Idempotency-Key).

A server may refuse a key that is reused with another body or replay its first answer; it may not
make a second resource.
"""

from dataclasses import replace

from conformance.catalogue.judge import Judge, JudgedExchange, Purpose, of_operation, on
from conformance.catalogue.mends import (
    ACCEPT_PLAIN,
    EXACT_KEYS,
    EXECUTE_EACH,
    KEYS_BY_PARTNER,
    STORE_FIRST,
)
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import fail_on, on_requests
from conformance.probe.applicability import (
    accepts_idempotency_key,
    both,
    needs_bearer_token,
)
from conformance.probe.bodies import FAR_FUTURE, date_fields
from conformance.probe.probe import Probe
from conformance.probe.resources import expect_taken
from conformance.probe.values import Values, member
from conformance.probe.violation import expect
from conformance.server.idempotency.replays import SEED
from conformance.server.idempotency.requests import expect_makes, keyed
from conformance.server.idempotency.sabotage import (
    FORGET_KEY,
    ONE_ANSWER_FOR_ONE_BODY,
    ONE_KEY_FOR_ALL,
    REFUSE_KEYS,
    REFUSE_TO_OTHERS,
    edit_key,
)
from conformance.server.robustness.survival import SAFETY
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Request
from openapi.operation import Operation
from openapi.resource import creates

PARTNERS = "vendor facts: cached under (partner, key)"


def _accepted(probe: Probe, request: Request) -> Answer:
    """The answer to a plain request with a fresh UUID as its key: a success.

    Raises :class:`NotVerified` where the request fails without the key, too.
    """
    answer = probe.send(request)
    if answer.status != probe.operation.success_status:
        if creates(probe.operation):
            probe.expect_plain_accepted(request.partner)
        expect_taken(probe, answer, "with a fresh key")
    return answer


def expect_success(operation: Operation, answer: Answer) -> None:
    """An answer to a plain request with a fresh key is a success."""
    success = operation.success_status
    expect(answer.status == success, f"{success} with a fresh key", f"{answer.status}")


@requirement(
    "idempotency.fresh-key-is-accepted",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    judges=(Judge(of_operation(expect_success), on(Purpose.CREATE)),),
    mend=ACCEPT_PLAIN,
)
@catches(REFUSE_KEYS, ONE_KEY_FOR_ALL)
def fresh_key_is_accepted(probe: Probe) -> None:
    """A plain request with a key that was never used before succeeds."""
    for _ in range(2):
        _accepted(probe, keyed(probe))


@requirement(
    "idempotency.different-keys-are-different-calls",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    mend=EXACT_KEYS,
)
@catches(ONE_KEY_FOR_ALL, edit_key("lower"), edit_key("cut"))
def different_keys_are_different_calls(probe: Probe) -> None:
    """Keys that differ at all, be it in case, in their tail or in length, are different calls.

    A server may refuse those that are no UUID in lower case, and a name that it has already.
    """
    expect_makes(probe)
    calls = [_accepted(probe, probe.request().with_key(probe.new_key())) for _ in range(2)]
    _expect_different(probe, calls)
    key = probe.new_key()
    last = "0" if key[-1] != "0" else "1"
    request = probe.request()
    answers = [probe.succeed(request.with_key(key))]
    beside = probe.send(request.with_key(key[:-1] + last))
    if beside.is_refusal:
        # With another name it says whether it was the name that was taken, or the key.
        beside = _accepted(probe, probe.request().with_key(key[:-2] + last + last))
    expect_success(probe.operation, beside)
    answers.append(beside)
    other_case = key.upper() if key != key.upper() else key.lower()
    for one in (other_case, f"{key}0", f"{key}1", key[:-1]):
        answer = probe.send(request.with_key(one))
        if not answer.is_refusal:
            expect_success(probe.operation, answer)
            answers.append(answer)
    _expect_different(probe, answers)


def _expect_different(probe: Probe, answers: list[Answer]) -> None:
    ids = {probe.known_id_of(answer) for answer in answers}
    wanted = len(answers)
    probe.expect(
        len(ids) == wanted, f"{wanted} resources for {wanted} keys", f"{len(ids)} resources"
    )


@requirement(
    "idempotency.no-key-is-a-new-call",
    Level.MUST,
    SEED,
    lambda one: accepts_idempotency_key(one) and not one.requires_idempotency_key,
    mend=EXECUTE_EACH,
)
@catches(ONE_ANSWER_FOR_ONE_BODY)
def no_key_is_a_new_call(probe: Probe) -> None:
    """Requests without a key are executed each time."""
    expect_makes(probe)
    request = probe.request()
    first, second = probe.succeed(request), probe.send(request)
    if second.status != first.status:
        # A server may refuse a name that it has already.
        second = probe.make()
    different = probe.known_id_of(first) != probe.known_id_of(second)
    probe.expect(different, "two resources", "one id twice", member(second, probe.resource.id))


def expect_nothing_made(
    operation: Operation, first_id: str | None, answer: Answer, answer_id: str | None
) -> None:
    """An answer to a used key with another body is a refusal, or shows what was made first."""
    again = answer_id if answer.status == operation.success_status else None
    holds = again in {None, first_id}
    seen = Values("id of what was made", answer_id, first_id)
    expect(holds, "a refusal, or the first answer", f"{answer.status} with a new resource", seen)


def _conflict(exchange: JudgedExchange) -> None:
    made = exchange.answer.identifier(exchange.resource.id) if exchange.resource else None
    expect_nothing_made(exchange.operation, exchange.first_id, exchange.answer, made)


@requirement(
    "idempotency.reused-key-makes-nothing",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    judges=(Judge(_conflict, on(Purpose.CONFLICT)),),
    mend=STORE_FIRST,
    rests_on="idempotency.replay-is-identical",
)
@catches(FORGET_KEY)
def reused_key_makes_nothing(probe: Probe) -> None:
    """A used key with another body is refused or replayed; it makes no second resource."""
    expect_makes(probe)
    key, body = probe.new_key(), probe.plain_body()
    first = probe.succeed(probe.request().with_json(body).with_key(key))
    others = [
        {**body, probe.name_member: probe.new_name()},
        *({**body, name: FAR_FUTURE} for name in date_fields(probe.operation)),
    ]
    for other in others:
        answer = probe.send(probe.request().with_json(other).with_key(key))
        expect_nothing_made(probe.operation, probe.id_of(first), answer, probe.id_of(answer))


@requirement(
    "idempotency.key-belongs-to-its-partner",
    Level.MUST,
    "safety: secrets of one partner never reach another; seed: Idempotency-Key",
    both(accepts_idempotency_key, needs_bearer_token),
    needs=(Capability.SECOND_PARTNER,),
    mend=KEYS_BY_PARTNER,
)
@catches(on_requests("take all for one partner", lambda one: replace(one, partner=0)))
def key_belongs_to_its_partner(probe: Probe) -> None:
    """Another partner's same key is another call, and yields nothing of the first one's."""
    expect_makes(probe)
    request = probe.request().with_key(probe.new_key())
    first = probe.succeed(request)
    other = probe.send(probe.as_partner(request, 1))
    for field in (str(probe.resource.secret), probe.resource.id):
        leaked = first.field(field) is not None and other.field(field) == first.field(field)
        seen = member(other, field)
        probe.expect(not leaked, f"another {field} for another partner", f"the same {field}", seen)


@requirement(
    "idempotency.key-is-free-for-other-partners",
    Level.SHOULD,
    PARTNERS,
    both(accepts_idempotency_key, needs_bearer_token),
    needs=(Capability.SECOND_PARTNER,),
    mend=KEYS_BY_PARTNER,
)
@catches(REFUSE_TO_OTHERS)
def key_is_free_for_other_partners(probe: Probe) -> None:
    """Another partner may use the same key for a call of its own, at once and with any body."""
    expect_makes(probe)
    request = probe.request().with_key(probe.new_key())
    first = probe.succeed(request)
    other = _accepted(probe, probe.as_partner(request, 1))
    different = probe.known_id_of(other) != probe.known_id_of(first)
    probe.expect(different, "another resource", "the same id", member(other, probe.resource.id))


@requirement(
    "idempotency.strange-keys-are-no-failure",
    Level.MUST,
    SAFETY,
    accepts_idempotency_key,
    mend="Bound keys in length and characters with a documented 4xx before they reach the store.",
)
@catches(
    fail_on("long keys", lambda request: any(len(value) > 255 for _, value in request.headers))  # noqa: PLR2004 - a usual column width
)
def strange_keys_are_no_failure(probe: Probe) -> None:
    """Long, empty and unusual keys are taken or refused, and never make the server fail."""
    for key in ("", "x" * 256, "x" * 4000, '"quoted"', "a, b", "null", "../..", "%00", "é"):
        answer = probe.send(keyed(probe).with_key(key))
        probe.expect_no_server_error(answer)
