"""Requirements on actions: what an action says of the state of its item, the read shows then."""

import re
from collections.abc import Mapping
from functools import cache
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
from conformance.server.operations.sabotage import IDLE
from conformance.server.operations.usual import DONE, do_what_is_undone, make_changed, served
from conformance.server.reads.sabotage import REMEMBERED
from conformance.target.exchange import Answer
from conformance.target.members import JsonObject
from openapi.done_words import DoneWords
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

_AT_WORK = re.compile(r"(?<!pend)(?<!wait)ing$|progress|queue", re.IGNORECASE)
"""What a state is called in which a server is at work, and may do later what is asked of it."""

_AS = re.compile(r"^(mark|set)([-_.]?[Aa]s)?([-_.]|(?=[A-Z]))")
"""What stands before the word of what an item is afterwards: ``mark-as-paid``."""

_TOUCHED = re.compile(r"version|revision|etag|updated|modified|changed", re.IGNORECASE)
"""What a member is called that may change though nothing was done."""

_TIMES = {"date", "date-time"}

_ASKED = {
    "activate", "enable", "reactivate", "reenable", "reinstate", "release", "restart", "start",
    "stop",
}  # fmt: skip
"""The words of actions that may wait for an approval, or come when the work is over."""

_TRIED = {"check", "test", "validate", "verify"}
"""The words of actions that may be done, and the item not be so."""


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


def _last_word(operation: Operation) -> str:
    return shape_of(operation.path).rpartition("/")[2]


@cache
def done_members(operation: Operation) -> Mapping[str, str | bool | None]:
    """The members that show an action as done, and their values then: None for any time.

    Of an action with several words nobody knows which is done: ``send-receipt``.
    """
    read, at_once = acted_on_by(operation), operation.success_status in DONE
    if read is None or read.shown is None or not at_once:
        return {}
    words = DoneWords(_AS.sub("", _last_word(operation)), read.shown.members)
    if len(words.words) != 1 or words.words[0].lower() in _TRIED:
        return {}
    sent = read.collection.request_members(read.collection.create)
    state = {name: one for name, one in words.state.items() if name in _NAMES or name not in sent}
    times = [one for one in words.times if read.shown.members[one].get("format") in _TIMES]
    return {**state, **words.flags, **dict.fromkeys(times)}


def is_done(members: Mapping[str, str | bool | None], item: JsonObject) -> bool:
    """Whether an item shows an action as done."""
    return any(
        item.get(name) is not None and (value is None or is_same(value, item[name]))
        for name, value in members.items()
    )


def _tells_done(operation: Operation) -> bool:
    """Whether an item tells that an action on it is done, which is judged by that alone.

    Of an action that undoes another, it is told by another requirement what is undone; but of two
    that undo each other a new item may be before each.
    """
    first, answer = undone_by(operation), operation.response(operation.success_status)
    is_first = first is None or undone_by(first) is operation
    # An answer with something else may say why nothing is done.
    is_of_item = _place(operation) is not None or not (answer and answer.content)
    return is_first and is_of_item and bool(done_members(operation))


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
    word = _last_word(first) if first and first.method == "POST" else "delete"
    return [
        name
        for name in _differing(operation, fresh, before)
        if name in _NAMES or _is_of_few(known[name]) or spelt(word)[:_STEM] in spelt(name)
        if not any(_ON_ITS_WAY.search(str(one.get(name))) for one in (fresh, before))
    ]


def _undone_for_sure(operation: Operation, fresh: JsonObject, before: JsonObject) -> list[str]:
    """As :func:`undone_members`, those that an action which is done cannot leave as they are.

    Each is a state or a flag that is called after what is undone, and that the contract has for
    both reads. A time may be kept as it was.
    """
    read, first = acted_on_by(operation), undone_by(operation)
    if (
        read is None
        or read.shown is None
        or first is None
        or spelt(_last_word(operation)) in _ASKED
    ):
        return []
    done, known = done_members(first), read.shown.members
    return [
        name
        for name in undone_members(operation, fresh, before)
        if done.get(name) is not None and is_same(done[name], before.get(name))
        if fresh.get(name) in known[name].get("enum", (True, False))
    ]


def _undone_before(probe: Probe, made: Answer, fresh: JsonObject) -> tuple[JsonObject, list[str]]:
    """The item on which what the operation undoes is done, and the members that show it.

    It is empty where it is deleted.
    """
    operation, read = probe.operation, changed_read(probe)
    reading = probe.of(read.operation)
    if not do_what_is_undone(probe, made):
        return fresh, []
    done = answer_to(reading, request_for(reading, made))
    if not is_shown(reading, done) and not done.is_not_there:
        raise NotServed(f"the read answers {done.status} to what is to be undone")
    before = item_in(read.shown, done) or {}
    if not before:
        return before, [read.id]
    undone = _undone_for_sure(operation, fresh, before)
    # A state that passes by itself is undone by nobody.
    again = answer_to(reading, request_for(reading, made)) if undone else done
    has_passed = _differing(operation, before, item_in(read.shown, again) or {})
    return before, [] if has_passed else undone


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
    fresh = item_in(read.shown, shown(reading, made)) or {}
    before, undone = _undone_before(probe, made, fresh)
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
    if not told or _differing(operation, fresh, told):
        raise NotServed("the answer does not show the item as it was: its deletion may be final")
    raise Violation("the item under its id again", f"{after.status}", values=seen)


@requirement(
    "operations.action-is-done",
    Level.SHOULD,
    "the contract: a state of the item is called after the action",
    _tells_done,
    mend="Change the state of the item by its action, or answer 202 where that takes time.",
)
@catches(IDLE)
def action_is_done(probe: Probe) -> None:
    """After an action the read shows the state that is called after it, or another than before.

    That is a value of an enumeration, a flag or a time: ``paused``, ``pausedAt`` for ``/pause``.
    """
    operation, read, wanted = probe.operation, changed_read(probe), done_members(probe.operation)
    reading = probe.of(read.operation)
    made = make_changed(probe)
    before = item_in(read.shown, shown(reading, made)) or {}
    if is_done(wanted, before):
        raise NotServed("the item is before the action as it is to be after it")
    if any(_AT_WORK.search(str(before.get(name))) for name in wanted):
        raise NotServed("the target is at work on the item")
    answer = served(probe, changing(probe, made))
    told = item_in(_place(operation), answer) or before
    if answer.status not in DONE or told.get(read.id, before.get(read.id)) != before.get(read.id):
        raise NotServed("the answer tells of no change that is done")
    item: JsonObject = {}
    for _ in looks(probe):
        after = answer_to(reading, request_for(reading, made))
        item = item_in(read.shown, after) or {}
        if not is_shown(reading, after) or is_done(wanted, item) or _has_changed(before, item):
            return
    if any(_ON_ITS_WAY.search(str(told.get(one))) for one in _differing(operation, before, told)):
        raise NotServed("the answer tells of a change that is on its way")
    seen = [
        Values(f"/{name}", item.get(name, Lack.ABSENT), Lack.UNSAID if one is None else one)
        for name, one in wanted.items()
    ]
    raise Violation(f"another {next(iter(wanted))} than before", "the same", values=seen)


def _has_changed(before: JsonObject, item: JsonObject) -> bool:
    """Whether two reads tell of a change, but for a version or the time of the last one."""
    names = (one for one in {*before, *item} if not _TOUCHED.search(one))
    return any(before.get(name) != item.get(name) for name in names)
