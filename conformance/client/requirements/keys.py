"""Idempotency keys: each call has one of its own."""

from collections.abc import Iterator
from functools import partial

from conformance.catalogue.requirement import Level
from conformance.client.attempts import Attempt, Ending
from conformance.client.calls import KEY_LIFETIME, Call
from conformance.client.evidence import OK, Evidence, Observation, observation, violation
from conformance.client.mends import KEY_FOR_EACH_CALL
from conformance.client.registry import requirement
from conformance.client.sabotage import KEY, on_each, with_header, with_key_as
from conformance.journal.redaction import GUESSABLE
from conformance.probe.applicability import accepts_idempotency_key

SEED = "seed: Idempotency-Key, unique string, cached for 24 hours"


@requirement(
    id="keys.every-create-has-one",
    level=Level.SHOULD,
    source="vendor: Idempotency-Key for POST requests that create something",
    applies_to=accepts_idempotency_key,
    occasion="a create",
    sabotage=(
        on_each("send no key", lambda one: with_header(one, KEY, None)),
        on_each("send X-Idempotency-Key", partial(with_key_as, "x-idempotency-key")),
    ),
    mend=KEY_FOR_EACH_CALL,
)
def every_create_has_one(evidence: Evidence) -> Iterator[Observation]:
    """A request that creates something carries an Idempotency-Key, so that it can be retried."""
    for attempt in evidence.attempts:
        actual = "a key in another header" if attempt.call_id else "no key"
        yield observation(attempt.key, "a request with an Idempotency-Key", actual, attempt)


@requirement(
    id="keys.look-unique",
    level=Level.SHOULD,
    source="seed: Idempotency-Key, unique string",
    applies_to=accepts_idempotency_key,
    occasion="a create with a key",
    sabotage=(
        on_each(
            "count the keys",
            lambda one: with_header(one, KEY, f"redacted-{one.number:012x}{GUESSABLE}"),
        ),
    ),
    mend="Make the key with uuid4() or the like.",
)
def look_unique(evidence: Evidence) -> Iterator[Observation]:
    """A key has as much chance in it as a UUID, so that no other process comes upon it."""
    for call in evidence.calls:
        if key := call.first.key:
            actual = "a key of words, digits or few characters"
            unique = not key.endswith(GUESSABLE)
            yield observation(unique, "a key such as a random UUID", actual, call.first)


@requirement(
    id="keys.new-call-has-new-key",
    level=Level.MUST,
    source=SEED,
    applies_to=accepts_idempotency_key,
    occasion="two creates with keys that differ in key or body (all alike is a retry)",
    sabotage=(
        on_each("use one key for all", lambda one: with_header(one, KEY, f"redacted-{0:012x}")),
    ),
    mend=KEY_FOR_EACH_CALL,
)
def new_call_has_new_key(evidence: Evidence) -> Iterator[Observation]:
    """A new call has a new key: an old one gets the old answer, and nothing is created."""
    last: dict[tuple[str, str], Call] = {}
    for call in evidence.calls:
        key = call.first.key
        if not key:
            continue
        before = last.get((call.first.partner, key))
        if before is None:
            if last:
                yield OK
        elif _is_reuse(before, call):
            done = any(one.ending is Ending.SUCCESS for one in before.attempts)
            known = "that had succeeded" if done else "of which nobody knows whether it was done"
            actual = f"the key of an earlier call {known}, with another body"
            yield violation("a new key for a new call", actual, before.first, call.first)
        last[call.first.partner, key] = call


def _is_reuse(before: Call, call: Call) -> bool:
    """Whether the key of an earlier call is used for another body.

    An equal body is no reuse: it gets the same answer. A call that was refused leaves its key free.
    """
    stands = any(_may_be_done(one, before) for one in before.attempts)
    fresh = call.first.started - before.last.ended <= KEY_LIFETIME
    known = call.first.body_is_known and before.first.body_is_known
    return stands and fresh and known and call.first.value != before.first.value


def _may_be_done(attempt: Attempt, call: Call) -> bool:
    """Whether an attempt succeeded, or may have: a later refusal of the same says that it has not.

    Had it been done, its key would have brought its answer again.
    """
    if attempt.ending is not Ending.UNKNOWN:
        return attempt.ending is Ending.SUCCESS
    return not any(
        one.ending is Ending.REFUSED and one.value == attempt.value and one.begins_after(attempt)
        for one in call.attempts
    )
