"""A target that limits its clients: answers apart from its limit, and its limit on purpose."""

from http import HTTPStatus

from conformance.probe.applicability import lists
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.probe import Probe
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Request
from dinie_contract.options import RATE_LIMIT_REQUESTS
from openapi.contract import PATH_PARAMETER
from openapi.operation import Operation
from openapi.resource import creates, page_members

_AT_ONCE = 8

LIMITED = HTTPStatus.TOO_MANY_REQUESTS


def answer_to(probe: Probe, request: Request) -> Answer:
    """The answer to a request; nothing is verified where the target does not stop limiting."""
    answer = probe.send(request)
    if answer.status == LIMITED:
        raise NotVerified("the target limits requests, and does not say until when or for too long")
    return answer


def harmless(probe: Probe) -> Request:
    """A valid request that touches nothing: a path that names something names nothing known."""
    request = probe.request()
    nothing = probe.new_name().replace(" ", "-")
    return request.at(PATH_PARAMETER.sub(nothing, probe.operation.path))


def provoke(probe: Probe) -> None:
    """Run into the target's limit, once in a run and only where that was asked for.

    All 429s are in ``target.limited`` then. ``target.provoked`` holds a request that got one when
    nothing else was sent, with that answer and what it got after each wait that was asked for.
    """
    target = probe.target
    with target.provocation:
        if not target.settings.provoke_rate_limit or target.was_provoked:
            return
        target.was_provoked = True
        request = _cheap(probe)
        sent = 0
        while sent + _AT_ONCE <= RATE_LIMIT_REQUESTS:
            sent += _AT_ONCE
            if any(one.status == LIMITED for one in probe.send_once_at_once([request] * _AT_ONCE)):
                # Alone, so that the limit that it states is that of this request.
                sent += 1
                answer = probe.send_once(request)
                if answer.status == LIMITED:
                    _meet_on_others(probe)
                    answers = [answer, *target.after_waits(request, answer)]
                    target.provoked = target.provoked or (request, answers)
                    return


def page_of_one(operation: Operation) -> Request:
    """The request for the smallest page of a list."""
    members = page_members(operation)
    query = f"?{members.limit}=1" if members else ""
    return Request("GET", f"{operation.path}{query}")


def _cheap(probe: Probe) -> Request:
    """A page of one item; where there is no list, one creation over and over."""
    operations = probe.contract.operations.values()
    if Capability.LISTING in probe.target.capabilities:
        return page_of_one(next(filter(lists, operations)))
    for operation in operations:
        if creates(operation) and operation.accepts_idempotency_key:
            return probe.of(operation).request().with_key(probe.new_key())
    raise NotServed("the contract has no operation that can be called often and does no harm")


def _meet_on_others(probe: Probe) -> None:
    """Ask for every operation once, while the target limits: each has its own 429."""
    for operation in probe.contract.operations.values():
        other = probe.of(operation)
        other.send_once(harmless(other))
