"""Requests that nobody may be let in by, and what they have shown, made or revoked all the same.

Such a request may be refused in any way, and a gateway may answer it with a page of its own.
"""

from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus

from conformance.probe.applicability import lists
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotServed, NotVerified
from conformance.probe.pages import items
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.resources import request_on_new_resource
from conformance.probe.revocation import expect_ended_when_new, revokes
from conformance.server.authentication.requests import (
    authorised,
    expect_own_token,
    with_fresh_body,
)
from conformance.target.capabilities import Capability
from conformance.target.clean_up import GONE_STATUSES
from conformance.target.exchange import NO_ANSWER, Answer, Request, names_in
from conformance.target.members import JsonObject, identifier_in, text_in
from openapi.resource import REVOKED, creates

SAFETY = "safety: nobody gets in without a token, by no way"


def request_to_be_refused(probe: Probe) -> Request:
    """A valid request, where there is something for it to show or to end.

    Nothing is verified where the target does not serve the operation.
    """
    expect_own_token(probe)
    operation, capabilities = probe.operation, probe.target.capabilities
    needed = Capability.LISTING if lists(operation) else None
    needed = Capability.REVOCATION if revokes(operation) else needed
    if needed is not None and needed not in capabilities:
        raise NotServed(f"the target does not serve {operation.name}")
    if operation.method == "GET" and operation.resource is not None:
        probe.creating.make()
    return request_on_new_resource(probe)


def expect_unopened(
    probe: Probe,
    valid: Request,
    requests: Mapping[str, Request],
    refused: Collection[str] = (),
) -> None:
    """None of the requests, by what is odd in each, shows, makes or revokes anything.

    ``valid`` is the request with a token that the others are made from. Those of ``refused`` go to
    the operation itself, where a success is one of it.
    """
    own = _own_data(probe, valid)
    answered: dict[str, Request] = {}
    succeeded: list[str] = []
    for what, one in requests.items():
        request = with_fresh_body(probe, one) if one.body == valid.body else one
        # Who reads no such request may close the connection.
        answer = probe.try_to_send(request, tries=1)
        if answer.status == NO_ANSWER:
            continue
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise NotVerified("the target limits requests, and does not say how long")
        shown = _shows_resource(probe, answer) if own is None else answer.document == own
        probe.expect(not shown, f"nothing for a request with {what}", f"{answer.status} with data")
        answered[what] = request
        done = what in refused and answer.is_success
        probe.expect(not done, f"no success for a request with {what}", f"{answer.status}")
        if answer.is_success:
            succeeded.append(what)
    if revokes(probe.operation):
        _expect_active(probe, valid, succeeded)
    elif creates(probe.operation):
        expect_unmade(probe, answered)


def _own_data(probe: Probe, valid: Request) -> object:
    """What a GET of no resource shows with a token; None where items are made for it to show."""
    if probe.operation.method != "GET" or probe.operation.resource is not None:
        return None
    found = answer_to(probe, valid).document
    if not found:
        raise NotServed(f"{probe.operation.id} shows no data that could be told apart")
    return found


def _shows_resource(probe: Probe, answer: Answer) -> bool:
    """Whether an answer shows a resource, alone or in a list: its id, its login and its name."""
    listing = probe.resource.list
    found: list[JsonObject] = [*items(listing, answer)] if listing else []
    found.append(answer.json_object() or {})
    ids = probe.resource.id, probe.resource.login
    return any(
        all(identifier_in(one, name) for name in ids) and text_in(one, probe.name_member)
        for one in found
    )


def expect_unmade(probe: Probe, requests: Mapping[str, Request]) -> None:
    """The list, where there is one, has no name that one of the requests asked for."""
    if not probe.is_listed:
        return
    listed = {text_in(item, probe.name_member) for item in probe.listed()}
    for what, request in requests.items():
        made = (name := probe.asked_name(request)) is not None and name in listed
        probe.expect(not made, f"nothing made by a request with {what}", "a resource")


def expect_unrevoked(probe: Probe, revoking: Request, expected: str) -> None:
    """The list, where there is one, does not say that what a request revokes is revoked.

    A target may answer 204 to a second revocation as well: the list tells more.
    """
    if not probe.is_listed:
        return
    identities, handle = {*names_in(revoking.path)[-2:]}, probe.resource.handle
    listed = [one for one in probe.listed() if identifier_in(one, handle) in identities]
    states = {probe.resource.condition(one) for one in listed}
    probe.expect(REVOKED not in states, expected, "one that has ended")


def _expect_active(probe: Probe, valid: Request, succeeded: Sequence[str]) -> None:
    """The resource can still be revoked: by the first of ``succeeded``, it may be no longer."""
    what = f"a request with {succeeded[0]}" if succeeded else "requests without a token"
    expected = f"the resource as it was after {what}"
    if succeeded:
        expect_unrevoked(probe, valid, expected)
    answer = answer_to(probe, authorised(valid))
    is_gone = answer.status in GONE_STATUSES
    if is_gone and not succeeded:
        expect_ended_when_new(probe, answer.status)
    probe.expect(not is_gone, expected, f"{answer.status} to {probe.operation.id} with a token")
    if answer.status in NOT_IMPLEMENTED_STATUSES:
        raise NotServed(f"the target does not serve {probe.operation.name}")
