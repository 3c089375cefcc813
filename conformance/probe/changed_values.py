"""The members that a PUT or PATCH gives other values, and the requests that do so."""

import itertools
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

from conformance.probe.changes import (
    changed_place,
    changed_read,
    changed_text,
    changed_type,
    changing,
)
from conformance.probe.member_values import other_data, other_values
from conformance.probe.not_verified import NotServed
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import is_shown, is_unchanged, item_in, looks, request_for, shown
from conformance.probe.taken_bodies import is_reference, names_others
from conformance.target.entity_tags import IF_MATCH
from conformance.target.exchange import Answer, Request
from openapi.operation import Operation
from openapi.reads import changes, moves, updated_by
from openapi.sample import sample_of
from openapi.schema import is_read_only, types_of

AT_ONCE = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}
"""The documented successes after which a change is there."""

_MOST = 10
"""The most members of one operation that are changed, beside its text."""

TRIES = 3
"""The values of a member that are tried until one is taken."""

_MOST_IGNORED = 2
"""After so many changes that were accepted, and that no read shows, no other is tried."""


class Change(NamedTuple):
    """A change of one member that was accepted, and the read that shows its new value."""

    name: str
    before: Any
    value: Any
    read: Answer


def changed_others(operation: Operation) -> list[str]:
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
        and (kind_of(operation, name) or read.collection.reader.may_be_null(one))
    ]
    return sorted(found, key=partial(_is_chosen, operation))[:_MOST]


def _is_chosen(operation: Operation, name: str) -> bool:
    """Whether a member has one of a few values: it may end or hide an item."""
    return kind_of(operation, name) in {"boolean", "enum"}


def alternatives_of(operation: Operation, name: str) -> Sequence[Mapping[str, Any]]:
    """The schemas that a member may have, as a PUT or PATCH takes it."""
    read, place = updated_by(operation), changed_place(operation)
    return read.collection.reader.alternatives(place.members[name]) if read and place else ()


def kind_of(operation: Operation, name: str) -> str:
    """The type of a member that is told by its values; empty for any other."""
    found = {
        "enum" if "enum" in one else kind
        for one in alternatives_of(operation, name)
        for kind in (*types_of(one), "")
    }
    return next((one for one in _KINDS if one in found), "")


_KINDS = ("enum", "boolean", "integer", "number", "array", "object")

DATA = {"array", "object"}


def settable(operation: Operation) -> list[str]:
    """The members that a PUT or PATCH may change as the read shows: its text first, flags last."""
    read, place, text = updated_by(operation), changed_place(operation), changed_text(operation)
    if read is None or read.shown is None or place is None:
        return []
    known, others = read.shown.members, changed_others(operation)
    rest = (
        name
        for name, one in place.members.items()
        if name in known
        and name not in {read.id, text, *others}
        and not (changes(name) or is_reference(name) or moves(name))
        and not (is_read_only(one) or is_read_only(known[name]))
    )
    found = [*others, *rest]
    return [*filter(None, [text]), *sorted(found, key=partial(_is_chosen, operation))]


def change_one(probe: Probe, made: Answer, tag: str = "") -> Change:
    """Give one member of an item another value, with an ``If-Match`` of the tag if there is one.

    Nothing is verified where no change is taken and shown.
    """
    read, ignored = changed_read(probe), 0
    reading, base = probe.of(read.operation), changing(probe, made)
    before = item_in(read.shown, shown(reading, made)) or {}
    for name in settable(probe.operation):
        for request in itertools.islice(_settings(probe, base, name, before.get(name)), TRIES):
            tagged = request.with_header(IF_MATCH, tag) if tag else request
            if not answer_to(probe, tagged).is_success:
                continue
            for _ in looks(probe):
                answer = answer_to(reading, request_for(reading, made))
                item = item_in(read.shown, answer) or {}
                is_there = is_shown(reading, answer) and name in item
                if is_there and not is_unchanged(before.get(name), item[name]):
                    return Change(name, before.get(name), item[name], answer)
            ignored += 1
            break
        if ignored == _MOST_IGNORED:
            break
    raise NotServed("no change of a member was taken that the read shows")


def changed_again(probe: Probe, made: Answer, change: Change) -> tuple[Request, Any]:
    """The request that gives the member of a change another value still, and that value.

    It is the one before the change, where that may be had: what was taken once is a good one.
    """
    base = changing(probe, made)
    text = [] if change.name == changed_text(probe.operation) else [change.before]
    for value in (*text, *_any_values(probe.operation, change.name, change.value)):
        request = setting(probe, base, change.name, value)
        if request is not None and not is_unchanged(change.value, value):
            return request, value
    raise NotServed(f"no second value of the {change.name} is known")


def _settings(probe: Probe, base: Request, name: str, before: Any) -> Iterator[Request]:
    tried = (setting(probe, base, name, one) for one in _any_values(probe.operation, name, before))
    return filter(None, tried)


def _any_values(operation: Operation, name: str, before: Any) -> Iterator[Any]:
    """Values of a member that it has not yet: any words where it is the text."""
    if name == changed_text(operation):
        yield from new_texts(operation, name, before)
    yield from new_values(operation, name, before)
    yield from usual_values(operation, name, before)


def new_texts(_: Operation, __: str, ___: Any) -> Iterator[str]:
    """Any words, which no other item has."""
    yield f"{NAME_PREFIX} {secrets.token_hex(6)}"


def usual_values(operation: Operation, name: str, before: Any) -> Iterator[Any]:
    """Values of a member of any type that it has not yet."""
    place, taken = changed_place(operation), changed_type(operation)
    for one in alternatives_of(operation, name):
        yield from other_values(one, before)
    full = sample_of(taken.schema, is_full=True) if taken and taken.schema else None
    value = ((place.item(full) if place else None) or {}).get(name)
    if value is not None and not is_unchanged(before, value):
        yield value


def new_values(operation: Operation, name: str, before: Any) -> Iterator[Any]:
    """Values of a number, a flag, an enumeration, a list or an object that it has not yet."""
    taken = changed_type(operation)
    for one in alternatives_of(operation, name) if kind_of(operation, name) else ():
        yield from other_values(one, before)
        if taken and taken.schema:
            found = other_data(taken.schema, one, before)
            yield from (value for value in found if not is_unchanged(before, value)
                        and not names_others(operation, name, value))  # fmt: skip


def no_value(operation: Operation, name: str, before: Any) -> Iterator[None]:
    """Null where it is allowed, unless what was before may be there by default."""
    read, place = updated_by(operation), changed_place(operation)
    if read is None or place is None or not before:
        return
    definition = place.members[name]
    is_usual = _is_chosen(operation, name) or definition.get("default") == before
    if not is_usual and read.collection.reader.may_be_null(definition):
        yield None


def setting(probe: Probe, base: Request, name: str, value: Any) -> Request | None:
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
