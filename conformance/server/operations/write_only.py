"""What is sent and never shown: members with ``writeOnly``."""

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.applicability import lists
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.reads import item_in, read, reads, shown
from conformance.probe.values import Lack, Values
from conformance.probe.violation import Violation
from conformance.server.operations.sabotage import SHOW_ALL
from conformance.target.exchange import Answer
from conformance.target.members import JsonObject, identifier_in
from openapi.operation import Operation
from openapi.resource import creates, item_members, request_members, success_members

_NOTHING: tuple[object, ...] = (None, "", [], {})
"""Values that say nothing of what was sent."""


def _write_only(operation: Operation) -> list[str]:
    """The members that clients set, and that the documented answer of the operation does not show.

    None where the contract does not say what the answer shows.
    """
    resource = operation.resource
    answered = item_members(operation) if lists(operation) else success_members(operation)
    if resource is None or not answered:
        return []
    visible = {name for name, one in answered.items() if one.get("writeOnly") is not True}
    sent = request_members(resource.create).items()
    return [name for name, one in sent if one.get("writeOnly") is True and name not in visible]


def _hides(operation: Operation) -> bool:
    contract = operation.contract
    is_other = contract is not None and not contract.is_bundled
    is_known = creates(operation) or lists(operation) or reads(operation)
    return is_other and is_known and bool(_write_only(operation))


@requirement(
    "operations.write-only-is-not-shown",
    Level.SHOULD,
    "OpenAPI 3.0 section 4.7.24.2; JSON Schema 2020-12, validation, section 9.4: writeOnly",
    _hides,
    mend="Leave members with writeOnly out of every answer.",
)
@catches(SHOW_ALL)
def write_only_is_not_shown(probe: Probe) -> None:
    """The creation, read or list of an item does not show what was sent as a writeOnly member."""
    probe.creating.make()
    request, made = probe.recording.exchanges[-1]
    sent = {name: request.members.get(name) for name in _write_only(probe.operation)}
    sent = {name: value for name, value in sent.items() if value not in _NOTHING}
    if not sent:
        raise NotServed("plain requests have no writeOnly member: give an example with one")
    item = _item(probe, made)
    for name, value in sent.items():
        if item.get(name) == value:
            seen = Values(f"/{name}", Lack.HIDDEN)
            raise Violation(f"no {name}, which is writeOnly", "what was sent", values=[seen])


def _item(probe: Probe, made: Answer) -> JsonObject:
    """The item that was made, as the operation shows it."""
    if creates(probe.operation):
        return {name: made.field(name) for name in _write_only(probe.operation)}
    if lists(probe.operation):
        own, id_ = probe.known_id_of(made), probe.resource.id
        items = (one for one in probe.listed() if identifier_in(one, id_) == own)
        found = next(items, None)
    else:
        found = item_in(read(probe).shown, shown(probe, made))
    if found is None:
        raise NotVerified("the answer shows no item with the id that was made")
    return found
