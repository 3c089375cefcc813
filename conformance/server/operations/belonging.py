"""Requirements on whose item is changed or deleted: that of the parent in the path, of the partner.

What counts is what becomes of the item: the answer alone says little of a DELETE.
"""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import NamedTuple

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.applicability import opens_for_partner
from conformance.probe.changes import changed_text, changing, read_behind
from conformance.probe.not_verified import NotServed
from conformance.probe.pages import COUNTED
from conformance.probe.parents import in_another_parent, parent_of
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import (
    BY_ID,
    id_of,
    is_same,
    is_shown,
    item_in,
    looks,
    make,
    request_for,
    shown,
)
from conformance.probe.values import Values
from conformance.probe.violation import Violation
from conformance.server.operations.actions import done_members, is_done, undone_members
from conformance.server.operations.sabotage import FOR_ANYBODY, IN_ANY_PARENT
from conformance.server.operations.usual import do_what_is_undone
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Request
from conformance.target.members import JsonObject
from openapi.operation import Operation
from openapi.opposites import undone_by
from openapi.reads import Read, read_of, refuses_unknown
from openapi.resource import REVOKED, puts_items


def _touched(operation: Operation) -> Read | None:
    """The read of the item that a PUT, PATCH, action or DELETE is on, and that says of whose."""
    if operation.method != "DELETE":
        found = read_behind(operation)
        if _may_make(operation):
            # It knows no id that names nothing, but the read of what it makes does.
            is_known = found is not None and refuses_unknown(found.operation)
            return found if is_known and puts_items(operation) else None
        return found if refuses_unknown(operation) else None
    resource = operation.resource if refuses_unknown(operation) else None
    found = read_of(resource.read) if resource and resource.read else None
    return found if found and found.delete is operation else None


def _may_make(operation: Operation) -> bool:
    """Whether an operation may make another item of the same id, of another parent or partner."""
    return operation.documents(HTTPStatus.CREATED)


def _is_in_parent(operation: Operation) -> bool:
    found = None if _may_make(operation) else _touched(operation)
    return found is not None and bool(parent_of(found.resource))


def _is_of_partner(operation: Operation) -> bool:
    found = _touched(operation)
    # A list shows what another partner's DELETE did: there is a requirement on that.
    is_listed = operation.method == "DELETE" and found and found.resource.list
    return found is not None and opens_for_partner(operation) and not is_listed


@requirement(
    "operations.belongs-to-its-parent",
    Level.MUST,
    BY_ID,
    _is_in_parent,
    mend="Look up an item by its id and each id above it in the path, and answer 404 otherwise.",
)
@catches(IN_ANY_PARENT)
def belongs_to_its_parent(probe: Probe) -> None:
    """A change or deletion of an id under another parent than its own does nothing to the item."""
    item = _new_item(probe)
    request = _request(probe, item.made, text := probe.new_name())
    other = in_another_parent(probe, _known(probe).resource, request)
    _expect_untouched(probe, item, other, text, "another parent's")


@requirement(
    "operations.belongs-to-its-partner",
    Level.MUST,
    "safety: nobody changes what another partner has made",
    _is_of_partner,
    needs=(Capability.SECOND_PARTNER,),
    mend="Look up an item by its id and the token's partner, and answer 404 to any other.",
)
@catches(FOR_ANYBODY)
def belongs_to_its_partner(probe: Probe) -> None:
    """A change or deletion of another partner's id does nothing to the item."""
    item = _new_item(probe)
    request = _request(probe, item.made, text := probe.new_name())
    _expect_untouched(probe, item, replace(request, partner=1), text, "another partner's")


class _Item(NamedTuple):
    """An item, as it was read when it was made, and before the request of others."""

    made: Answer
    fresh: JsonObject
    before: JsonObject

    @property
    def is_new(self) -> bool:
        """Whether nothing was done to it."""
        return self.before is self.fresh


def _new_item(probe: Probe) -> _Item:
    """An item, to which is done what the operation undoes where the read shows it still."""
    known, reading = _known(probe), _reading(probe)
    made = make(reading)
    fresh = item_in(known.shown, shown(reading, made)) or {}
    first = undone_by(probe.operation)
    if first and first.method == "POST" and do_what_is_undone(probe, made):
        before = answer_to(reading, request_for(reading, made))
        if is_shown(reading, before):
            return _Item(made, fresh, item_in(known.shown, before) or {})
        made = make(reading)
        fresh = item_in(known.shown, shown(reading, made)) or {}
    return _Item(made, fresh, fresh)


def _known(probe: Probe) -> Read:
    found = _touched(probe.operation)
    if found is None:
        raise NotServed(f"{probe.operation.id} changes no item that a read shows")
    return found


def _reading(probe: Probe) -> Probe:
    return probe.of(_known(probe).operation)


def _request(probe: Probe, made: Answer, text: str) -> Request:
    """The request that changes, or deletes, an item that was made."""
    if probe.operation.method == "DELETE":
        return probe.on_one(id_of(_reading(probe), made))
    return changing(probe, made, text)


def _expect_untouched(probe: Probe, own: _Item, request: Request, text: str, whose: str) -> None:
    """A request on an item of others, as ``whose`` says, is refused, and the item stays.

    Where a server counts ids, or clients choose them, a request that is taken may be on another
    item of the same id.
    """
    known, reading, made = _known(probe), _reading(probe), own.made
    answer = answer_to(probe, request)
    after = answer_to(reading, request_for(reading, made))
    item = item_in(known.shown, after) or {}
    had_ended = known.resource.condition(own.before) == REVOKED

    def has_ended(answer: Answer) -> bool:
        now = known.resource.condition(item_in(known.shown, answer) or {})
        return answer.is_not_there or (
            is_shown(reading, answer) and now == REVOKED and not had_ended
        )

    if has_ended(after) and not _is_by_itself(probe, has_ended):
        seen = f"{after.status} after the answer {answer.status}"
        raise Violation(f"the item still there after a request for {whose}", seen)
    for name in undone_members(probe.operation, own.fresh, own.before):
        if name in item and is_same(own.fresh.get(name), item[name]):
            seen = f"another after the answer {answer.status}"
            value = Values(f"/{name}", item[name], own.before.get(name))
            raise Violation(
                f"the {name} as it was after a request for {whose}", seen, values=[value]
            )
    done = {
        name: value
        for name, value in (done_members(probe.operation) if own.is_new else {}).items()
        if is_done({name: value}, item) and not is_done({name: value}, own.before)
    }

    def shows_done(answer: Answer) -> bool:
        return is_done(done, item_in(known.shown, answer) or {})

    if done and not _is_by_itself(probe, shows_done):
        seen = f"another after the answer {answer.status}"
        values = [Values(f"/{one}", item[one], own.before.get(one)) for one in done]
        raise Violation(f"the {next(iter(done))} as it was after a request for {whose}", seen,
                        values=values)  # fmt: skip
    member = changed_text(probe.operation)
    if member and item.get(member) == text:
        seen = f"another after the answer {answer.status}"
        value = Values(f"/{member}", text, "the value before")
        raise Violation(f"the {member} as it was after a request for {whose}", seen, values=[value])
    is_own = _may_make(probe.operation) or COUNTED.fullmatch(id_of(reading, made))
    is_told = probe.operation.method == "DELETE" or is_own
    if answer.is_success and not is_told:
        raise Violation(f"a refusal of {whose} id", f"{answer.status}")


def _is_by_itself(probe: Probe, is_so: Callable[[Answer], bool]) -> bool:
    """Whether the read of a new item comes to be so, which nobody has asked for."""
    reading = _reading(probe)
    made = make(reading)
    answer = shown(reading, made)
    for _ in looks(probe):
        if is_so(answer):
            return True
        answer = answer_to(reading, request_for(reading, made))
    return is_so(answer)
