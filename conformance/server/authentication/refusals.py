"""A request refused with 401 has no effect, shows no data and its body is not validated."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from conformance.catalogue.mends import AUTHENTICATE_FIRST
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage
from conformance.probe.applicability import opens_with_token, takes_json
from conformance.probe.probe import Probe, without_token
from conformance.probe.resources import expect_named, expect_served, request_on_new_resource
from conformance.probe.revocation import expect_ended_when_new, matched, revokes
from conformance.server.authentication.requests import (
    SEED,
    authorised,
    expect_own_token,
    is_authorised,
    refusable,
    refusals,
)
from conformance.server.authentication.unopened import expect_unmade, expect_unrevoked
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request
from openapi.operation import Operation
from openapi.resource import creates

_TELLING_MEMBERS = 2


def _carry_out_and_refuse(request: Request, forward: Forward) -> Answer:
    if request.method != "GET" and not is_authorised(request):
        forward(authorised(request))
    return forward(request)


def _refuse_with_the_goods(request: Request, forward: Forward) -> Answer:
    if is_authorised(request):
        return forward(request)
    return replace(forward(authorised(request)), status=HTTPStatus.UNAUTHORIZED)


def _validate_first(request: Request, forward: Forward) -> Answer:
    trusted = forward(authorised(request))
    refused = trusted.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
    return trusted if refused else forward(request)


CARRY_OUT_AND_REFUSE = Sabotage("carry out and answer 401", lambda: _carry_out_and_refuse)


@requirement(
    "authentication.refusal-gives-nothing-away",
    Level.MUST,
    "safety: a refused request yields nothing",
    opens_with_token,
    mend=AUTHENTICATE_FIRST,
)
@catches(Sabotage("refuse with the goods", lambda: _refuse_with_the_goods))
def refusal_gives_nothing_away(probe: Probe) -> None:
    """A refused request yields neither a secret nor what it asked for."""
    own = _success_members(probe.operation)
    for what, answer in refusals(probe).items():
        found = own & set(answer.json_object() or {})
        # A problem may have members of its own (RFC 9457 section 3.2): one alone says nothing.
        secret = any("secret" in one for one in found) or "access_token" in found
        leaked = secret or len(found) >= _TELLING_MEMBERS
        actual = f"{answer.status} with {', '.join(sorted(found))}"
        probe.expect(not leaked, f"no such data in the answer to a request with {what}", actual)


def _success_members(operation: Operation) -> set[str]:
    """The JSON members of a success that its refusal does not have."""
    members: list[set[str]] = []
    for status in (operation.success_status, HTTPStatus.UNAUTHORIZED):
        answer = operation.response(status)
        schemas = [one.schema for one in (answer.content.values() if answer else ()) if one.schema]
        outlines: list[Mapping[str, Any]] = [one.outline for one in schemas]
        members.append({name for one in outlines for name in one.get("properties", {})})
    return members[0] - members[1]


@requirement(
    "authentication.refused-request-creates-nothing",
    Level.MUST,
    SEED,
    lambda one: opens_with_token(one) and creates(one) and takes_json(one),
    needs=(Capability.LISTING,),
    mend=AUTHENTICATE_FIRST,
)
@catches(CARRY_OUT_AND_REFUSE)
def refused_request_creates_nothing(probe: Probe) -> None:
    """A request that is refused for its token creates nothing, as the list shows."""
    requests = refusable(probe)
    for request in requests.values():
        expect_named(probe, request)
    for request in requests.values():
        probe.send(request)
    expect_unmade(probe, requests)


@requirement(
    "authentication.refused-request-revokes-nothing",
    Level.MUST,
    SEED,
    lambda one: opens_with_token(one) and revokes(one),
    needs=(Capability.REVOCATION,),
    mend=AUTHENTICATE_FIRST,
)
@catches(CARRY_OUT_AND_REFUSE)
def refused_request_revokes_nothing(probe: Probe) -> None:
    """A request that is refused for its token leaves the resource as it was."""
    requests = refusable(probe)
    for request in requests.values():
        probe.send(request)
    expect_unrevoked(probe, requests["no token"], "the resource as it was")
    answer = matched(probe.send(authorised(requests["no token"])))
    if not answer.is_success:
        expect_ended_when_new(probe, answer.status)
    # Which success it is, other requirements judge.
    probe.expect(answer.is_success, "a success of the first one with a token", f"{answer.status}")


@requirement(
    "authentication.comes-before-validation",
    Level.SHOULD,
    "RFC 9110, section 15.5.2",
    lambda one: opens_with_token(one) and takes_json(one) and one.documents(401),
    mend=AUTHENTICATE_FIRST,
)
@catches(Sabotage("validate first", lambda: _validate_first))
def comes_before_validation(probe: Probe) -> None:
    """Without a token, a request gets 401 whatever its body is like."""
    expect_own_token(probe)
    request = without_token(request_on_new_resource(probe))
    for body in (b"{", b"", b"[]", b"{}"):
        answer = probe.send(replace(request, body=body))
        expect_served(probe, answer)
        probe.expect(
            answer.status == HTTPStatus.UNAUTHORIZED,
            "401 to a bad body without a token",
            f"{answer.status}",
        )
