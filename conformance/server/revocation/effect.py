"""Effect of a revocation: at once, for good, on one's own keys only (vendor facts).

Only keys that a check has made itself are ever revoked, and no request names any other.
"""

import threading
from dataclasses import replace

from conformance.catalogue.mends import KEY_STATUS, WHOLE_ID
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, edit_body, on_requests
from conformance.probe.applicability import both, needs_bearer_token
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.pages import make
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.revocation import (
    NOT_LISTED,
    VENDOR,
    end_wanted,
    is_listed_as_active,
    new_resource,
    revocation_of,
    revoke,
    revokes,
    state_of,
)
from conformance.probe.token_exchange import exchange, granted, item_of
from conformance.server.tokens.sabotage import good_answer_again, issued_in
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.members import JsonObject, identifier_in


def _doing_nothing() -> Tamper:
    def tamper(request: Request, forward: Forward) -> Answer:
        return Answer(204) if request.method == "DELETE" else forward(request)

    return tamper


def _refusing_and_doing() -> Tamper:
    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method == "DELETE" and request.partner:
            forward(replace(request, partner=0))
            return Answer(404)
        return forward(request)

    return tamper


def _revoking_another() -> Tamper:
    made: list[str] = []
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        with lock:
            made.extend(issued_in(answer))
        if request.method == "DELETE":
            for one in made:
                forward(replace(request, path=f"{request.path.rpartition('/')[0]}/{one}"))
        return answer

    return tamper


DO_NOTHING = Sabotage("say revoked and do nothing", _doing_nothing)


_TOGETHER = 5
"""So many are made at once, of which one ends."""

ALL_ACTIVE = edit_body(
    200,
    "list every key as active",
    lambda page: [one.update(status="active") for one in page.get("data", [])],
)


@requirement(
    "revocation.revoked-key-is-listed-as-revoked",
    Level.SHOULD,
    VENDOR,
    revokes,
    needs=(Capability.REVOCATION, Capability.LISTING),
    mend=KEY_STATUS,
)
@catches(DO_NOTHING, ALL_ACTIVE)
def revoked_key_is_listed_as_revoked(probe: Probe) -> None:
    """What was revoked or deleted says so in the list, or is not there any more."""
    made = new_resource(probe)
    if not is_listed_as_active(probe, made):
        raise NotVerified(NOT_LISTED)
    before = item_of(probe, made)
    revoke(probe, made)
    after = item_of(probe, made)
    status = None if after is None else probe.resource.condition(after)
    holds = status in {"revoked", None} or (not probe.resource.ended_states and after != before)
    expected = f"{end_wanted(probe.resource)} in the list, or no item"
    probe.expect(holds, expected, state_of(probe.resource, after))


@requirement(
    "revocation.revoked-key-gets-no-token",
    Level.SHOULD,
    VENDOR,
    revokes,
    needs=(Capability.REVOCATION, Capability.TOKENS),
    mend=KEY_STATUS,
)
@catches(DO_NOTHING, Sabotage("give a key its token for ever", good_answer_again))
def revoked_key_gets_no_token(probe: Probe) -> None:
    """A revoked key gets no new token, at once and for good."""
    used, unused = new_resource(probe), new_resource(probe)
    if not granted(exchange(probe, used)):
        raise NotVerified("a new key gets no token")
    for made in (used, unused):
        revoke(probe, made)
        for _ in range(2):
            answer = exchange(probe, made)
            probe.expect(not granted(answer), "no token for a revoked key", f"{answer.status}")


@requirement(
    "revocation.only-ones-own",
    Level.MUST,
    "safety: nobody ends what another partner has made",
    both(revokes, needs_bearer_token),
    needs=(Capability.REVOCATION, Capability.SECOND_PARTNER, Capability.LISTING),
    mend=WHOLE_ID,
)
@catches(
    on_requests(
        "take all for one partner",
        lambda one: replace(one, partner=0) if one.method == "DELETE" else one,
    ),
    Sabotage("refuse another partner and do it", _refusing_and_doing),
)
def only_ones_own(probe: Probe) -> None:
    """Another partner cannot revoke or delete a resource, whatever it is told."""
    made = new_resource(probe)
    if not is_listed_as_active(probe, made):
        raise NotVerified(NOT_LISTED)
    answer = probe.send(replace(revocation_of(probe, made), partner=1))
    item = item_of(probe, made)
    probe.expect(
        item is not None and probe.resource.condition(item) == "active",
        "the resource as it was after another partner's attempt",
        f"{state_of(probe.resource, item)} after the answer {answer.status}",
    )


@requirement(
    "revocation.leaves-others-alone",
    Level.MUST,
    "safety: a revocation ends what it names",
    revokes,
    needs=(Capability.REVOCATION, Capability.LISTING),
    mend=WHOLE_ID,
)
@catches(Sabotage("revoke other keys too", _revoking_another))
def leaves_others_alone(probe: Probe) -> None:
    """The end of one resource leaves those made before and after it as they were."""
    # Together they are next to each other, whatever else is made meanwhile.
    made = make(probe, _TOGETHER)
    ids = [probe.known_id_of(one) for one in made]
    condition, found = probe.resource.condition, list[str]()
    for _ in probe.looks():
        listed = _listed(probe)
        found = [one for one in listed if one in ids and condition(listed[one]) == "active"]
        if len(found) == len(ids):
            break
    else:
        raise NotVerified(NOT_LISTED)
    named = found[len(found) // 2]
    revoke(probe, made[ids.index(named)])
    after = _listed(probe)
    for one in found:
        item = after.get(one)
        expected = one == named or (item is not None and condition(item) == "active")
        probe.expect(expected, "the others as they were", state_of(probe.resource, item))


def _listed(probe: Probe) -> dict[str, JsonObject]:
    """The items of the list, in its order, by id."""
    items = ((identifier_in(one, probe.resource.id), one) for one in probe.listed())
    return {id_: one for id_, one in items if id_ is not None}


def _revoking_namesakes() -> Tamper:
    """A revocation revokes all keys of that name, as they were made through here."""
    made: list[tuple[str, str]] = []
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        with lock:
            name, handle = answer.text("name"), answer.text("client_id")
            if name and handle:
                made.append((name, handle))
        path, _, revoked = request.path.rpartition("/")
        if request.method == "DELETE":
            names = {name for name, handle in made if handle == revoked}
            for name, handle in made:
                if name in names and handle != revoked:
                    forward(replace(request, path=f"{path}/{handle}"))
        return answer

    return tamper


@requirement(
    "revocation.namesakes-stay",
    Level.MUST,
    "safety: a revocation ends what it names, and nothing else",
    revokes,
    needs=(Capability.REVOCATION, Capability.LISTING),
    mend=WHOLE_ID,
)
@catches(Sabotage("revoke all of one name", _revoking_namesakes))
def namesakes_stay(probe: Probe) -> None:
    """The end of a resource leaves another one of the same name as it was."""
    maker = probe.creating
    request = maker.request()
    revoked, other = maker.succeed(request), answer_to(maker, maker.anew(request))
    if other.status != maker.operation.success_status or maker.id_of(other) == maker.id_of(revoked):
        raise NotServed("the target takes one and the same request once")
    if not is_listed_as_active(probe, other):
        raise NotVerified(NOT_LISTED)
    revoke(probe, revoked)
    item = item_of(probe, other)
    is_there = item is not None and probe.resource.condition(item) == "active"
    probe.expect(is_there, "another one of the same name as it was", state_of(probe.resource, item))
