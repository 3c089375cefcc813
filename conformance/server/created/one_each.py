"""A request makes one resource, as the list shows (seed: Creates a new credential pair)."""

import itertools
import threading
from http import HTTPStatus

from conformance.catalogue.mends import EXECUTE_EACH
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, body_of, on_answers, with_body
from conformance.probe.applicability import echoes_name, names_freely
from conformance.probe.not_verified import NotServed, NotVerified, Undecided
from conformance.probe.pages import NOT_LISTED, make_many
from conformance.probe.plain_requests import NEW_NAME
from conformance.probe.probe import Probe
from conformance.probe.resources import expect_named
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.members import identifier_in


def _sending_twice() -> Tamper:
    """A gateway that sends a request to its server again, and answers with the second answer."""
    lock = threading.Lock()

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method == "POST" and b'"name"' in request.body:
            with lock:
                forward(request)
        return forward(request)

    return tamper


def _one_of_each_name(request: Request, answer: Answer) -> Answer:
    if request.method != "GET" or answer.status != HTTPStatus.OK:
        return answer
    page = body_of(answer)
    by_name = {item["name"]: item for item in page["data"]}
    return with_body(answer, {**page, "data": list(by_name.values())})


@requirement(
    "created.each-request-makes-one",
    Level.MUST,
    "seed: Creates a new credential pair",
    names_freely,
    needs=(Capability.LISTING,),
    mend=EXECUTE_EACH,
)
@catches(
    Sabotage("send each creation twice", _sending_twice),
    on_answers("list one of each name", _one_of_each_name),
)
def each_request_makes_one(probe: Probe) -> None:
    """Two equal requests without a key make two resources, or the second one is refused.

    Where the client has named what it makes, both make the same one.
    """
    body = probe.plain_body()
    request = probe.request().with_json(body)
    expect_named(probe, request)
    answers = [probe.succeed(request), probe.send(probe.anew(request))]
    if any(answer.is_repeated for answer in answers):
        raise Undecided("a creation was sent again, and may have been carried out before")
    successes = [one for one in answers if one.status == probe.operation.success_status]
    chosen = Answer(0, body=request.body).identifier(probe.resource.id)
    is_one = chosen is not None and {probe.id_of(one) or chosen for one in successes} == {chosen}
    wanted = 1 if is_one else len(successes)
    found = len(probe.named(body[probe.name_member], fewest=wanted))
    if not found:
        raise NotVerified(NOT_LISTED)
    probe.expect(found == wanted, f"{wanted} in the list for {wanted} creations", f"{found}")


def _sending_each_tenth_twice() -> Tamper:
    numbers = itertools.count(1)

    def tamper(request: Request, forward: Forward) -> Answer:
        is_creation = request.method == "POST" and b'"name"' in request.body
        if is_creation and request.key is None and not next(numbers) % 10:
            forward(request)
        return forward(request)

    return tamper


@requirement(
    "created.nothing-is-made-twice",
    Level.MUST,
    "seed: Creates a new credential pair",
    echoes_name,
    needs=(Capability.LISTING,),
    observes_run=True,
    mend=EXECUTE_EACH,
)
@catches(Sabotage("send each tenth creation twice", _sending_each_tenth_twice))
def nothing_is_made_twice(probe: Probe) -> None:
    """What one request alone asked for in a run is in the list once."""
    make_many(probe.listing)
    ids: dict[object, set[str]] = {}
    for item in probe.listing.listed():
        name, id_ = item.get(probe.name_member), identifier_in(item, probe.resource.id)
        if isinstance(name, str) and id_ is not None:
            ids.setdefault(name, set()).add(id_)
    asked = probe.target.plain_creations.asked_once
    # Other names may be those of keys that are older than the run.
    names = [name for partner, name in asked if partner == 0 and NEW_NAME.search(name)]
    for name in names:
        found = len(ids.get(name, ()))
        probe.expect(found <= 1, "one in the list for one request", f"{found}")
    if not any(name in ids for name in names):
        raise NotServed("the list shows nothing that a plain body with a new name has made")
