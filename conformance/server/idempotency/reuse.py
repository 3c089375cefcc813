"""Keys that are used again: documented answers, whichever member of the body differs."""

from collections.abc import Iterator

from conformance.catalogue.judge import Purpose, each, on
from conformance.catalogue.mends import DOCUMENTED_STATUSES
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, set_status
from conformance.probe.applicability import accepts_idempotency_key
from conformance.probe.bodies import FAR_FUTURE, date_fields
from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.revocation import revocation_of
from conformance.server.created.answers import expect_documented
from conformance.server.idempotency.requests import expect_makes, keyed
from conformance.server.idempotency.sabotage import REFUSE_IN_FLIGHT, overlooking
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from openapi.operation import Operation

_ROUNDS = 3
_AT_ONCE = 12


def _reused(probe: Probe) -> Iterator[Answer]:
    """Answers to a used key with another body, and to a key whose first request is under way."""
    request = keyed(probe)
    probe.succeed(request)
    yield probe.send(keyed(probe).with_key(str(request.key)))
    for _ in range(_ROUNDS):
        request = keyed(probe)
        yield from probe.send_at_once([request] * _AT_ONCE)


@requirement(
    "idempotency.only-documented-statuses",
    Level.MUST,
    "seed: Idempotency-Key; Responses 201, 400, 401, 422, 429, 500",
    accepts_idempotency_key,
    mend=DOCUMENTED_STATUSES,
)
@catches(set_status(422, 409), REFUSE_IN_FLIGHT)
@each(_reused, on(Purpose.CONFLICT, Purpose.AT_ONCE, Purpose.REPLAY))
def only_documented_statuses(operation: Operation, answer: Answer) -> None:
    """A key that was used, or is in use, gets only statuses that the contract names."""
    expect_documented(operation, answer)


def _answer_by_key_alone() -> Tamper:
    """Whatever is asked, a used key gets the answer that it was first used for."""
    kept: dict[str, Answer] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.key in kept and request.method != "POST":
            return kept[request.key]
        answer = forward(request)
        if request.key and answer.is_success:
            kept.setdefault(request.key, answer)
        return answer

    return tamper


@requirement(
    "idempotency.key-is-for-its-own-operation",
    Level.MUST,
    "safety: a stored answer, with its secret, goes to its own request alone",
    accepts_idempotency_key,
    needs=(Capability.LISTING,),
    mend="Find a stored answer by partner, key and operation, and ignore the key elsewhere.",
)
@catches(Sabotage("answer every request by its key alone", _answer_by_key_alone))
def key_is_for_its_own_operation(probe: Probe) -> None:
    """A used key on a list or a revocation does not get the answer that it was used for."""
    expect_makes(probe)
    key, made = probe.new_key(), probe.make()
    first = probe.succeed(probe.request().with_key(key))
    secret, others = probe.secret_of(first), [probe.listing.request()]
    if probe.is_revocable:
        others.append(revocation_of(probe.revoking, made))
    for request in others:
        answer = answer_to(probe, request.with_key(key))
        if request.method == "DELETE" and answer.is_success:
            probe.forget(request, probe.known_handle_of(made))
        is_stored = answer.body == first.body or (secret and probe.secret_of(answer) == secret)
        probe.expect(
            not is_stored,
            f"no answer of a creation to a {request.method} with its key",
            f"{answer.status} with the stored answer",
        )


@requirement(
    "idempotency.every-member-is-compared",
    Level.SHOULD,
    "draft-ietf-httpapi-idempotency-key-header-07, section 2.4",
    lambda one: accepts_idempotency_key(one) and bool(date_fields(one)),
    mend="Compare the whole body under a used key.",
)
@catches(*(overlooking(one) for one in ("name", "expires_at")))
def every_member_is_compared(probe: Probe) -> None:
    """A server that refuses a used key with another body does so whichever member differs."""
    expect_makes(probe)
    named = () if probe.has_rules else date_fields(probe.operation)
    dates = dict.fromkeys(named, FAR_FUTURE)
    body = {**probe.plain_body(), **dates}
    if probe.name_member not in body:
        raise NotServed("the contract has no example of a name")
    others = {f"another {probe.name_member}": {**body, probe.name_member: probe.new_name()}}
    for name in dates:
        others[f"another {name}"] = {**body, name: "2099-12-30T23:59:59Z"}
        others[f"no {name}"] = {key: value for key, value in body.items() if key != name}
    key = probe.new_key()
    first = probe.succeed(probe.request().with_json(body).with_key(key))
    refused: list[str] = []
    replayed: list[str] = []
    for what, other in others.items():
        answer = probe.send(probe.request().with_json(other).with_key(key))
        if answer.is_refusal:
            refused.append(what)
        elif probe.id_of(answer) == probe.id_of(first):
            replayed.append(what)
    probe.expect(
        not (refused and replayed),
        f"a refusal of a used key with {' or '.join(others)}",
        f"a refusal of {', '.join(refused)}, and a replay for {', '.join(replayed)}",
    )
