"""Refused requests are not repeated: the answer would be the same."""

from collections.abc import Iterator

from conformance.catalogue.requirement import Level
from conformance.client.attempts import Ending
from conformance.client.calls import Call, Link, Retry
from conformance.client.evidence import OK, Evidence, Observation, observation, violation
from conformance.client.mends import RENEW
from conformance.client.registry import requirement
from conformance.client.sabotage import has_status, one_token_for_all, repeated
from conformance.probe.applicability import needs_bearer_token

_FEW = 2
_MANY = 4
"""The repetitions of a request without a key that are no coincidence."""


@requirement(
    id="retries.not-after-a-refusal",
    level=Level.SHOULD,
    source="vendor: never retries another 4xx",
    occasion="an answer 400, 404, 422 or another 4xx that no retry can mend",
    preset="refusal",
    sabotage=(
        repeated("retry 422", has_status(422)),
        repeated("retry 404 for ever", has_status(404), times=5),
    ),
    mend="Retry no other 4xx than 429: tell the caller what it says.",
)
def not_after_a_refusal(evidence: Evidence) -> Iterator[Observation]:
    """A request that was refused with a 4xx is not sent again as it was."""
    for call in evidence.calls:
        refused = [one for one in call.attempts if one.ending is Ending.REFUSED]
        again = [one for one in call.retries if one.ending is Ending.REFUSED]
        by_key = any(one.link is Link.KEY for one in again)
        if again and (by_key or len(again) >= _FEW):
            expected = f"no retry after {refused[0].entry.status}"
            actual = f"the same request, {len(again)} more times"
            yield violation(expected, actual, refused[0], *(one.after for one in again))
        elif refused and not again:
            yield OK


@requirement(
    id="retries.unauthorized-once",
    level=Level.SHOULD,
    source="vendor: on a 401 renews once and retries once",
    applies_to=needs_bearer_token,
    occasion="an answer 401, and a retry",
    preset="expired-token",
    sabotage=(
        one_token_for_all("keep the token"),
        repeated("retry 401 for ever", has_status(401), times=4),
    ),
    mend=RENEW,
)
def unauthorized_once(evidence: Evidence) -> Iterator[Observation]:
    """A request that was refused with a 401 is sent again once, and with a new token."""
    unsure: list[Observation] = []
    for call in evidence.calls:
        found = _after_401(evidence, call)
        if call.is_certain or len(found) > _MANY:
            yield from found
        else:
            # One violation of a call at most: requests of several threads may look like one call.
            unsure += [one for one in found if one is not OK][:1] or found[:1]
    broken = [one for one in unsure if one is not OK]
    yield from unsure if len(broken) >= _FEW else [OK] * (len(unsure) - len(broken))


def _after_401(evidence: Evidence, call: Call) -> list[Observation]:
    retries = [one for one in call.retries if one.ending is Ending.UNAUTHORIZED]
    found: list[Observation] = []
    for times, retry in enumerate(retries, 1):
        before, after = retry.before, retry.after
        if times > 1:
            actual = f"retry {times} after a 401"
            found.append(violation("one retry after a 401", actual, *call.attempts))
        else:
            new = before.token != after.token or _is_renewed(evidence, retry)
            expected = "a retry with a new token"
            found.append(observation(new, expected, "the same token", before, after))
    return found


def _is_renewed(evidence: Evidence, retry: Retry) -> bool:
    """Whether a token was requested in between: a server may issue the same once more."""
    return any(
        one.partner == retry.before.partner
        and retry.before.started <= one.started <= retry.after.started
        for one in evidence.traffic.token_requests
    )
