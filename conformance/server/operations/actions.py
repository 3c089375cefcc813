"""Requirements on actions: what an action says of the state of its item, the read shows then."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.changes import changed_read, changing
from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import BY_ID, is_same, is_shown, item_in, looks, request_for, shown
from conformance.probe.values import Lack, Values
from conformance.probe.violation import Violation
from conformance.server.operations.usual import make_changed, served
from conformance.server.reads.sabotage import REMEMBERED
from openapi.item_members import ItemPlace
from openapi.operation import Operation
from openapi.reads import acted_on_by
from openapi.schema import types_of

_AT_ONCE = {HTTPStatus.OK, HTTPStatus.CREATED}
"""The answers of an action after which it is done."""

_ON_ITS_WAY = re.compile(
    r"ing$|pend|queue|schedul|request|start|accept|submit|initiat|progress|wait", re.IGNORECASE
)
"""What a state is called that an item may leave by itself, for the one before it too."""


def _place(operation: Operation) -> ItemPlace | None:
    """Where the answer of an action has its item."""
    read, answer = acted_on_by(operation), operation.response(operation.success_status)
    media_type = answer.json_content if answer else None
    if read is None or media_type is None or media_type.schema is None:
        return None
    return read.collection.place_in(media_type.schema.definition)


def _states(operation: Operation) -> list[str]:
    """The members by which the answer of an action and the read tell the state of the item."""
    read, place = acted_on_by(operation), _place(operation)
    if read is None or read.shown is None or place is None:
        return []
    if operation.success_status not in _AT_ONCE:
        return []
    return [
        name
        for name, one in read.shown.members.items()
        if name in place.members
        # With other values it may be another thing that the answer shows.
        and place.members[name].get("enum") == one.get("enum")
        and (name in {"status", "state"} or _is_of_few(one))
    ]


def _is_of_few(definition: Mapping[str, Any]) -> bool:
    """Whether a member has one of a few values, and not always the same."""
    return "boolean" in types_of(definition) or len(definition.get("enum", ())) > 1


@requirement(
    "operations.action-is-shown",
    Level.MUST,
    BY_ID,
    lambda operation: bool(_states(operation)),
    mend="Store the state that an action answers with, where the read of the item finds it.",
)
@catches(REMEMBERED)
def action_is_shown(probe: Probe) -> None:
    """After an action whose answer tells a new state, the read does not show the one before."""
    read, made = changed_read(probe), make_changed(probe)
    reading = probe.of(read.operation)
    before = item_in(read.shown, shown(reading, made)) or {}
    answer = served(probe, changing(probe, made))
    told = (item_in(_place(probe.operation), answer) or {}) if answer.status in _AT_ONCE else {}
    names = [
        name
        for name in _states(probe.operation)
        if name in told
        and name in before
        and not is_same(before[name], told[name])
        and not _ON_ITS_WAY.search(str(told[name]))
    ]
    if not names or not is_same(before.get(read.id), told.get(read.id)):
        raise NotServed("the answer tells of no change that lasts")
    for _ in looks(probe):
        after = answer_to(reading, request_for(reading, made))
        item = item_in(read.shown, after) or {}
        left = [name for name in names if is_same(before[name], item.get(name))]
        if not is_shown(reading, after) or not left:
            return
    seen = [Values(f"/{name}", item.get(name, Lack.ABSENT), told[name]) for name in left]
    raise Violation(f"the {left[0]} that the action was answered with", "another", values=seen)
