"""One call, one resource (seed: ``Idempotency-Key``, cached for 24 hours).

Where the contract is silent these checks stay on safe ground: keys like UUIDs, byte-identical
retries, and only status and body compared. A server may refuse a key that is reused with another
body or replay its first answer; it may not make a second resource.
"""

import json
from dataclasses import replace

from conformance.applicability import accepts_idempotency_key
from conformance.capability import Capability
from conformance.exchange import Answer, Request
from conformance.model import Level
from conformance.probe import Probe, without_token
from conformance.registry import requirement
from conformance.sabotage import Forward, Sabotage, Tamper, on_answers, on_requests, with_body

SEED = "seed: Idempotency-Key, cached for 24 hours"

_ROUNDS = 3
_AT_ONCE = 12


def _forget_key(request: Request) -> Request:
    return request.without_header("Idempotency-Key")


def _same_key(request: Request) -> Request:
    return request.with_key("one key for all") if request.method == "POST" else request


def _edit_key(edit: str) -> Sabotage:
    def changed(request: Request) -> Request:
        for name, value in request.headers:
            if name.lower() == "idempotency-key":
                return request.with_key(getattr(value, edit)() if edit != "cut" else value[:-1])
        return request

    return on_requests(f"{edit} the key", changed)


def _remember_failures() -> Tamper:
    kept: dict[str, Answer] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        key = dict(request.headers).get("Idempotency-Key")
        if key is None:
            return forward(request)
        if key not in kept:
            kept[key] = forward(request)
        return kept[key]

    return tamper


def _change_on_replay() -> Tamper:
    seen: set[str] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        key = dict(request.headers).get("Idempotency-Key", "")
        body = answer.json() if answer.media_type == "application/json" else None
        if key in seen and isinstance(body, dict) and "updated_at" in body:
            return with_body(answer, {**body, "updated_at": "2026-03-01T00:00:00Z"})
        seen.add(key)
        return answer

    return tamper


def _one_answer_for_one_body() -> Tamper:
    kept: dict[bytes, Answer] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.body not in kept:
            kept[request.body] = forward(request)
        return kept[request.body]

    return tamper


FORGET_KEY = on_requests("forget idempotency keys", _forget_key)
ONE_KEY_FOR_ALL = on_requests("treat all keys as one", _same_key)
REMEMBER_FAILURES = Sabotage("replay failures", _remember_failures)
CHANGE_ON_REPLAY = Sabotage("change the answer on replay", _change_on_replay)
OTHER_STATUS_ON_REPLAY = on_answers(
    "answer a replay with 200",
    lambda _, answer: (
        replace(answer, status=200) if answer.header("idempotent-replayed") else answer
    ),
)


def _expect_same(probe: Probe, first: Answer, again: Answer) -> None:
    probe.expect(
        again.status == first.status, f"status {first.status} again", f"status {again.status}"
    )
    probe.expect(again.body == first.body, "the first answer's bytes", "another body")


@requirement(
    id="idempotency.replay-is-identical",
    level=Level.MUST,
    source=SEED,
    applies_to=accepts_idempotency_key,
    sabotage=(FORGET_KEY, CHANGE_ON_REPLAY, OTHER_STATUS_ON_REPLAY),
)
def replay_is_identical(probe: Probe) -> None:
    """The same request with the same key gets the same status and body, again and again."""
    request = probe.request().with_key(probe.new_key())
    first = probe.succeed(request)
    for _ in range(5):
        _expect_same(probe, first, probe.send(request))


@requirement(
    id="idempotency.no-second-resource",
    level=Level.MUST,
    source=SEED,
    applies_to=accepts_idempotency_key,
    needs=(Capability.LISTING,),
    sabotage=(FORGET_KEY,),
)
def no_second_resource(probe: Probe) -> None:
    """A retried request makes one resource, as the list shows."""
    body = probe.plain_body()
    request = probe.request().with_json(body).with_key(probe.new_key())
    probe.succeed(request)
    probe.send(request)
    found = len(probe.named(body["name"]))
    probe.expect(found == 1, "one resource in the list", f"{found}")


@requirement(
    id="idempotency.simultaneous-requests-make-one-resource",
    level=Level.MUST,
    source=SEED,
    applies_to=accepts_idempotency_key,
    sabotage=(FORGET_KEY,),
)
def simultaneous_requests_make_one_resource(probe: Probe) -> None:
    """Many requests at once with one key get one and the same answer."""
    for _ in range(_ROUNDS):
        request = probe.request().with_key(probe.new_key())
        answers = probe.send_at_once([request] * _AT_ONCE)
        made = {
            answer.body for answer in answers if answer.status == probe.operation.success_status
        }
        probe.expect(len(made) == 1, f"one answer to {_AT_ONCE} requests at once", f"{len(made)}")


@requirement(
    id="idempotency.different-keys-are-different-calls",
    level=Level.MUST,
    source=SEED,
    applies_to=accepts_idempotency_key,
    sabotage=(ONE_KEY_FOR_ALL, _edit_key("lower"), _edit_key("cut")),
)
def different_keys_are_different_calls(probe: Probe) -> None:
    """Keys that differ in case, in their tail or in length are different calls."""
    key = probe.new_key()
    keys = [key, f"{key}0", f"{key}1", key.upper() if key != key.upper() else key.lower(), key[:-1]]
    request = probe.request()
    answers = [probe.succeed(request.with_key(one)) for one in keys]
    ids = {answer.field("id") for answer in answers}
    probe.expect(
        len(ids) == len(keys), f"{len(keys)} resources for {len(keys)} keys", f"{len(ids)}"
    )


@requirement(
    id="idempotency.no-key-is-a-new-call",
    level=Level.MUST,
    source=SEED,
    applies_to=accepts_idempotency_key,
    sabotage=(Sabotage("one answer for one body", _one_answer_for_one_body),),
)
def no_key_is_a_new_call(probe: Probe) -> None:
    """Requests without a key are executed each time."""
    request = probe.request()
    first, second = probe.succeed(request), probe.succeed(request)
    probe.expect(first.field("id") != second.field("id"), "two resources", "one id twice")


@requirement(
    id="idempotency.reused-key-makes-nothing",
    level=Level.MUST,
    source=SEED,
    applies_to=accepts_idempotency_key,
    sabotage=(FORGET_KEY,),
)
def reused_key_makes_nothing(probe: Probe) -> None:
    """A used key with another body is refused or replayed; it makes no second resource."""
    key, body = probe.new_key(), probe.plain_body()
    first = probe.succeed(probe.request().with_json(body).with_key(key))
    others = [
        {**body, "name": probe.new_name()},
        {**body, "expires_at": "2099-12-31T23:59:59Z"},
    ]
    for other in others:
        answer = probe.send(probe.request().with_json(other).with_key(key))
        again = answer.field("id") if answer.status == probe.operation.success_status else None
        probe.expect(
            again in {None, first.field("id")},
            "a refusal, or the first answer",
            f"{answer.status} with a new resource",
        )


@requirement(
    id="idempotency.unauthenticated-request-leaves-key-free",
    level=Level.MUST,
    source=SEED,
    applies_to=accepts_idempotency_key,
    sabotage=(REMEMBER_FAILURES,),
)
def unauthenticated_request_leaves_key_free(probe: Probe) -> None:
    """A key that was first seen on a 401 is not burnt, and the 401 is not replayed."""
    request = probe.request().with_key(probe.new_key())
    probe.send(without_token(request))
    answer = probe.send(request)
    success = probe.operation.success_status
    probe.expect(answer.status == success, f"{success} with a token", f"{answer.status}")


@requirement(
    id="idempotency.rejected-request-leaves-key-free",
    level=Level.SHOULD,
    source="draft-ietf-httpapi-idempotency-key-header-07, section 2.6",
    applies_to=accepts_idempotency_key,
    sabotage=(REMEMBER_FAILURES,),
)
def rejected_request_leaves_key_free(probe: Probe) -> None:
    """A key that was first seen on a 400 or 422 may be used for the corrected request."""
    success = probe.operation.success_status
    for body in (b"{", json.dumps({"name": 5}).encode()):
        request = probe.request().with_key(probe.new_key())
        refused = probe.send(replace(request, body=body))
        if refused.status == success:
            continue
        answer = probe.send(request)
        probe.expect(
            answer.status == success, f"{success} after a {refused.status}", f"{answer.status}"
        )


@requirement(
    id="idempotency.key-belongs-to-its-partner",
    level=Level.MUST,
    source="vendor facts: cached under (partner, key)",
    applies_to=accepts_idempotency_key,
    needs=(Capability.SECOND_PARTNER,),
    sabotage=(on_requests("take all for one partner", lambda one: replace(one, partner=0)),),
)
def key_belongs_to_its_partner(probe: Probe) -> None:
    """Another partner's same key is another call, and never yields the first one's secret."""
    request = probe.request().with_key(probe.new_key())
    first = probe.succeed(request)
    other = probe.send(replace(request, partner=1))
    for field in ("client_secret", "id"):
        leaked = first.field(field) is not None and other.field(field) == first.field(field)
        probe.expect(not leaked, f"another {field} for another partner", f"the same {field}")


@requirement(
    id="idempotency.strange-keys-are-no-failure",
    level=Level.MUST,
    source="safety: never a 5xx for anything a client sends",
    applies_to=accepts_idempotency_key,
    sabotage=(
        on_answers(
            "fail on long keys",
            lambda request, answer: (
                replace(answer, status=500)
                if any(len(value) > 255 for _, value in request.headers)  # noqa: PLR2004 - a usual column width
                else answer
            ),
        ),
    ),
)
def strange_keys_are_no_failure(probe: Probe) -> None:
    """Long, empty and unusual keys are taken or refused, and never make the server fail."""
    for key in ("", "x" * 256, "x" * 4000, '"quoted"', "a, b", "null", "../..", "%00", "é"):
        answer = probe.send(probe.request().with_key(key))
        probe.expect_no_server_error(answer)
