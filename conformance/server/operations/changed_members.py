"""Requirements on the members that a PUT or PATCH has changed: they are shown as they were sent."""

import itertools
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.changes import (
    changed_place,
    changed_read,
    changed_text,
    changed_type,
    changing,
)
from conformance.probe.full_items import make_full, sent_place
from conformance.probe.member_values import other_data, other_values
from conformance.probe.not_verified import NotServed, NotVerified, refused_with
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import (
    BY_ID,
    is_kept,
    is_same,
    is_shown,
    is_unchanged,
    item_in,
    looks,
    make,
    request_for,
    shown,
)
from conformance.probe.taken_bodies import is_reference, names_others
from conformance.probe.values import Lack, Values
from conformance.probe.violation import Violation
from conformance.server.operations.sabotage import (
    ANSWER_AS_BEFORE,
    CHANGE_NOTHING,
    CHANGE_TEXTS_ALONE,
    CHANGE_THE_ID,
    IGNORE_NULL,
)
from conformance.server.operations.usual import served
from conformance.target.exchange import Answer, Request
from conformance.target.members import JsonObject, identifier_in
from openapi.media_types import essence
from openapi.operation import Operation
from openapi.reads import changes, moves, updated_by
from openapi.sample import sample_of
from openapi.schema import is_read_only, types_of

AT_ONCE = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}
"""The documented successes after which a change is there."""

_MOST = 10
"""The most members of one operation that are changed, beside its text."""

_TRIES = 3
"""The values of a member that are tried until one is taken."""

_STORE_OR_REFUSE = "Store each member that a PUT or PATCH has accepted, null too, or refuse it."


def changes_text(operation: Operation) -> bool:
    """Whether a PUT or PATCH sets a text that the read of its item shows at once."""
    return operation.success_status in AT_ONCE and changed_text(operation) is not None


def _others(operation: Operation) -> list[str]:
    """The members beside its text that a PUT or PATCH sets and the read shows, flags at last.

    Those are numbers, flags, enumerations, lists, objects, and texts that may be null.
    """
    read, place = updated_by(operation), changed_place(operation)
    if read is None or read.shown is None or place is None:
        return []
    known = read.shown.members
    found = [
        name
        for name, one in place.members.items()
        if operation.success_status in AT_ONCE
        and name in known
        and name != read.id
        and not (changes(name) or is_reference(name) or moves(name))
        and not (is_read_only(one) or is_read_only(known[name]) or "const" in one)
        and (_kind(operation, name) or read.collection.reader.may_be_null(one))
    ]
    # A flag may end or hide an item.
    return sorted(found, key=lambda name: _kind(operation, name) in {"boolean", "enum"})[:_MOST]


def _alternatives(operation: Operation, name: str) -> Sequence[Mapping[str, Any]]:
    """The schemas that a member may have, as a PUT or PATCH takes it."""
    read, place = updated_by(operation), changed_place(operation)
    return read.collection.reader.alternatives(place.members[name]) if read and place else ()


def _kind(operation: Operation, name: str) -> str:
    """The type of a member that is told by its values; empty for any other."""
    found = {
        "enum" if "enum" in one else kind
        for one in _alternatives(operation, name)
        for kind in (*types_of(one), "")
    }
    return next((one for one in _KINDS if one in found), "")


_KINDS = ("enum", "boolean", "integer", "number", "array", "object")

_DATA = {"array", "object"}


def _is_merge_patch(operation: Operation) -> bool:
    """Whether a standard says what each member of a PATCH changes (RFC 7396)."""
    taken = changed_type(operation) if operation.method == "PATCH" else None
    return taken is not None and essence(taken.name) == "application/merge-patch+json"


def _sets_members(operation: Operation) -> bool:
    """Whether a PUT or PATCH sets a text or another member, as the read shows at once."""
    return changes_text(operation) or bool(_others(operation))


def _sets_several(operation: Operation) -> bool:
    """Whether a PUT or PATCH sets a member that others may be set beside."""
    place = changed_place(operation)
    is_alone = place is None or len(place.members) == 1
    return bool(_others(operation)) or (changes_text(operation) and not is_alone)


@requirement(
    "operations.change-is-shown",
    Level.MUST,
    BY_ID,
    _sets_members,
    mend="Store what a PUT or PATCH has accepted, and answer with it as the read shows it.",
)
@catches(CHANGE_NOTHING, ANSWER_AS_BEFORE, CHANGE_THE_ID)
def change_is_shown(probe: Probe) -> None:
    """After a PUT or PATCH that succeeds, the read shows what it changed, and so does its answer.

    A member may be meant to stay as it was made, whatever a contract says. So a text that is not
    shown breaks this only where no other member is changed either.
    """
    if not changes_text(probe.operation):
        _expect_some(probe, make(probe.of(changed_read(probe).operation)))
        return
    read, member = changed_read(probe), changed_text(probe.operation) or ""
    reading, text = probe.of(read.operation), probe.new_name()
    made = make(reading)
    shown(reading, made)
    changed = served(probe, changing(probe, made, text))
    found, answer = Values(f"/{member}", Lack.ABSENT, text), Answer(HTTPStatus.NOT_FOUND)
    for _ in looks(probe):
        answer = answer_to(probe, request_for(reading, made))
        if is_shown(reading, answer):
            item = item_in(read.shown, answer) or {}
            found = found._replace(actual=item.get(member, Lack.ABSENT))
            if item.get(member) == text:
                _expect_answered(probe, changed, member, text)
                return
    if is_shown(reading, answer):
        _expect_some(probe, made, found)
        return
    # An id that is made of the text is another by now.
    told = identifier_in(_answered(probe, changed), read.id) or ""
    if not answer.is_not_there or text.rpartition(" ")[2] in told:
        raise refused_with(answer.status, f"{read.operation.id} answers {answer.status}")
    raise Violation("the item under its id after a change", f"{answer.status}")


def _expect_some(probe: Probe, made: Answer, ignored: Values | None = None) -> None:
    """Change each member that may be another; one at least must be another after that."""
    read, place = changed_read(probe), changed_place(probe.operation)
    reading = probe.of(read.operation)
    before = item_in(read.shown, shown(reading, made)) or {}
    base, taken = changing(probe, made), dict[str, Any]()
    known = read.shown.members if place and read.shown else {}
    # What a server changes by itself is another after a change that was not stored, too.
    settable = place.members.items() if place else ()
    names = [name for name, one in settable if name in known
             and not (name == read.id or changes(name) or is_read_only(one))]  # fmt: skip
    for name in names:
        for value in itertools.islice(_values(probe.operation, name, before.get(name)), _TRIES):
            request = _setting(probe, base, name, value)
            if request is not None and answer_to(probe, request).status in AT_ONCE:
                taken[name] = value
                # A PUT has all that those before it have set, and a PATCH its own member.
                base = request if probe.operation.method == "PUT" else base
                break
    for _ in looks(probe) if taken else ():
        after = item_in(read.shown, shown(reading, made)) or {}
        if not all(is_unchanged(before.get(name), after.get(name)) for name in taken):
            return
    if ignored is None:
        if not taken:
            raise NotServed("no change of any member was taken")
        name, value = next(iter(taken.items()))
        ignored = Values(f"/{name}", before.get(name, Lack.ABSENT), value)
    what = ignored.place.removeprefix("/")
    raise Violation(f"the {what} that was accepted", "the one before", values=[ignored])


def _values(operation: Operation, name: str, before: Any) -> Iterator[Any]:
    """Values of a member of any type that it has not yet."""
    place, taken = changed_place(operation), changed_type(operation)
    for one in _alternatives(operation, name):
        yield from other_values(one, before)
    full = sample_of(taken.schema, is_full=True) if taken and taken.schema else None
    value = ((place.item(full) if place else None) or {}).get(name)
    if value is not None and not is_unchanged(before, value):
        yield value


@requirement(
    "operations.patch-sets-each-member",
    Level.MUST,
    "RFC 5789 section 2: all changes of a PATCH or none; RFC 7396 section 2 says which those are",
    lambda operation: _sets_several(operation) and _is_merge_patch(operation),
    mend=_STORE_OR_REFUSE,
)
@catches(CHANGE_NOTHING, CHANGE_TEXTS_ALONE, IGNORE_NULL)
def patch_sets_each_member(probe: Probe) -> None:
    """After a merge patch that succeeds the read shows each text, number, flag or null it had."""
    _expect_each(probe)


@requirement(
    "operations.change-sets-each-member",
    Level.SHOULD,
    "RFC 9110 section 9.3.4, RFC 5789 section 2: no standard says what each member of JSON changes",
    lambda operation: _sets_several(operation) and not _is_merge_patch(operation),
    mend=_STORE_OR_REFUSE,
)
@catches(CHANGE_NOTHING, CHANGE_TEXTS_ALONE)
def change_sets_each_member(probe: Probe) -> None:
    """After a PUT, or a PATCH in plain JSON, that succeeds the read shows each member it had."""
    _expect_each(probe)


def _expect_each(probe: Probe) -> None:
    """Change one member after the other; what was before must not be left."""
    read = changed_read(probe)
    reading = probe.of(read.operation)
    request, made = make_full(probe.of(read.resource.create))
    item = item_in(read.shown, shown(reading, made)) or {}
    base, judged = changing(probe, made), set[str]()
    place = sent_place(read.resource.create)
    stored = _stored((place.item(request.members) if place else None) or {}, item)
    names = [one for one in _others(probe.operation)
             if one in stored or _kind(probe.operation, one) not in _DATA]  # fmt: skip
    # An id may be made of the text, so it is changed at last.
    for name, values in (
        *itertools.product(names, (_new_values, _no_value)),
        *((name, _new_text) for name in (changed_text(probe.operation),) if name),
    ):
        if values is _no_value and name not in judged and _kind(probe.operation, name) in _DATA:
            continue  # what it has may be there by default
        tried = ((value, _setting(probe, base, name, value))
                 for value in values(probe.operation, name, item.get(name)))  # fmt: skip
        valid = ((value, request) for value, request in tried if request)
        for value, request in itertools.islice(valid, _TRIES):
            changed = answer_to(probe, request)
            if changed.status in AT_ONCE:
                after = _after(probe, made, name, item.get(name), value)
                if after is None and judged:
                    return  # the change has ended or hidden it
                if after is None:
                    raise NotVerified(f"the item is not shown any more after a change of {name}")
                if is_same(value, after.get(name)):
                    _expect_answered(probe, changed, name, value)
                item = after
                judged.add(name)
                break
    if not judged:
        raise NotServed("no change of a member was taken")


def _stored(sent: JsonObject, shown: JsonObject) -> set[str]:
    """The members that a creation has set: lists and objects of others may be the server's alone.

    So may those be of which it keeps only what it knows.
    """
    return {name for name, one in sent.items() if one and is_kept(one, shown.get(name))}


def _new_text(_: Operation, __: str, ___: Any) -> Iterator[str]:
    yield f"{NAME_PREFIX} {secrets.token_hex(6)}"


def _new_values(operation: Operation, name: str, before: Any) -> Iterator[Any]:
    """Values of a number, a flag, an enumeration, a list or an object that it has not yet."""
    taken = changed_type(operation)
    for one in _alternatives(operation, name) if _kind(operation, name) else ():
        yield from other_values(one, before)
        if taken and taken.schema:
            found = other_data(taken.schema, one, before)
            yield from (value for value in found if not is_unchanged(before, value)
                        and not names_others(operation, name, value))  # fmt: skip


def _no_value(operation: Operation, name: str, before: Any) -> Iterator[None]:
    """Null where it is allowed, unless what was before may be there by default."""
    read, place = updated_by(operation), changed_place(operation)
    if read is None or place is None or not before:
        return
    definition = place.members[name]
    is_usual = definition.get("default") == before or _kind(operation, name) in {"boolean", "enum"}
    if not is_usual and read.collection.reader.may_be_null(definition):
        yield None


def _setting(probe: Probe, base: Request, name: str, value: Any) -> Request | None:
    """The request that sets one member; None where the contract allows none."""
    taken, place = changed_type(probe.operation), changed_place(probe.operation)
    if taken is None or taken.schema is None or place is None:
        return None
    body = json.loads(base.body)
    whole = {**(place.item(body) or {}), name: value}
    tried = [whole] if probe.operation.method == "PUT" else [{name: value}, whole]
    found = (one for one in (place.body(body, item) for item in tried)
             if taken.schema.is_valid(one))  # fmt: skip
    valid = next(found, None)
    return None if valid is None else probe.anew(replace(base, body=json.dumps(valid).encode()))


def _after(probe: Probe, made: Answer, name: str, before: Any, value: Any) -> JsonObject | None:
    """The item once it has not the value of before; None where it is not shown any more."""
    read, reading = changed_read(probe), probe.of(changed_read(probe).operation)
    item: JsonObject | None = None
    for _ in looks(probe):
        answer = answer_to(probe, request_for(reading, made))
        item = item_in(read.shown, answer) if is_shown(reading, answer) else None
        if item is not None and not is_unchanged(before, item.get(name)):
            return item
    if item is not None:
        seen = Values(f"/{name}", item.get(name, Lack.ABSENT), value)
        raise Violation(f"the {name} that was accepted", "the one before", values=[seen])
    return None


def _answered(probe: Probe, changed: Answer) -> JsonObject:
    """The item in the answer to a change; empty where it has none."""
    place = changed_read(probe).collection.shown.get(probe.operation)
    return item_in(place, changed) or {}


def _expect_answered(probe: Probe, changed: Answer, name: str, value: Any) -> None:
    """An answer to a change that has the member has it as the read shows it then."""
    told = _answered(probe, changed)
    if name in told and not is_same(value, told[name]):
        seen = Values(f"/{name}", told[name], value)
        raise Violation(
            f"the {name} that the read shows, in the answer to the change", "another", values=[seen]
        )
