"""Steadiness: few answers are transient, and what is stored never makes a list fail."""

import json
from dataclasses import replace
from itertools import count

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage
from conformance.probe.applicability import lists
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import harmless
from conformance.probe.resources import expect_any_served
from conformance.probe.violation import expect_list
from conformance.server.robustness.survival import SAFETY
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from openapi.resource import creates

ENOUGH_FOR_A_SHARE = 100
"""So many requests that a share of them means something."""


def differing_shares(share: float, most: float) -> tuple[str, str]:
    """The expected share of transient answers, and the one that was seen."""
    return f"at most {most:.1%} of the requests", f"{share:.1%}"


def _every_tenth_is_away() -> Tamper:
    numbers = count(1)

    def tamper(request: Request, forward: Forward) -> Answer:
        return Answer(503) if next(numbers) % 10 == 0 else forward(request)

    return tamper


@requirement(
    "robustness.transient-answers-are-rare",
    Level.SHOULD,
    "RFC 9110 sections 15.6.3 to 15.6.5",
    creates,
    observes_run=True,
    mend="Look into the gateway's log: which upstream was away or overdue at those times.",
)
@catches(Sabotage("be away for each tenth request", _every_tenth_is_away))
def transient_answers_are_rare(probe: Probe) -> None:
    """Few requests get a 502, 503, 504 or no answer at first, and an answer on another try."""
    target, most = probe.target, probe.target.settings.max_transient
    answers = [probe.send(harmless(probe))]
    while target.requests_sent < ENOUGH_FOR_A_SHARE:
        answers.append(probe.send(harmless(probe)))
    expect_any_served(probe, answers)
    share = target.transients.count / target.requests_sent
    probe.expect(share <= most, *differing_shares(share, most))


_NAMES = (
    r"\ud800", r"\udc00\ud800", r"\u0000", r"\uffff", r"\u202e", r"\ud83d\ude00", "\U0001f600", "é",
    "%00", "'\\\";--", "<b>&amp;", "x" * 300,
)  # fmt: skip
"""Ends of names, as they are written in JSON."""


def _failing_after_storing(method: str) -> Sabotage:
    """Take half a character as a name, and fail on later requests with a method."""

    def make() -> Tamper:
        is_stored = False

        def tamper(request: Request, forward: Forward) -> Answer:
            nonlocal is_stored
            holds = rb"\ud800" in request.body
            if is_stored and request.method == method and (holds or method != "POST"):
                return Answer(500)
            is_stored = is_stored or holds
            plain = request.with_json({"name": f"{NAME_PREFIX} stored"})
            return forward(plain if holds else request)

        return tamper

    return Sabotage(f"fail on {method} once half a character is stored", make)


@requirement(
    "robustness.stored-names-are-no-failure",
    Level.MUST,
    SAFETY,
    lists,
    needs=(Capability.LISTING,),
    mend=(
        "Encode what is stored when it is written, and test list, replay and revocation"
        " with names of any text."
    ),
)
@catches(*(_failing_after_storing(method) for method in ("GET", "POST", "DELETE")))
def stored_names_are_no_failure(probe: Probe) -> None:
    """Whatever name a server has taken, its list, the replay and the revocation do not fail."""
    maker, resource = probe.creating, probe.resource
    plain = {key: one for key, one in maker.plain_body().items() if key != probe.name_member}
    begin = json.dumps(plain)[:-1] + (", " if plain else "")
    expect_list(probe.send(probe.request()))
    for name in _NAMES:
        body = f'{begin}{json.dumps(probe.name_member)}: "{maker.new_name()} {name}"}}'
        request = replace(maker.request(), body=body.encode()).with_key(maker.new_key())
        made = maker.send(request)
        if made.is_success:
            listed = probe.send(probe.request())
            actual = f"{listed.status} after one with {name} was taken"
            probe.expect(
                not listed.is_server_error, "a list that works with any name in it", actual
            )
            maker.expect_no_server_error(maker.send(request), f"a replay of a name with {name}")
        handle = made.identifier(resource.handle)
        if made.is_success and handle and probe.is_revocable:
            revoking = probe.revoking
            ending = revoking.on_one(handle)
            gone = revoking.send(ending)
            revoking.expect_no_server_error(gone, f"the {probe.words.end} of a name with {name}")
            if gone.is_success:
                revoking.forget(ending, handle)
