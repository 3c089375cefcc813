"""Retries repeat key and body, so that one call creates one resource."""

import json
from collections.abc import Iterator
from dataclasses import replace

from conformance.catalogue.requirement import Level
from conformance.client.attempts import RETRYABLE, Attempt, Ending
from conformance.client.calls import Link
from conformance.client.evidence import (
    OK,
    Evidence,
    Observation,
    Unclear,
    observation,
    violation,
)
from conformance.client.mends import KEY_AND_BODY_ONCE
from conformance.client.registry import requirement
from conformance.client.requirements.keys import SEED
from conformance.client.sabotage import KEY, on_retries, with_header, with_members, with_new_key
from conformance.journal.journal import JournalEntry
from conformance.probe.applicability import accepts_idempotency_key
from conformance.probe.values import Values

_SAME = "vendor: the same Idempotency-Key and the same body on every retry"


def _created_anew(entry: JournalEntry, _: int) -> JournalEntry:
    """A retry under a new key, which the server executes as another call."""
    body = entry.response_body
    if body.startswith("{") and '"id"' in body:
        body = json.dumps({**json.loads(body), "id": f"dinie_ci_{entry.number}"})
    return replace(with_new_key(entry), replayed=False, response_body=body)


@requirement(
    id="retries.repeat-the-key",
    level=Level.MUST,
    source=SEED,
    applies_to=accepts_idempotency_key,
    occasion="a create that ended in 5xx, a broken answer or a dropped connection, and a retry",
    preset="lost-response",
    sabotage=(
        on_retries("make a new key for each retry", with_new_key),
        on_retries("retry without a key", lambda one, _: with_header(one, KEY, None)),
    ),
    mend=KEY_AND_BODY_ONCE,
)
def repeat_the_key(evidence: Evidence) -> Iterator[Observation]:
    """A retry whose call may have been done already carries the same key."""
    for _, retry in evidence.retries:
        before, after = retry.before, retry.after
        if retry.ending is not Ending.UNKNOWN:
            continue
        if retry.link is Link.UNCLEAR:
            yield Unclear(before, after)
            continue
        same = before.key and before.key == after.key
        actual = "another key" if before.key and after.key else "no Idempotency-Key"
        expected = "the key of the first attempt, of which nobody knows whether it was done"
        yield observation(same, expected, f"a retry with {actual}", before, after)


@requirement(
    id="retries.repeat-the-key-always",
    level=Level.SHOULD,
    source=_SAME,
    applies_to=accepts_idempotency_key,
    occasion="a create that was answered 429 or 401, and a retry",
    preset="rate-limit-storm",
    sabotage=(on_retries("make a new key for each retry", with_new_key),),
    mend=KEY_AND_BODY_ONCE,
)
def repeat_the_key_always(evidence: Evidence) -> Iterator[Observation]:
    """A retry carries the same key also where nothing can have been done."""
    for _, retry in evidence.retries:
        before, after = retry.before, retry.after
        refused = retry.ending in {Ending.LIMITED, Ending.UNAUTHORIZED}
        if not refused or retry.link is Link.UNCLEAR or not before.key:
            continue
        expected, actual = "the key of the first attempt", "another key" if after.key else "no key"
        same = before.key == after.key
        yield observation(same, expected, f"a retry with {actual}", before, after)


@requirement(
    id="retries.repeat-the-body",
    level=Level.MUST,
    source=SEED,
    applies_to=accepts_idempotency_key,
    occasion="a create that ended in 5xx, a broken answer or a dropped connection, and a retry",
    preset="lost-response",
    sabotage=(
        on_retries(
            "change the body", lambda one, times: with_members(one, name=f"attempt {times}")
        ),
    ),
    mend=KEY_AND_BODY_ONCE,
)
def repeat_the_body(evidence: Evidence) -> Iterator[Observation]:
    """A retry whose call may have been done already says the same as the first attempt."""
    for before, after in _with_one_key(evidence):
        same = before.value == after.value
        yield observation(
            same,
            "the body of the first attempt",
            "another body",
            before,
            after,
            values=_bodies(before, after),
        )


def _bodies(before: Attempt, after: Attempt) -> list[Values]:
    first, again = (one.entry.request_body.encode(errors="replace") for one in (before, after))
    return [Values("body", again, first)]


@requirement(
    id="retries.repeat-every-byte",
    level=Level.SHOULD,
    source=_SAME,
    applies_to=accepts_idempotency_key,
    occasion="a create that failed, and a retry with the same key",
    preset="lost-response",
    sabotage=(
        on_retries(
            "write the body otherwise",
            lambda one, _: replace(one, request_body=one.request_body.replace(": ", ":  ")),
        ),
    ),
    mend="Write the body to bytes once for each call, outside the retry loop.",
)
def repeat_every_byte(evidence: Evidence) -> Iterator[Observation]:
    """A retry repeats its body byte for byte: a server may compare no more than that."""
    for before, after in _with_one_key(evidence):
        same = before.entry.request_body == after.entry.request_body
        actual = "a body that is written otherwise"
        yield observation(
            same, "the same bytes", actual, before, after, values=_bodies(before, after)
        )


def _with_one_key(evidence: Evidence) -> Iterator[tuple[Attempt, Attempt]]:
    """Attempts that failed, with their retries by key, where both bodies are known."""
    for _, retry in evidence.retries:
        known = retry.before.body_is_known and retry.after.body_is_known
        if retry.link is Link.KEY and retry.ending is Ending.UNKNOWN and known:
            yield retry.before, retry.after


@requirement(
    id="retries.create-once",
    level=Level.MUST,
    source=SEED,
    applies_to=accepts_idempotency_key,
    occasion="a create that was done though its answer was lost or broken, and a retry",
    preset="lost-response",
    sabotage=(on_retries("make a new key for each retry", _created_anew),),
    mend=KEY_AND_BODY_ONCE,
)
def create_once(evidence: Evidence) -> Iterator[Observation]:
    """A call creates one resource, also where its answer was lost on the way."""
    for call in evidence.calls:
        failed = any(one.ending in RETRYABLE for one in call.attempts)
        doubled = Link.REHEARSAL in call.links
        if not failed and not doubled:
            continue
        unclear = [one for one in call.retries if one.link is Link.UNCLEAR]
        if unclear:
            yield Unclear(unclear[0].before, unclear[0].after)
            continue
        made = [one for one in call.attempts if _has_made(one)]
        keys = {one.key or one.number for one in made}
        if len(keys) > 1:
            actual = f"{len(keys)} resources, under {len(keys)} keys"
            if not all(one.key for one in made):
                actual = f"{len(made)} resources, not all under a key"
            if doubled:
                actual += "; without faults, one"
            yield violation("one resource for one call", actual, *call.attempts)
        elif made:
            yield OK


def _has_made(attempt: Attempt) -> bool:
    """Whether something is known to have been created under the key of an attempt."""
    entry = attempt.entry
    return entry.replayed or entry.executed or entry.status == attempt.operation.success_status
