"""Replays: one call makes one resource and has one answer (seed: ``Idempotency-Key``).

Where the contract is silent these checks stay on safe ground: keys like UUIDs, byte-identical
retries, and only status, media type and body compared.
"""

from collections.abc import Sequence

from conformance.catalogue.judge import Judge, JudgedExchange, Purpose, digested, on
from conformance.catalogue.mends import CLAIM_KEY, STORE_FIRST
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.applicability import accepts_idempotency_key, shows
from conformance.probe.not_verified import NotVerified
from conformance.probe.pages import NOT_LISTED
from conformance.probe.probe import Probe
from conformance.probe.resources import expect_named
from conformance.probe.token_exchange import exchange, granted
from conformance.probe.values import Values, bodies
from conformance.probe.violation import expect
from conformance.server.idempotency.requests import expect_makes, keyed
from conformance.server.idempotency.sabotage import (
    CHANGE_ON_REPLAY,
    EXECUTE_EACH,
    FAIL_IN_FLIGHT,
    FORGET_KEY,
    OTHER_STATUS_ON_REPLAY,
    OTHER_TYPE_ON_REPLAY,
    REPLAY_LIVE_STATE,
    forget_keys_after,
)
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer
from openapi.operation import Operation
from openapi.resource import creates

SEED = "seed: Idempotency-Key, cached for 24 hours"

_MANY_TIMES = 5
_ROUNDS = 3
_AT_ONCE = 12
_CROWD = 20
"""So many wait for one lock longer than servers commonly let one wait for it."""


def expect_same(first: Answer, again: Answer, when: str = "") -> None:
    """A replay has the status and body of the ``first`` answer; ``when`` says how much later."""
    _expect_same(first, again, f" {when}" if when else "", bodies(first, again))


def _expect_same(first: Answer, again: Answer, late: str, *seen: Values) -> None:
    expect(
        again.status == first.status,
        f"status {first.status} again{late}",
        f"status {again.status}",
        *seen,
    )
    expect(again.body == first.body, f"the first answer's bytes{late}", "another body", *seen)


def _replay(seen: JudgedExchange) -> None:
    if seen.first is None:
        raise NotVerified("there is no first answer")
    _expect_same(seen.first, digested(seen.answer), "")


def _makes_secrets_by_key(operation: Operation) -> bool:
    """The operation makes a secret, once for each idempotency key."""
    return shows(secret=True)(operation) and accepts_idempotency_key(operation)


@requirement(
    "idempotency.replay-is-identical",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    judges=(Judge(_replay, on(Purpose.REPLAY)),),
    mend=STORE_FIRST,
)
@catches(FORGET_KEY, CHANGE_ON_REPLAY, OTHER_STATUS_ON_REPLAY, OTHER_TYPE_ON_REPLAY)
def replay_is_identical(probe: Probe) -> None:
    """The same request with the same key gets the same status, type and body, again and again."""
    request = keyed(probe)
    first = probe.succeed(request)
    for _ in range(_MANY_TIMES):
        again = probe.send(request)
        expect_same(first, again)
        same = again.media_type == first.media_type
        probe.expect(same, f"the media type {first.media_type} again", again.media_type or "none")


@requirement(
    "idempotency.replay-later-is-identical",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    needs=(Capability.REPLAY_DELAY,),
    mend=STORE_FIRST,
    rests_on="idempotency.replay-is-identical",
)
@catches(FORGET_KEY, CHANGE_ON_REPLAY, forget_keys_after(0.5))
def replay_later_is_identical(probe: Probe) -> None:
    """A request that is repeated seconds later gets the first answer, and makes nothing new."""
    request, seconds = keyed(probe), probe.target.settings.replay_delay
    first = probe.succeed(request)
    probe.rest(seconds)
    expect_same(first, probe.send(request), f"after {seconds:g} s")
    name = probe.asked_name(request)
    if name is not None and creates(probe.operation) and probe.is_listed:
        found = len(probe.named(name))
        probe.expect(found <= 1, "one resource in the list", f"{found}")


@requirement(
    "idempotency.replay-after-use-is-identical",
    Level.MUST,
    SEED,
    _makes_secrets_by_key,
    needs=(Capability.TOKENS,),
    mend=STORE_FIRST,
    rests_on="idempotency.replay-is-identical",
)
@catches(FORGET_KEY, REPLAY_LIVE_STATE)
def replay_after_use_is_identical(probe: Probe) -> None:
    """The replay of a creation is the first answer, also after the new key got a token."""
    request = probe.request().with_key(probe.new_key())
    first = probe.succeed(request)
    if not granted(exchange(probe, first)):
        raise NotVerified("a new key gets no token")
    for _ in probe.looks():  # a server may note the use a little later
        expect_same(first, probe.send(request), "after the key got a token")


@requirement(
    "idempotency.no-second-resource",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    needs=(Capability.LISTING,),
    mend=STORE_FIRST,
    rests_on="idempotency.replay-is-identical",
)
@catches(FORGET_KEY, EXECUTE_EACH)
def no_second_resource(probe: Probe) -> None:
    """A request makes one resource, as the list shows, repeated later or at the same time."""
    expect_makes(probe)
    retried, at_once = probe.plain_body(), probe.plain_body()
    request = probe.request().with_json(retried).with_key(probe.new_key())
    expect_named(probe, request)
    probe.succeed(request)
    probe.send(request)
    request = probe.request().with_json(at_once).with_key(probe.new_key())
    probe.send_at_once([request] * _AT_ONCE)
    wanted = [body[probe.name_member] for body in (retried, at_once)]
    for _ in probe.looks():
        names = [item.get(probe.name_member) for item in probe.listed()]
        if {*wanted} <= {*names}:
            break
    for name in wanted:
        found = names.count(name)
        probe.expect(found <= 1, "one resource in the list", f"{found}")
    if not {*wanted} <= {*names}:
        raise NotVerified(NOT_LISTED)


@requirement(
    "idempotency.simultaneous-requests-make-one-resource",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    mend=CLAIM_KEY,
    rests_on="idempotency.replay-is-identical",
)
@catches(FORGET_KEY)
def simultaneous_requests_make_one_resource(probe: Probe) -> None:
    """Many requests at once with one key get one and the same answer."""
    for _ in range(_ROUNDS):
        request = keyed(probe)
        answers = probe.send_at_once([request] * _AT_ONCE)
        expect_one_answer(probe.operation, answers)


@requirement(
    "idempotency.simultaneous-requests-are-no-failure",
    Level.MUST,
    "safety: never a 5xx for anything a client sends",
    accepts_idempotency_key,
    mend=CLAIM_KEY,
)
@catches(FAIL_IN_FLIGHT)
def simultaneous_requests_are_no_failure(probe: Probe) -> None:
    """A request whose key is in use at that moment is no server error."""
    for at_once in (_AT_ONCE, _AT_ONCE, _CROWD):
        request = keyed(probe)
        for answer in probe.send_at_once([request] * at_once):
            probe.expect_no_server_error(answer)


def expect_one_answer(operation: Operation, answers: Sequence[Answer]) -> None:
    """All successes among the answers to simultaneous requests have one body."""
    made = {answer.body: answer for answer in answers if answer.status == operation.success_status}
    if not made:
        raise NotVerified(f"none of {len(answers)} requests at once succeeded")
    first, *others = made.values()
    expect(
        not others,
        f"one answer to {len(answers)} requests at once",
        f"{len(made)} of them",
        *(bodies(first, other) for other in others[:1]),
    )
