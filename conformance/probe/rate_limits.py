"""A target that limits its clients: answers apart from its limit, and its limit on purpose."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus

from conformance.probe.applicability import lists
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.paging import bound_of, query_of_page
from conformance.probe.probe import Probe
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Request
from conformance.target.retry_after import (
    LONGEST_UNTOLD_SECONDS,
    LONGEST_WAIT_SECONDS,
    seconds_of,
)
from dinie_contract.options import RATE_LIMIT_REQUESTS
from openapi.operation import PATH_PARAMETER
from openapi.resource import creates

_AT_ONCE = 8

_CREATIONS = 4
"""The creations that are sent into a limit."""

_BEYOND = 10
"""So many groups of requests served in a row where none remain, and the limit is none."""

_REFUSALS, _BETWEEN_REFUSALS_SECONDS = 3, 0.5
"""A limit lasts longer than what passes by itself."""

LIMITED = HTTPStatus.TOO_MANY_REQUESTS


def answer_to(probe: Probe, request: Request) -> Answer:
    """The answer to a request; nothing is verified where the target does not stop limiting."""
    return _not_limited(probe.send(request))


def answer_or_shared(probe: Probe, request: Request) -> Answer:
    """As :func:`answer_to`, or the refusal that an equal request got in this run."""
    return _not_limited(probe.send_or_share(request))


def _not_limited(answer: Answer) -> Answer:
    if answer.status == LIMITED:
        raise NotVerified("the target limits requests, and does not say until when or for too long")
    return answer


def harmless(probe: Probe) -> Request:
    """A valid request that touches nothing: a path that names something names nothing known."""
    request = probe.request()
    nothing = probe.new_name().replace(" ", "-")
    resource = probe.operation.resource
    if resource and probe.operation in {resource.create, resource.list}:
        return request
    return request.at(PATH_PARAMETER.sub(nothing, probe.operation.path))


def provoke(probe: Probe) -> None:
    """Run into the target's limit, once in a run and only where that was asked for.

    All 429s are in ``target.limited`` then. ``target.provoked`` holds a request that got one when
    nothing else was sent, with that answer and what it got after each wait that was asked for.
    ``target.beyond_limit`` has what else came of it.
    """
    target = probe.target
    with target.provocation:
        if not target.settings.provoke_rate_limit or target.was_provoked:
            return
        target.was_provoked = True
        request, sent = _cheap(probe), 0
        before: list[Answer] = []
        beyond = 0
        while sent + _AT_ONCE <= RATE_LIMIT_REQUESTS:
            sent += _AT_ONCE
            answers = probe.send_once_at_once([request] * _AT_ONCE)
            if any(one.status == LIMITED for one in answers):
                # Alone, so that the limit that it states is that of this request.
                sent += 1
                answer = probe.send_once(request)
                if answer.status == LIMITED:
                    _meet_on_creations(probe)
                    _meet_on_others(probe)
                    answers = [answer, *target.after_waits(request, answer)]
                    target.provoked = target.provoked or (request, answers)
                    return
            elif _is_first_refusal(before, answers) and _is_refused_alone(probe, request):
                return
            beyond = beyond + 1 if _are_beyond_the_limit([*before, *answers]) else 0
            if beyond == _BEYOND:
                target.beyond_limit.served = request, answers[-2:]
                return
            before = answers


def _is_first_refusal(before: Sequence[Answer], answers: Sequence[Answer]) -> bool:
    """Whether all of a request was served so far, and some is not."""
    was_served = bool(before) and all(one.is_success for one in before)
    return was_served and not all(one.is_success for one in answers)


def _is_refused_alone(probe: Probe, request: Request) -> bool:
    """Whether a request that was served goes on to be refused, until it has waited."""
    answers: list[Answer] = []
    for _ in range(_REFUSALS):
        probe.target.rest(_BETWEEN_REFUSALS_SECONDS)
        answers.append(probe.send_once(request))
    status = answers[-1].status
    if status == LIMITED or answers[-1].is_success or {one.status for one in answers} != {status}:
        return False
    refused = [(request, answers)]
    for maker in _makers(probe):
        creation = maker.request().with_key(maker.new_key())
        refused.append((creation, [maker.send_once(creation)]))
    wait = min(seconds_of(answers[-1]) or LONGEST_UNTOLD_SECONDS, LONGEST_WAIT_SECONDS)
    probe.target.rest(wait)
    for one, before in refused:
        after = replace(probe.send_once(one), before=f"sleep {wait:g}")
        if before[-1].status == status and after.is_success:
            probe.target.beyond_limit.refused.append((one, [*before, after]))
    return True


def _are_beyond_the_limit(answers: Sequence[Answer]) -> bool:
    """Whether requests were served that one and the same window has no place for."""
    told = {
        (one.header("x-ratelimit-remaining"), one.header("x-ratelimit-reset")) for one in answers
    }
    remaining, reset = next(iter(told))
    return len(told) == 1 and remaining == "0" and reset is not None


def page_of_one(probe: Probe) -> Request:
    """The request for the smallest page of a list."""
    smallest = max(bound_of(probe.operation, "minimum", 1), 1)
    return probe.request(query=query_of_page(probe.page_members, smallest))


def _cheap(probe: Probe) -> Request:
    """A page of one item; where there is no list, one creation over and over."""
    operations = probe.contract.operations.values()
    if Capability.LISTING in probe.target.capabilities:
        return page_of_one(probe.of(next(filter(lists, operations))))
    for maker in _makers(probe):
        return maker.request().with_key(maker.new_key())
    raise NotServed("the contract has no operation that can be called often and does no harm")


def _meet_on_creations(probe: Probe) -> None:
    """Send creations while the target limits, and keep those that got a 429."""
    for maker in _makers(probe):
        for _ in range(_CREATIONS):
            request = maker.request().with_key(maker.new_key())
            if maker.send_once(request).status == LIMITED:
                probe.target.beyond_limit.creations.append(request)


def _makers(probe: Probe) -> Iterator[Probe]:
    """A probe for each operation that creates, and takes a key."""
    for operation in probe.contract.operations.values():
        if creates(operation) and operation.accepts_idempotency_key:
            yield probe.of(operation)


def _meet_on_others(probe: Probe) -> None:
    """Ask for every operation once, while the target limits: each has its own 429."""
    for operation in probe.contract.operations.values():
        other = probe.of(operation)
        other.send_once(harmless(other))
