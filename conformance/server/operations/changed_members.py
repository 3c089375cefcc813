"""Requirements on the members that a PUT or PATCH has changed: they are shown as they were sent."""

import itertools
from http import HTTPStatus
from typing import Any

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.changed_values import (
    AT_ONCE,
    DATA,
    TRIES,
    changed_others,
    kind_of,
    new_texts,
    new_values,
    no_value,
    setting,
    usual_values,
)
from conformance.probe.changes import (
    changed_place,
    changed_read,
    changed_text,
    changed_type,
    changing,
)
from conformance.probe.full_items import make_full, sent_place
from conformance.probe.not_verified import NotServed, NotVerified, refused_with
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
from conformance.target.exchange import Answer
from conformance.target.members import JsonObject, identifier_in
from openapi.media_types import essence
from openapi.operation import Operation
from openapi.reads import changes
from openapi.schema import is_read_only

_STORE_OR_REFUSE = "Store each member that a PUT or PATCH has accepted, null too, or refuse it."


def changes_text(operation: Operation) -> bool:
    """Whether a PUT or PATCH sets a text that the read of its item shows at once."""
    return operation.success_status in AT_ONCE and changed_text(operation) is not None


def _is_merge_patch(operation: Operation) -> bool:
    """Whether a standard says what each member of a PATCH changes (RFC 7396)."""
    taken = changed_type(operation) if operation.method == "PATCH" else None
    return taken is not None and essence(taken.name) == "application/merge-patch+json"


def _sets_members(operation: Operation) -> bool:
    """Whether a PUT or PATCH sets a text or another member, as the read shows at once."""
    return changes_text(operation) or bool(changed_others(operation))


def _sets_several(operation: Operation) -> bool:
    """Whether a PUT or PATCH sets a member that others may be set beside."""
    place = changed_place(operation)
    is_alone = place is None or len(place.members) == 1
    return bool(changed_others(operation)) or (changes_text(operation) and not is_alone)


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
        values = usual_values(probe.operation, name, before.get(name))
        for value in itertools.islice(values, TRIES):
            request = setting(probe, base, name, value)
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
    names = [one for one in changed_others(probe.operation)
             if one in stored or kind_of(probe.operation, one) not in DATA]  # fmt: skip
    # An id may be made of the text, so it is changed at last.
    for name, values in (
        *itertools.product(names, (new_values, no_value)),
        *((name, new_texts) for name in (changed_text(probe.operation),) if name),
    ):
        if values is no_value and name not in judged and kind_of(probe.operation, name) in DATA:
            continue  # what it has may be there by default
        tried = ((value, setting(probe, base, name, value))
                 for value in values(probe.operation, name, item.get(name)))  # fmt: skip
        valid = ((value, request) for value, request in tried if request)
        for value, request in itertools.islice(valid, TRIES):
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
