"""Creations at the same moment: each is answered, carried out and listed as its own."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, edit_body, on_requests
from conformance.probe.applicability import echoes_name
from conformance.probe.pages import expect_listed_for, ids_until
from conformance.probe.probe import Probe
from conformance.probe.resources import expect_taken
from conformance.probe.values import member
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper

_AT_ONCE, _ROUNDS = 8, 3


def _in_flight(change: Callable[[Answer], Answer]) -> Tamper:
    """Answers to creations are changed while another one is under way."""
    lock, busy = threading.Lock(), [0]

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method != "POST":
            return forward(request)
        with lock:
            busy[0] += 1
            is_crowded = busy[0] > 1
        try:
            answer = forward(request)
        finally:
            with lock:
                busy[0] -= 1
        return change(answer) if is_crowded else answer

    return tamper


def _one_behind() -> Tamper:
    """Each creation is answered with what belongs to the one before."""
    lock, last = threading.Lock(), list[Answer]()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.method != "POST" or not answer.is_success:
            return answer
        with lock:
            last.append(answer)
            return last.pop(0) if len(last) > 1 else answer

    return tamper


def _renamed(body: dict[str, Any]) -> None:
    body["id"] = f"{body['id']}0"


def _for_the_first(request: Request) -> Request:
    return replace(request, partner=0) if request.method == "POST" and request.partner else request


@requirement(
    "created.simultaneous-requests-are-their-own",
    Level.MUST,
    "safety: an answer never goes to another request or partner; seed: Creates a new credential",
    echoes_name,
    mend=(
        "Keep the state of a request apart from that of others: no"
        " globals, no connection shared by threads."
    ),
)
@catches(
    Sabotage("fail in a crowd", lambda: _in_flight(lambda one: replace(one, status=500))),
    Sabotage("answer one behind", _one_behind),
    edit_body(201, "store under another id", _renamed),
    on_requests("create for the first partner", _for_the_first),
)
def simultaneous_requests_are_their_own(probe: Probe) -> None:
    """Requests of all partners at once each make their own resource, and get their own answer."""
    partners = range(1 if probe.is_of_one_partner else min(len(probe.target.tokens), 2))
    for _ in range(_ROUNDS):
        requests = [probe.request(partners[number % len(partners)]) for number in range(_AT_ONCE)]
        answers = probe.send_at_once(requests)
        _expect_own_answers(probe, requests, answers)
        if Capability.LISTING in probe.target.capabilities:
            for partner in partners:
                made = {
                    probe.known_id_of(answer): probe.asked_name(request)
                    for request, answer in zip(requests, answers, strict=True)
                    if request.partner == partner
                }
                _expect_listed(probe.listing, made, partner)


def _expect_own_answers(
    probe: Probe, requests: Sequence[Request], answers: Sequence[Answer]
) -> None:
    success, count = probe.operation.success_status, len(requests)
    for request, answer in zip(requests, answers, strict=True):
        if answer.status != success:
            probe.expect_plain_accepted(request.partner)
        expect_taken(probe, answer, f"to each of {count} plain requests at once")
        is_own = probe.name_of(answer) == probe.asked_name(request)
        seen = member(answer, probe.name_member, probe.asked_name(request))
        probe.expect(is_own, "the name that was asked for", "another one", seen)
    for what, found in (
        (probe.resource.id, {probe.id_of(answer) for answer in answers}),
        (str(probe.resource.secret), {probe.secret_of(answer) for answer in answers}),
    ):
        is_each_own = None in found or len(found) == count
        probe.expect(is_each_own, f"{count} different values of {what}", f"{len(found)}")


def _expect_listed(lister: Probe, made: Mapping[str, str | None], partner: int) -> None:
    listed = {*ids_until(lister, {*made}, partner)}
    for one, name in made.items():
        if one not in listed:
            expect_listed_for(lister, one, partner, name=name)
