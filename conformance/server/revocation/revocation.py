"""Answers to requests that revoke, valid or not (vendor facts).

Only keys that a check has made itself are ever revoked, and no request names any other.
"""

from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from conformance.catalogue.judge import Purpose, each, on
from conformance.catalogue.mends import SECOND_REVOCATION, UNKNOWN_IDS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import fail_on, on_status, set_status
from conformance.probe.not_verified import NotServed
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.revocation import (
    VENDOR,
    matched,
    new_resource,
    revocation_by_text,
    revocation_of,
    revoke,
    revokes,
)
from conformance.probe.violation import expect
from conformance.server.robustness.survival import SAFETY
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Request
from openapi.operation import Operation

_STRANGE = ("%00", "%FF", "%C3%A9", "%22", "%20", "-", "-1", "null", "x" * 2000)
"""Ids as they stand in a path. No wild cards and no dots: they might reach other keys.

Nor any number that may be counted.
"""


_GONE = {HTTPStatus.GONE, HTTPStatus.PRECONDITION_FAILED}


def _unknown(probe: Probe) -> Request:
    return revocation_by_text(probe, quote(probe.unknown_handle(), safe=""))


def _revocations(probe: Probe) -> Iterator[Answer]:
    yield answer_to(probe, revocation_of(probe, new_resource(probe)))


def _second_revocations(probe: Probe) -> Iterator[Answer]:
    made = new_resource(probe)
    revoke(probe, made)
    yield answer_to(probe, revocation_of(probe, made))


@requirement(
    "revocation.answers-204-without-body",
    Level.SHOULD,
    f"{VENDOR}; RFC 9110 section 15.3.5",
    revokes,
    needs=(Capability.REVOCATION,),
    mend="Answer a revocation or deletion with the documented status, and a 204 without a body.",
)
@catches(
    set_status(204, 200),
    on_status(204, "answer with a body", lambda one: replace(one, status=200, body=b"{}")),
)
@each(_revocations, on(Purpose.REVOKE))
def answers_204_without_body(operation: Operation, answer: Answer) -> None:
    """A revocation or deletion is answered with its documented success, a 204 without a body."""
    wanted = operation.success_status
    matched(answer)
    if answer.status == HTTPStatus.CONFLICT and operation.documents(answer.status):
        raise NotServed(f"{operation.id} answered 409, as the contract allows for some states")
    expect(answer.status == wanted, f"{wanted} to {operation.id}", f"{answer.status}")
    documented = operation.response(wanted)
    if documented is not None and not documented.content:
        expect(not answer.body, "no body", f"{len(answer.body)} bytes")


@requirement(
    "revocation.second-revocation-is-no-failure",
    Level.MUST,
    SAFETY,
    revokes,
    needs=(Capability.REVOCATION,),
    mend=SECOND_REVOCATION,
)
@catches(set_status(409, 500))
def second_revocation_is_no_failure(probe: Probe) -> None:
    """A second revocation or deletion makes nothing fail."""
    made = new_resource(probe)
    revoke(probe, made)
    for _ in range(2):
        answer = probe.send(revocation_of(probe, made))
        probe.expect_no_server_error(answer, f"a second {probe.operation.id}")


def _says_gone(operation: Operation, answer: Answer) -> bool:
    """Whether an answer is the 410 or 412 that a contract may have for what is not there.

    What is not there matches no If-Match.
    """
    return answer.status in _GONE and operation.documents(answer.status)


@requirement(
    "revocation.second-revocation-is-documented",
    Level.SHOULD,
    "vendor facts: 204 on success; errors 404, 409",
    revokes,
    needs=(Capability.REVOCATION,),
    mend=SECOND_REVOCATION,
)
@catches(set_status(409, 410), set_status(409, 400))
@each(_second_revocations, on(Purpose.REVOKE_AGAIN))
def second_revocation_is_documented(operation: Operation, answer: Answer) -> None:
    """A second revocation or deletion is answered as the first, as a conflict, or as not found."""
    holds = answer.status in {operation.success_status, 404, 409} or _says_gone(operation, answer)
    expect(
        holds,
        f"{operation.success_status}, 404 or 409 to a second {operation.id}",
        f"{answer.status}",
    )


@requirement(
    "revocation.unknown-id-is-404",
    Level.SHOULD,
    "vendor facts: 404",
    revokes,
    needs=(Capability.REVOCATION,),
    mend=UNKNOWN_IDS,
)
@catches(set_status(404, 204), set_status(404, 400))
def unknown_id_is_404(probe: Probe) -> None:
    """The revocation or deletion of what does not exist gets 404."""
    answer = answer_to(probe, _unknown(probe))
    holds = answer.status == HTTPStatus.NOT_FOUND or _says_gone(probe.operation, answer)
    probe.expect(holds, "404 to an unknown id", f"{answer.status}")


@requirement(
    "revocation.strange-ids-are-no-failure",
    Level.MUST,
    SAFETY,
    revokes,
    needs=(Capability.REVOCATION,),
    mend=UNKNOWN_IDS,
)
@catches(
    set_status(404, 500),
    fail_on("what is not UTF-8", lambda request: "%FF" in request.path),
)
def strange_ids_are_no_failure(probe: Probe) -> None:
    """Ids that nothing has, of any form, make nothing fail."""
    for text in (f"{NAME_PREFIX}-unknown", *_STRANGE):
        answer = probe.send(revocation_by_text(probe, text))
        probe.expect_no_server_error(answer, f"the id {text[:20]}")
