"""Keys that are used again: documented answers, whichever member of the body differs."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.judge import Purpose, each, on
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, set_status
from conformance.probe.applicability import accepts_idempotency_key
from conformance.probe.bodies import FAR_FUTURE, date_fields
from conformance.probe.probe import NotServed, Probe
from conformance.server.created.answers import expect_documented
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.members import JsonObject
from openapi.operation import Operation

_ROUNDS = 3
_AT_ONCE = 12


def _refusing_in_flight() -> Tamper:
    """A key whose first request is under way is refused with 409."""
    under_way: set[str] = set()
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        key = request.key
        with lock:
            is_refused = key in under_way
            if key is not None:
                under_way.add(key)
        if is_refused:
            return replace(forward(request.with_json({})), status=HTTPStatus.CONFLICT)
        try:
            return forward(request)
        finally:
            with lock:
                under_way.discard(str(key))

    return tamper


def overlooking(member: str) -> Sabotage:
    """Take no notice of one member where a key is used again."""

    def make() -> Tamper:
        first: dict[str, JsonObject] = {}

        def tamper(request: Request, forward: Forward) -> Answer:
            key, body = request.key, Answer(0, body=request.body).json_object()
            if key is None or body is None:
                return forward(request)
            known = first.setdefault(key, body)
            return forward(request.with_json({**body, member: known.get(member)}))

        return tamper

    return Sabotage(f"overlook {member} where a key is used again", make)


def _reused(probe: Probe) -> Iterator[Answer]:
    """Answers to a used key with another body, and to a key whose first request is under way."""
    key = probe.new_key()
    probe.succeed(probe.request().with_key(key))
    yield probe.send(probe.request().with_key(key))
    for _ in range(_ROUNDS):
        request = probe.request().with_key(probe.new_key())
        yield from probe.send_at_once([request] * _AT_ONCE)


@requirement(
    "idempotency.only-documented-statuses",
    Level.MUST,
    "seed: Idempotency-Key; Responses 201, 400, 401, 422, 429, 500",
    accepts_idempotency_key,
)
@catches(set_status(422, 409), Sabotage("answer 409 to a key in flight", _refusing_in_flight))
@each(_reused, on(Purpose.CONFLICT, Purpose.AT_ONCE, Purpose.REPLAY))
def only_documented_statuses(operation: Operation, answer: Answer) -> None:
    """A key that was used, or is in use, gets only statuses that the contract names."""
    expect_documented(operation, answer)


@requirement(
    "idempotency.every-member-is-compared",
    Level.SHOULD,
    "draft-ietf-httpapi-idempotency-key-header-07, section 2.4",
    lambda one: accepts_idempotency_key(one) and bool(date_fields(one)),
)
@catches(*(overlooking(one) for one in ("name", "expires_at")))
def every_member_is_compared(probe: Probe) -> None:
    """A server that refuses a used key with another body does so whichever member differs."""
    dates = dict.fromkeys(date_fields(probe.operation), FAR_FUTURE)
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
