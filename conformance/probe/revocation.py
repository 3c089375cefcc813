"""Revocation of keys that a check has created, and their status afterwards."""

from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.token_exchange import created, item_of
from conformance.target.entity_tags import NO_MATCH
from conformance.target.exchange import Answer, Request
from conformance.target.members import JsonObject, text_in
from openapi.operation import Operation
from openapi.resource import ACTIVE, REVOKED, Resource

VENDOR = "vendor facts: DELETE /auth/credentials/{client_id} revokes at once and for good, 204"


def revokes(operation: Operation) -> bool:
    """The operation revokes one resource by its id."""
    return operation.resource is not None and operation.resource.revoke is operation


def revocation_by_text(probe: Probe, text: str, partner: int = 0) -> Request:
    """The request that revokes the resource with this text as its handle in the path."""
    return probe.request(partner, own=text)


def revocation_of(probe: Probe, made: Answer, partner: int = 0) -> Request:
    """The request that revokes a key."""
    return probe.on_one(probe.known_handle_of(made), partner)


def matched(answer: Answer) -> Answer:
    """The answer to a revocation; nothing is verified where it refuses the entity tag alone."""
    if answer.status in NO_MATCH:
        raise NotVerified(f"the target answers {answer.status} to the entity tag of a new item")
    return answer


def revoke(probe: Probe, made: Answer) -> Answer:
    """Revoke a key; nothing is verified where that fails."""
    answer = answer_to(probe, revocation_of(probe, made))
    if not answer.is_success:
        what = f"the {probe.words.end} of a new {probe.words.thing}"
        raise NotVerified(f"the target answered {answer.status} to {what}")
    return answer


def expect_ended_when_new(probe: Probe, status: int) -> None:
    """Nothing is verified by a refusal that what is new gets too: its state may not allow the end.

    A draft may not be voided, and an item may have to be empty.
    """
    answer = answer_to(probe, revocation_of(probe, new_resource(probe)))
    if answer.status == status:
        raise NotServed(f"the target answers {status} to {probe.operation.id} on a new item")


def new_resource(probe: Probe, partner: int = 0) -> Answer:
    """The answer to the creation of what the operation revokes."""
    if probe.resource is probe.contract.credentials and probe.contract.token_operation:
        return created(probe, partner)
    maker = probe.creating
    return maker.make(partner)


def is_listed_as_active(probe: Probe, made: Answer) -> bool:
    """Whether the list shows a new key as active, which may take it a moment."""
    return any(listed_status(probe, made) == "active" for _ in probe.looks())


NOT_LISTED = "the list does not show what was made, or not as something that is there"


def state_of(resource: Resource, item: JsonObject | None) -> str:
    """What an item of the list says of its state, in the words of the contract."""
    if item is None:
        return "no item"
    state = text_in(item, resource.state or "")
    if state in resource.states:
        return state
    said = {ACTIVE: "an item as before", REVOKED: "an ended item"}
    return said.get(resource.condition(item), "an item of another state")


def state_wanted(resource: Resource, item: JsonObject) -> str:
    """What the list is to say of an item that stays as it is here."""
    state = state_of(resource, item)
    return f"the {resource.state} {state}" if state in resource.states else "an item as before"


def end_wanted(resource: Resource) -> str:
    """What the list is to say of an item that has ended."""
    ended = " or ".join(resource.ended_states)
    return f"the {resource.state} {ended}" if ended else "something that says that it has ended"


def listed_status(probe: Probe, made: Answer) -> str | None:
    """The status of a key in the list; None where the list does not have it."""
    item = item_of(probe, made)
    return None if item is None else probe.resource.condition(item)
