"""Valid requests on resources made for a check, and whether a target serves an operation at all.

Where a path names a resource, one is made first, so that a refusal can never be mistaken for
"there is no such thing".
"""

from collections.abc import Iterable
from http import HTTPStatus

from conformance.probe.not_verified import (
    NOT_IMPLEMENTED_STATUSES,
    NotServed,
    NotVerified,
    Undecided,
)
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.taken_bodies import has_rules
from conformance.target.exchange import Answer, Request, path_to
from conformance.target.members import JsonObject
from openapi.item_paths import above_id
from openapi.memberships import Membership, membership_of
from openapi.names import spelt
from openapi.operation import PATH_PARAMETER

_OF_RULES = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
"""What a body is answered that is valid and breaks a rule of business."""

_SHOWN = 3
"""So many items of a list are looked at for one that a GET shows."""

_AGAIN = 3
"""So many more plain requests are sent where one was refused."""


def request_on_new_resource(probe: Probe) -> Request:
    """A valid request for the operation, on a resource made for it where the path names one."""
    operation = probe.operation
    resource = operation.resource
    names = PATH_PARAMETER.findall(operation.path)
    if not names or (resource and operation in {resource.create, resource.list}):
        return probe.request()
    if membership := membership_of(operation):
        return request_on_new_member(probe, membership)
    parent = above_id(operation.path[: operation.path.rindex("{")])
    create = next(
        (one.create for one in probe.contract.resources if one.has_items_below(parent)), None
    )
    if create is None and operation.method in {"GET", "HEAD"} and resource is None:
        return _request_on_what_is_there(probe)
    if create is None:
        raise NotServed(
            f"the contract has no POST, nor PUT with 201, that creates a resource on {parent}"
        )
    maker = probe.of(create)
    made = maker.make()
    if resource is not None and resource.create is create:
        return probe.on_one(maker.known_handle_of(made))
    identifier = made.identifier(names[-1]) or maker.known_id_of(made)
    return probe.on_one(identifier)


def request_on_new_member(probe: Probe, membership: Membership) -> Request:
    """A valid request for an operation on members: on a new one where it is on one.

    That one is added first, unless the request adds it itself.
    """
    if probe.operation is membership.list:
        return probe.request()
    maker = probe.of(membership.member.create)
    handle = maker.known_handle_of(maker.make())
    if probe.operation is not membership.add:
        adding = probe.of(membership.add)
        answer = answer_to(adding, adding.on_one(handle))
        if not answer.is_success:
            raise NotServed(f"{adding.operation.id} answered {answer.status} for a new member")
    return probe.on_one(handle)


def _request_on_what_is_there(probe: Probe) -> Request:
    """A valid GET or HEAD of what nobody makes: by its example, or as the list above it shows it.

    Nothing is verified where neither is there.
    """
    request = probe.request()
    if probe.send(request).is_success:
        return request
    before, mark, last = probe.operation.path.rpartition("{")
    above, [name] = above_id(before), PATH_PARAMETER.findall(f"{mark}{last}")[-1:] or [""]
    lists = [one for one in probe.contract.operations.values()
             if one.method == "GET" and one.path == above and "{" not in above]  # fmt: skip
    for one in lists:
        for item in _objects_in(probe.send(probe.of(one).request()).document):
            for member, value in item.items():
                is_named = spelt(member) in {spelt(name), "id"} and isinstance(value, str | int)
                if not is_named:
                    continue
                found = request.at(path_to(probe.operation.path, str(value)))
                if probe.send(found).is_success:
                    return found
    raise NotServed(f"nothing is known that {probe.operation.id} shows: give its path an example")


def _objects_in(page: object) -> list[JsonObject]:
    """The first objects of a page: the array that it is, or those that it has."""
    arrays = [page] if isinstance(page, list) else []
    arrays += page.values() if isinstance(page, dict) else ()
    return [item for one in arrays if isinstance(one, list) for item in one[:_SHOWN]
            if isinstance(item, dict)]  # fmt: skip


def expect_served(probe: Probe, answer: Answer) -> None:
    """Nothing is verified by this answer where a valid request shows that there is no operation."""
    if (
        answer.status in NOT_IMPLEMENTED_STATUSES
        and probe.send(request_on_new_resource(probe)).status in NOT_IMPLEMENTED_STATUSES
    ):
        raise NotServed(f"the target does not serve {probe.operation.name}")


def expect_named(probe: Probe, request: Request) -> None:
    """Nothing is verified by a list where a request asks for no name to be found by."""
    if not probe.asked_name(request):
        raise NotServed("nothing that is sent could be told apart in the list")


def expect_taken(probe: Probe, answer: Answer, what: str = "") -> None:
    """A valid request, as ``what`` says of it, is answered with the documented success status."""
    is_success, success = probe.operation.is_success, probe.operation.success_status
    if not is_success(answer.status):
        _expect_no_conflict(probe, answer)
        _expect_no_rule(probe, answer)
        _expect_room(probe, answer)
    probe.expect(is_success(answer.status), f"{success} {what}".strip(), f"{answer.status}")


def _expect_no_conflict(probe: Probe, answer: Answer) -> None:
    """Nothing is verified by a 409 that the contract has for the operation."""
    if answer.status == HTTPStatus.CONFLICT and probe.operation.documents(answer.status):
        kind = Undecided if probe.collides(answer) else NotVerified
        raise kind(
            f"{probe.operation.id} answered 409 to a plain valid request, as the contract allows:"
            " it may ask for what is there already; give an example of what can be made often"
        )


def _expect_no_rule(probe: Probe, answer: Answer) -> None:
    """Nothing is verified by a refusal of what no example has, on which there may be a rule.

    A server may refuse dates too far ahead, or what refers to nothing.
    """
    body, whole = probe.operation.object_body, probe.operation.json_body
    is_made_up = any(one is not None and not any(one.examples) for one in (body, whole))
    if is_made_up and answer.status in _OF_RULES and (
        body is None or has_rules(probe.operation, probe.plain_body())
    ):  # fmt: skip
        raise NotVerified(
            f"{probe.operation.id} answered {answer.status} to a body made by its schema: it may"
            " have rules on dates, or on what is referred to; give an example of what it takes"
        )


def _expect_room(probe: Probe, answer: Answer) -> None:
    """Nothing is verified by this refusal where the target, which took plain requests, has no room.

    A server may bound how many resources a partner has at a time.
    """
    if not answer.is_refusal or probe.contract.resource_of(probe.operation) is None:
        return
    maker = probe.creating
    made = len(probe.target.plain_creations.lasting_in(probe.collection_path()))
    # What another check revokes makes room for one more, which the first of these may take.
    if made and any(maker.control().is_refusal for _ in range(_AGAIN)):
        raise NotVerified(
            f"the target answers {answer.status} to plain requests since there are {made} of them:"
            " it may bound what a partner has; give a partner that may have more"
        )


def expect_any_served(probe: Probe, answers: Iterable[Answer]) -> None:
    """Nothing is verified by these answers where all say that there is no operation.

    Where the contract refuses who has no token with 403 and not with 401, a 403 says nothing of it.
    """
    documents = probe.operation.documents
    refuses = documents(HTTPStatus.FORBIDDEN) and not documents(HTTPStatus.UNAUTHORIZED)
    absent = NOT_IMPLEMENTED_STATUSES - ({HTTPStatus.FORBIDDEN} if refuses else set())
    if all(answer.status in absent for answer in answers):
        raise NotServed(f"the target does not serve {probe.operation.name}")
