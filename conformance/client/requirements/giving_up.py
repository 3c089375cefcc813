"""Clients retry temporary failures, and give up in the end."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from conformance.catalogue.requirement import Level
from conformance.client.attempts import RETRYABLE, Attempt, Ending
from conformance.client.calls import Link
from conformance.client.evidence import OK, Evidence, Observation, observation, violation
from conformance.client.registry import requirement
from conformance.client.requirements.waits import LONGEST_WAIT
from conformance.client.sabotage import Entries, Sabotage, repeated, without_retries
from conformance.journal.journal import JournalEntry
from conformance.probe.applicability import accepts_idempotency_key

_RETRYABLE = frozenset({408, 429, 500, 502, 503, 504, None})
"""The statuses after which clients retry; None is a dropped connection (vendor)."""

MOST_ATTEMPTS = 25
"""More attempts of one call than any client makes that ever gives up."""


def _only_once_by_status(entries: Entries) -> Iterator[JournalEntry]:
    """The journal of a client that does not retry dropped connections."""
    dropped: set[str | None] = set()
    for one in entries:
        key = one.request_header("idempotency-key")
        if key is None or key not in dropped:
            yield one
        if one.status is None:
            dropped.add(key)


@requirement(
    id="retries.happen",
    level=Level.SHOULD,
    source="vendor: retries 408, 429, 500, 502, 503, 504 and connection failures",
    occasion="an answer 408, 429, 500, 502, 503 or 504, or a dropped connection",
    preset="gateway",
    sabotage=(
        without_retries("give up at once"),
        Sabotage("give up when the connection is dropped", _only_once_by_status),
    ),
    mend="Retry 429, 5xx and lost connections.",
)
def happen(evidence: Evidence) -> Iterator[Observation]:
    """A client tries again after a failure that may pass, such as a 503 or a lost connection."""
    failed: defaultdict[str, list[tuple[Attempt, bool]]] = defaultdict(list)
    for call in evidence.calls:
        links = [*call.links, None]
        for place, (attempt, link) in enumerate(zip(call.attempts, links, strict=True)):
            given_up = link is None and place
            if link is not Link.UNCLEAR and _calls_for_a_retry(attempt) and not given_up:
                status = attempt.entry.status
                name = f"an answer {status}" if status else "a dropped connection"
                failed[name].append((attempt, link is not None))
    for name, found in failed.items():
        retried = any(one for _, one in found)
        yield observation(retried, f"a retry after {name}", "none", *(one for one, _ in found))


def _calls_for_a_retry(attempt: Attempt) -> bool:
    """Whether a retry after an attempt is safe and makes sense."""
    if attempt.entry.status not in _RETRYABLE or (attempt.wait_asked or 0) > LONGEST_WAIT:
        return False
    # Without a key a create that may have been executed must not be retried.
    keyless = attempt.operation.accepts_idempotency_key and not attempt.key
    return not (keyless and attempt.ending is Ending.UNKNOWN)


@requirement(
    id="retries.end",
    level=Level.SHOULD,
    source="safety: clients that never give up keep a failing server down",
    applies_to=accepts_idempotency_key,
    occasion="a call that failed, was retried, and failed to the end",
    preset="outage",
    sabotage=(
        repeated(
            "retry for ever",
            lambda one: one.status == 503,  # noqa: PLR2004 - the status itself
            times=MOST_ATTEMPTS + 1,
            edit=lambda one: replace(one, response_headers=()),
        ),
    ),
    mend="End the retries after some attempts, and tell the caller.",
)
def end(evidence: Evidence) -> Iterator[Observation]:
    """A client gives a call up after so many attempts."""
    for call in evidence.calls:
        if not call.is_certain:
            continue
        if len(call.attempts) > MOST_ATTEMPTS:
            actual = f"{len(call.attempts)} attempts"
            yield violation(f"no more than {MOST_ATTEMPTS} attempts", actual, *call.attempts)
        elif len(call.attempts) > 1 and call.last.ending in RETRYABLE:
            yield OK
