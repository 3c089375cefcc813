"""Revocation of created resources at the end of a run."""

from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus

from conformance.target.errors import TargetError
from conformance.target.exchange import Request, path_to, pattern_of
from conformance.target.kept import CreatedResource
from conformance.target.target import Target
from conformance.target.threads import Threads, finished
from openapi.contract import Contract

_PASSES = 3

_MOST_FAILURES = 8
"""Revocations without an answer, one after another, after which no more are sent."""

GONE_STATUSES = {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}
"""Answers to a revocation that say that nothing is left to revoke."""


_NO_LONGER_THERE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


def revoke_all(
    contract: Contract, target: Target, resources: Iterable[CreatedResource]
) -> list[CreatedResource]:
    """Revoke created resources, where the target offers that; gives those that are left.

    What failed is tried again, as long as others succeed. A target that stopped answering is not
    asked for each of them. What nothing revokes is left, unless it went with its parent.
    """
    left = sorted(resources)
    for _ in range(_PASSES):
        before, left = left, _revoke_each(contract, target, left)
        if not left or len(left) == len(before):
            break
    gone = _gone(contract, target, left)
    return [one for one in left if one not in gone]


def _to(contract: Contract, method: str, path: str, partner: int) -> Request:
    """A request with the partner's token where the operation on this path has it."""
    request = Request(method, path, partner=partner)
    found = next((one for one in contract.operations.values() if request.is_for(one)), None)
    return replace(request, token_place=contract.token_place(found)) if found else request


def _gone(
    contract: Contract, target: Target, left: Iterable[CreatedResource]
) -> set[CreatedResource]:
    """Those of the resources that nothing revokes, and that went with the one that they were in."""
    found: dict[tuple[int, str], list[CreatedResource]] = {}
    for one in left:
        if (path := target.places.lookups.get(one)) and one[0] < len(target.access):
            found.setdefault((one[0], path), []).append(one)

    def is_gone(place: tuple[int, str]) -> bool:
        try:
            answer = target.send_again_where_closed(_to(contract, "GET", place[1], place[0]))
        except TargetError:
            return False
        return answer.status in _NO_LONGER_THERE

    with Threads(target.in_flight.number) as threads:
        running = {threads.submit(is_gone, place): place for place in found}
        places = [running[one] for one in finished(running, target) if one.result()]
    return {one for place in places for one in found[place]}


def _method_of(contract: Contract, path: str) -> str:
    """The method that revokes a resource at this path."""
    revoking = (one.revoke for one in contract.resources if one.revoke)
    requests = (
        Request(one.method, path) for one in revoking if pattern_of(one.path).fullmatch(path)
    )
    return next((one.method for one in requests), "")


def _revoke_each(
    contract: Contract, target: Target, resources: list[CreatedResource]
) -> list[CreatedResource]:
    operation = next((one.revoke for one in contract.resources if one.revoke), None)
    if operation is None:
        return resources
    # Of several kinds, each has a path of its own.
    is_alone = len(contract.resources) == 1 and operation.path.count("{") == 1

    failures = 0

    def revoked(one: CreatedResource) -> bool:
        nonlocal failures
        if one[0] >= len(target.access):
            return False  # made for a partner that has no token here
        if failures >= _MOST_FAILURES:
            return False
        try:
            path = target.places.revocations.get(one, "")
            if not path and not is_alone:
                return False
            request = _to(contract, _method_of(contract, path) or operation.method,
                          path or path_to(operation.path, one[1]), one[0])  # fmt: skip
            answer = target.send_again_where_closed(request)
        except TargetError:
            failures += 1
            return False
        except Exception:  # noqa: BLE001 - whatever it is, the others are still to be revoked
            return False
        failures = 0
        return answer.is_success or answer.status in GONE_STATUSES

    with Threads(target.in_flight.number) as threads:
        running = {threads.submit(revoked, one): one for one in resources}
        gone = {running[one] for one in finished(running, target) if one.result()}
    return [one for one in resources if one not in gone]
