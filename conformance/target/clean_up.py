"""Revocation of created resources at the end of a run."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus

from conformance.target.entity_tags import shown_tag, tag_parameter, with_tag
from conformance.target.errors import TargetError
from conformance.target.exchange import Answer, Request, UnsendableRequest, path_to, pattern_of
from conformance.target.kept import CreatedResource
from conformance.target.target import Target
from conformance.target.threads import Threads, finished
from openapi.contract import Contract
from openapi.operation import Operation
from openapi.resource import REVOKED

_PASSES = 3

_MOST_FAILURES = 8
"""Revocations without an answer, one after another, after which no more are sent."""

_LATER_SECONDS = 1.0

GONE_STATUSES = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.CONFLICT}
"""Answers to a revocation that say that nothing is left to revoke."""


def revoke_all(
    contract: Contract, target: Target, resources: Iterable[CreatedResource]
) -> list[CreatedResource]:
    """Revoke created resources, where the target offers that; gives those that are left.

    What failed is tried again, as long as others succeed: a 409 may be for what is in it. A target
    that stopped answering is not asked for each of them. What nothing revokes is left, unless it
    went with its parent, and so is what a DELETE left as it was: one of each kind is read before
    and after.
    """
    left = sorted(resources)
    samples = _samples(contract, target, left)
    made = left
    for _ in range(_PASSES):
        before, left = left, _revoke_each(contract, target, left)
        if not left or len(left) == len(before):
            break
    gone = _gone(contract, target, left)
    unchanged = _unchanged(contract, target, samples, [one for one in made if one not in left])
    return [one for one in left if one not in gone] + unchanged


def _deleting(contract: Contract, made: CreatedResource) -> tuple[Operation, str]:
    """The DELETE of a resource that a GET at the same path reads, and that path.

    Raises :class:`LookupError` where there is none.
    """
    pairs = ((one.revoke, one.read) for one in contract.resources)
    several = ((one.delete, one.read) for one in contract.several)
    for ends, reads in (*pairs, *several):
        if ends and reads and ends.method == "DELETE" and ends.path == reads.path:
            is_alone = len(contract.resources) == 1 and ends.path.count("{") == 1
            is_untold = is_alone and not made.place
            own = path_to(ends.path, made.handle) if is_untold else made.place
            if pattern_of(ends.path).fullmatch(own):
                return ends, own
    raise LookupError(made.handle)


def _read(contract: Contract, target: Target, partner: int, path: str) -> bytes | None:
    """What a GET answers; None for a refusal, and where there is no answer."""
    try:
        answer = target.send_again_where_closed(_to(contract, "GET", path, partner))
    except TargetError:
        return None
    return answer.body if answer.is_success else None


def _is_left(contract: Contract, target: Target, made: CreatedResource) -> bool:
    """Whether what a DELETE was refused for is still read, and that not as ended."""
    try:
        ends, path = _deleting(contract, made)
    except (LookupError, UnsendableRequest):
        return False
    body = _read(contract, target, made.partner, path)
    for one in contract.resources if body is not None else ():
        if one.revoke is ends and one.read is not None:
            item = Answer(HTTPStatus.OK, body=body or b"").to(one.read).json_object()
            return item is not None and one.condition(item) != REVOKED
    return body is not None


def _samples(
    contract: Contract, target: Target, resources: Iterable[CreatedResource]
) -> dict[CreatedResource, bytes]:
    """One resource of each kind that a DELETE ends and a GET reads, as it is read."""
    found: dict[str, CreatedResource] = {}
    for one in resources:
        with suppress(LookupError, UnsendableRequest):
            if one.partner < len(target.access):
                found.setdefault(_deleting(contract, one)[0].id, one)
    read = {
        one: _read(contract, target, one.partner, _deleting(contract, one)[1])
        for one in found.values()
    }
    return {one: body for one, body in read.items() if body is not None}


def _unchanged(
    contract: Contract,
    target: Target,
    samples: Mapping[CreatedResource, bytes],
    revoked: Sequence[CreatedResource],
) -> list[CreatedResource]:
    """What is still there of the kinds whose sample a DELETE has left as it was."""

    def is_unchanged(one: CreatedResource) -> bool:
        path = _deleting(contract, one)[1]
        return _read(contract, target, one.partner, path) == samples[one]

    looked_at = [one for one in samples if one in revoked and is_unchanged(one)]
    if looked_at:
        # It may be gone a moment later.
        target.rest(_LATER_SECONDS)
    kinds = {_deleting(contract, one)[0].id for one in looked_at if is_unchanged(one)}

    def is_there(one: CreatedResource) -> bool:
        try:
            operation, path = _deleting(contract, one)
        except (LookupError, UnsendableRequest):
            return False
        return operation.id in kinds and _read(contract, target, one.partner, path) is not None

    if not kinds:
        return []
    with Threads(target.in_flight.number) as threads:
        running = {threads.submit(is_there, one): one for one in revoked}
        return sorted(running[one] for one in finished(running, target) if one.result())


def _to(contract: Contract, method: str, path: str, partner: int) -> Request:
    """A request with the partner's token where the operation on this path has it."""
    request = Request(method, path, partner=partner)
    found = _operation_of(contract, request)
    return replace(request, token_places=contract.token_places(found)) if found else request


def _operation_of(contract: Contract, request: Request) -> Operation | None:
    return next((one for one in contract.operations.values() if request.is_for(one)), None)


def _with_tag(contract: Contract, target: Target, request: Request) -> Request:
    """The same request with an ``If-Match`` that holds, where its operation asks for it."""
    operation = _operation_of(contract, request)
    tag = tag_parameter(operation) if operation else None
    if operation is None or tag is None:
        return request

    def read(_: Operation, path: str) -> Answer:
        return target.send_again_where_closed(_to(contract, "GET", path, request.partner or 0))

    return with_tag(request, tag, lambda: shown_tag(contract, operation, request.path, read))


def _gone(
    contract: Contract, target: Target, left: Iterable[CreatedResource]
) -> set[CreatedResource]:
    """Those of the resources that nothing revokes, and that went with the one that they were in."""
    found: dict[tuple[int, str], list[CreatedResource]] = {}
    for one in left:
        if one.lookup and one.partner < len(target.access):
            found.setdefault((one.partner, one.lookup), []).append(one)

    def is_gone(place: tuple[int, str]) -> bool:
        try:
            answer = target.send_again_where_closed(_to(contract, "GET", place[1], place[0]))
        except TargetError:
            return False
        return answer.is_not_there

    with Threads(target.in_flight.number) as threads:
        running = {threads.submit(is_gone, place): place for place in found}
        places = [running[one] for one in finished(running, target) if one.result()]
    return {one for place in places for one in found[place]}


def _method_of(contract: Contract, path: str) -> str:
    """The method that revokes a resource at this path."""
    ending = [one for one in contract.operations.values() if one.method == "DELETE"]
    revoking = [*(one.revoke for one in contract.resources if one.revoke), *ending]
    requests = (
        Request(one.method, path) for one in revoking if pattern_of(one.path).fullmatch(path)
    )
    return next((one.method for one in requests), "")


def _revoke_each(
    contract: Contract, target: Target, resources: list[CreatedResource]
) -> list[CreatedResource]:
    operation = next((one.revoke for one in contract.resources if one.revoke), None)
    # Of several kinds, each has a path of its own, and so has what a PUT has made.
    is_alone = (
        operation is not None and len(contract.resources) == 1 and operation.path.count("{") == 1
    )

    failures = 0

    def revoked(one: CreatedResource) -> bool:
        nonlocal failures
        if one.partner >= len(target.access):
            return False  # made for a partner that has no token here
        if failures >= _MOST_FAILURES:
            return False
        try:
            path = one.place
            if not (path or one.lookup) and is_alone and operation is not None:
                path = path_to(operation.path, one.handle)
            method = _method_of(contract, path)
            if not method:
                return False
            request = _with_tag(contract, target, _to(contract, method, path, one.partner))
            answer = target.send_again_where_closed(request)
        except TargetError:
            failures += 1
            return False
        except Exception:  # noqa: BLE001 - whatever it is, the others are still to be revoked
            return False
        failures = 0
        is_gone = answer.is_success or answer.status in GONE_STATUSES
        is_refused = answer.status == HTTPStatus.CONFLICT and _is_left(contract, target, one)
        return is_gone and not is_refused

    with Threads(target.in_flight.number) as threads:
        running = {threads.submit(revoked, one): one for one in resources}
        gone = {running[one] for one in finished(running, target) if one.result()}
    return [one for one in resources if one not in gone]
