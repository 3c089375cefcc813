"""Keys first used on a refused request stay free."""

import json
from dataclasses import replace

from conformance.catalogue.mends import EXECUTED_ONLY
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.applicability import accepts_idempotency_key
from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe, without_token
from conformance.probe.resources import expect_taken
from conformance.server.idempotency.replays import SEED
from conformance.server.idempotency.requests import keyed
from conformance.server.idempotency.sabotage import REMEMBER_FAILURES
from openapi.resource import creates


@requirement(
    "idempotency.unauthenticated-request-leaves-key-free",
    Level.MUST,
    SEED,
    accepts_idempotency_key,
    mend=EXECUTED_ONLY,
)
@catches(REMEMBER_FAILURES)
def unauthenticated_request_leaves_key_free(probe: Probe) -> None:
    """A key that was first seen on a 401 is not burnt, and the 401 is not replayed."""
    request = keyed(probe)
    probe.send(without_token(request))
    answer = probe.send(request)
    if answer.status != probe.operation.success_status and creates(probe.operation):
        probe.expect_plain_accepted()
    expect_taken(probe, answer, "with a token")


@requirement(
    "idempotency.rejected-request-leaves-key-free",
    Level.SHOULD,
    "draft-ietf-httpapi-idempotency-key-header-07, section 2.6",
    accepts_idempotency_key,
    mend=EXECUTED_ONLY,
)
@catches(REMEMBER_FAILURES)
def rejected_request_leaves_key_free(probe: Probe) -> None:
    """A key that was first seen on a refused body may be used for the corrected request."""
    is_any_refused = False
    for body in (b"{", json.dumps({probe.name_member: 5}).encode()):
        request = keyed(probe)
        refused = probe.send(replace(request, body=body))
        if refused.is_refusal:
            is_any_refused = True
            answer = probe.send(request)
            if answer.status != probe.operation.success_status and creates(probe.operation):
                probe.expect_plain_accepted()
            expect_taken(probe, answer, f"after a {refused.status}")
    if not is_any_refused:
        raise NotServed(f"{probe.operation.id} refuses no body")
