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
from conformance.probe.reads import (
    BY_ID,
    is_same,
    is_shown,
    item_in,
    looks,
    make,
    request_for,
    shown,
)
from conformance.probe.values import Lack, Values
from conformance.probe.violation import Violation
from conformance.server.operations.usual import DONE, do_what_is_undone, served
from conformance.server.reads.sabotage import REMEMBERED
from conformance.target.members import JsonObject
from openapi.item_members import ItemPlace
from openapi.item_paths import shape_of
from openapi.names import spelt
from openapi.operation import Operation
from openapi.opposites import undone_by
from openapi.reads import acted_on_by
from openapi.schema import types_of

_AT_ONCE = {HTTPStatus.OK, HTTPStatus.CREATED}
"""The answers of an action after which it is done."""

_NAMES = {"status", "state"}
"""What the state of an item is called."""

_STEM = 4
"""So many letters of the word of an action are in the members that are called after it."""

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
        and (name in _NAMES or _is_of_few(one))
    ]


def _undoes(operation: Operation) -> bool:
    """Whether an action undoes another, or a deletion, at once."""
    read, is_at_once = acted_on_by(operation), operation.success_status in DONE
    is_seen = read is not None and read.shown is not None
    return is_seen and is_at_once and undone_by(operation) is not None


def _is_of_few(definition: Mapping[str, Any]) -> bool:
    """Whether a member has one of a few values, and not always the same."""
    return "boolean" in types_of(definition) or len(definition.get("enum", ())) > 1


def _differing(operation: Operation, one: JsonObject, other: JsonObject) -> list[str]:
    """The members by which two reads of an item tell of different states.

    Those have one of a few values, or are null or not there in one of the two.
    """
    read = acted_on_by(operation)
    known = read.shown.members if read and read.shown else {}
    return [
        name
        for name, definition in known.items()
        if not is_same(one.get(name), other.get(name))
        and (name in _NAMES or _is_of_few(definition) or None in (one.get(name), other.get(name)))
    ]


def undone_members(operation: Operation, fresh: JsonObject, before: JsonObject) -> list[str]:
    """The members that show what an action undoes, by two reads: before that was done, and after.

    What is null in one of them is that only where it is called so: ``archivedAt`` for ``/archive``.
    """
    read, first = acted_on_by(operation), undone_by(operation)
    known = read.shown.members if read and read.shown else {}
    word = shape_of(first.path).rpartition("/")[2] if first and first.method == "POST" else "delete"
    return [
        name
        for name in _differing(operation, fresh, before)
        if name in _NAMES or _is_of_few(known[name]) or spelt(word)[:_STEM] in spelt(name)
        if not any(_ON_ITS_WAY.search(str(one.get(name))) for one in (fresh, before))
    ]


@requirement(
    "operations.action-is-shown",
    Level.MUST,
    BY_ID,
    lambda operation: bool(_states(operation)) or _undoes(operation),
    mend="Store the state that an action answers with, where the read of the item finds it.",
)
@catches(REMEMBERED)
def action_is_shown(probe: Probe) -> None:
    """After an action whose answer tells another state, or that undoes one, the read shows another.

    What an action undoes, as ``/unarchive`` does ``/archive``, is done before it.
    """
    operation, read = probe.operation, changed_read(probe)
    reading = probe.of(read.operation)
    made = make(reading)
    fresh = before = item_in(read.shown, shown(reading, made)) or {}
    undone: list[str] = []
    if do_what_is_undone(probe, made):
        done = answer_to(reading, request_for(reading, made))
        if not is_shown(reading, done) and not done.is_not_there:
            raise NotServed(f"the read answers {done.status} to what is to be undone")
        before = item_in(read.shown, done) or {}
        undone = undone_members(operation, fresh, before) if before else [read.id]
    answer = served(probe, changing(probe, made))
    told = (item_in(_place(operation), answer) or {}) if answer.status in _AT_ONCE else {}
    is_on_its_way = any(_ON_ITS_WAY.search(str(told.get(name))) for name in undone)
    is_another = told.get(read.id, fresh.get(read.id)) != fresh.get(read.id)
    if answer.status not in DONE or is_on_its_way or is_another:
        undone = []
    names = [
        name
        for name in _states(operation)
        if name in told
        and name in before
        and not is_same(before[name], told[name])
        and not _ON_ITS_WAY.search(str(told[name]))
    ]
    if not is_same(before.get(read.id), told.get(read.id)):
        names = []
    if not names and not undone:
        raise NotServed("the answer tells of no change that lasts")
    for _ in looks(probe):
        after = answer_to(reading, request_for(reading, made))
        item = item_in(read.shown, after) or {}
        left = [name for name in names if is_same(before[name], item.get(name))]
        left = left or (undone if not _differing(operation, before, item) else [])
        if not left or (before and not is_shown(reading, after)):
            return
    wanted = told if names else fresh
    seen = [Values(f"/{name}", item.get(name, Lack.ABSENT), wanted.get(name)) for name in left]
    if names:
        raise Violation(f"the {left[0]} that the action was answered with", "another", values=seen)
    if before:
        raise Violation(f"another {left[0]} than before", "the same", values=seen)
    raise Violation("the item under its id again", f"{after.status}", values=seen)
