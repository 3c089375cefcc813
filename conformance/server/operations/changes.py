"""Requirements on the operations that change an item by its id: PUT, PATCH and actions."""

from http import HTTPStatus

from conformance.catalogue.mends import UNKNOWN_IDS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import set_status
from conformance.probe.changes import changed_read, changed_text, changing, read_behind
from conformance.probe.not_verified import NotServed, refused_with
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import (
    BY_ID,
    is_shown,
    item_in,
    looks,
    make,
    refusals_of_unknown,
    request_for,
    shown,
    unknown_id,
)
from conformance.probe.values import Lack, Values
from conformance.probe.violation import Violation
from conformance.server.operations.sabotage import CHANGE_NOTHING, CHANGE_SOMETHING, FORGET_THE_REST
from conformance.server.operations.usual import make_changed, served
from conformance.target.exchange import Answer
from openapi.operation import Operation
from openapi.reads import refuses_unknown

_AT_ONCE = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}
"""The documented successes after which a change is there."""


def _changes_text(operation: Operation) -> bool:
    return operation.success_status in _AT_ONCE and changed_text(operation) is not None


def _refuses_unknown(operation: Operation) -> bool:
    # A PUT that may answer 201 makes what is not there.
    makes = operation.documents(HTTPStatus.CREATED)
    return read_behind(operation) is not None and refuses_unknown(operation) and not makes


@requirement(
    "operations.change-is-shown",
    Level.MUST,
    BY_ID,
    _changes_text,
    mend="Store what a PUT or PATCH has accepted, where the read of the item finds it.",
)
@catches(CHANGE_NOTHING)
def change_is_shown(probe: Probe) -> None:
    """After a PUT or PATCH that succeeds, the read of the item shows the changed text."""
    read, member = changed_read(probe), changed_text(probe.operation) or ""
    reading, text = probe.of(read.operation), probe.new_name()
    made = make(reading)
    served(probe, changing(probe, made, text))
    found, answer = Values(f"/{member}", Lack.ABSENT, text), Answer(HTTPStatus.NOT_FOUND)
    for _ in looks(probe):
        answer = answer_to(probe, request_for(reading, made))
        if is_shown(reading, answer):
            item = item_in(read.shown, answer) or {}
            found = found._replace(actual=item.get(member, Lack.ABSENT))
            if item.get(member) == text:
                return
    if not is_shown(reading, answer):
        raise refused_with(answer.status, f"{read.operation.id} answers {answer.status}")
    raise Violation(f"the {member} that was accepted", "another", values=[found])


@requirement(
    "operations.unknown-id-is-404",
    Level.MUST,
    BY_ID,
    _refuses_unknown,
    mend=UNKNOWN_IDS,
)
@catches(CHANGE_SOMETHING, set_status(404, 200))
def unknown_id_is_404(probe: Probe) -> None:
    """A change of an id that names nothing gets 404, or another documented refusal of the id."""
    reading = probe.of(changed_read(probe).operation)
    made = [make_changed(probe), make_changed(probe)]
    served(probe, changing(probe, made[-1]))
    answer = answer_to(probe, changing(probe, made[-1], own=unknown_id(reading, made)))
    holds = answer.status in refusals_of_unknown(probe.operation)
    probe.expect(holds, "404 to the change of an id that names nothing", f"{answer.status}")


def _patches_text(operation: Operation) -> bool:
    found = read_behind(operation) if operation.method == "PATCH" else None
    others = {*found.kept} - {changed_text(operation)} if found else set()
    return _changes_text(operation) and bool(others)


@requirement(
    "operations.patch-keeps-the-rest",
    Level.MUST,
    "RFC 5789 section 2: a PATCH changes what it names; RFC 7396",
    _patches_text,
    mend="Change only the members that a PATCH has, and leave all others as they are stored.",
)
@catches(FORGET_THE_REST)
def patch_keeps_the_rest(probe: Probe) -> None:
    """After a PATCH of one text, the read still shows the members that it did not have."""
    read, made = changed_read(probe), make_changed(probe)
    reading = probe.of(read.operation)
    before = item_in(read.shown, shown(reading, made)) or {}
    request = changing(probe, made, probe.new_name())
    served(probe, request)
    after = item_in(read.shown, shown(reading, made)) or {}
    rest = [name for name in read.kept if before.get(name) and name not in request.members]
    if not rest:
        raise NotServed("the item has no other member that a client sends")
    for name in rest:
        seen = Values(f"/{name}", after.get(name, Lack.ABSENT), before[name])
        kept = after.get(name) is not None
        probe.expect(kept, f"the {name} that the PATCH did not have", "none", seen)
