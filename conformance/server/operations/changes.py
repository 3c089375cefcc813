"""Requirements on the operations that change an item by its id: PUT, PATCH and actions."""

import json
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from itertools import islice
from typing import Any

from conformance.catalogue.mends import UNKNOWN_IDS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import set_status
from conformance.probe.changed_values import AT_ONCE, settable, setting
from conformance.probe.changes import (
    changed_place,
    changed_read,
    changed_text,
    changed_type,
    changing,
    read_behind,
)
from conformance.probe.full_items import make_full
from conformance.probe.member_values import other_data, other_values
from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import (
    BY_ID,
    is_kept,
    item_in,
    looks,
    refusals_of_unknown,
    request_for,
    shown,
    unknown_id,
)
from conformance.probe.values import Lack, Values
from conformance.probe.violation import Violation
from conformance.server.operations.sabotage import (
    CHANGE_SOMETHING,
    FORGET_THE_REST,
    MERGE_PUTS,
)
from conformance.server.operations.usual import make_changed, served
from conformance.target.exchange import Answer, Request
from conformance.target.members import JsonObject
from openapi.operation import Operation
from openapi.reads import changes, moves, refuses_unknown
from openapi.schema import is_read_only

_VALUES = 2
"""So many values of a member show whether a PUT keeps what it leaves out."""


def _refuses_unknown(operation: Operation) -> bool:
    # A PUT that may answer 201 makes what is not there.
    makes = operation.documents(HTTPStatus.CREATED)
    return read_behind(operation) is not None and refuses_unknown(operation) and not makes


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


def _leaves_the_rest(operation: Operation) -> bool:
    """A PATCH of an item that has members beside the one that it has."""
    found = read_behind(operation) if operation.method == "PATCH" else None
    members = settable(operation) if operation.success_status in AT_ONCE else []
    return found is not None and any({*found.kept} - {one} for one in members)


@requirement(
    "operations.patch-keeps-the-rest",
    Level.MUST,
    "RFC 5789 section 2: a PATCH changes what it names; RFC 7396",
    _leaves_the_rest,
    mend="Change only the members that a PATCH has, and leave all others as they are stored.",
)
@catches(FORGET_THE_REST)
def patch_keeps_the_rest(probe: Probe) -> None:
    """After a PATCH of one member, the read still shows the members that it did not have."""
    read, place = changed_read(probe), changed_place(probe.operation)
    reading = probe.of(read.operation)
    _, made = make_full(probe.of(read.resource.create))
    before = item_in(read.shown, shown(reading, made)) or {}
    request = _patched(probe, made, before)
    sent = (place.item(json.loads(request.body)) if place else None) or {}
    rest = [name for name in read.kept
            if before.get(name) is not None and name not in sent
            and not moves(name, before[name])]  # fmt: skip
    if not rest:
        raise NotServed("the item has no other member that a client sends")
    lost = rest
    for _ in looks(probe):
        after = item_in(read.shown, shown(reading, made)) or {}
        lost = [name for name in rest if not is_kept(before[name], after.get(name))]
        if not lost:
            return
    seen = Values(f"/{lost[0]}", after.get(lost[0], Lack.ABSENT), before[lost[0]])
    raise Violation(f"the {lost[0]} that the PATCH did not have", "another", values=[seen])


def _patched(probe: Probe, made: Answer, item: JsonObject) -> Request:
    """The PATCH of one member that was taken: of its text, or of another one as it is.

    What other members are by rules of business may hang on the new value of any but a text.
    """
    if changed_text(probe.operation):
        request = changing(probe, made, probe.new_name())
        served(probe, request)
        return request
    base = changing(probe, made)
    for name in settable(probe.operation):
        own = setting(probe, base, name, item[name]) if item.get(name) is not None else None
        if own is not None and answer_to(probe, own).status in AT_ONCE:
            return own
    raise NotServed("no PATCH of one member as it is was taken")


def _left_out(operation: Operation) -> list[str]:
    """The members that a PUT may leave out, that the read shows, and that have no default."""
    known, place, taken = read_behind(operation), changed_place(operation), changed_type(operation)
    if known is None or known.shown is None or place is None or taken is None or not taken.schema:
        return []
    if operation.method != "PUT" or operation.success_status not in AT_ONCE:
        return []
    errors = taken.schema.errors(place.body({}, {}))
    required = {one.param for one in errors if one.code == "missing_required_field"}
    return [
        name
        for name, one in place.members.items()
        if ".".join((*place.path, name)) not in required
        and name in known.shown.members
        and name != known.id
        and not (changes(name) or is_read_only(one))
        and not {"default", "const"} & {*one, *known.shown.members[name]}
    ]


@requirement(
    "operations.put-replaces-the-rest",
    Level.SHOULD,
    "RFC 9110 section 9.3.4: a PUT replaces the state of an item",
    lambda operation: bool(_left_out(operation)),
    mend="Replace the whole item by what a PUT has: what it leaves out is gone, or as by default.",
)
@catches(MERGE_PUTS)
def put_replaces_the_rest(probe: Probe) -> None:
    """After a PUT the read does not show what was stored before, and what the PUT leaves out."""
    made = make_changed(probe)
    request = changing(probe, made)
    judged = 0
    for name in _left_out(probe.operation):
        kept = [*_kept(probe, made, request, name)]
        judged += bool(kept)
        if len(kept) == _VALUES and all(kept):
            seen = Values(f"/{name}", Lack.HIDDEN, Lack.ABSENT)
            raise Violation(f"no {name} that the PUT left out", "the one before it", values=[seen])
    if not judged:
        raise NotServed("a PUT sets no member that the contract lets it leave out")


def _kept(probe: Probe, made: Answer, request: Request, name: str) -> Iterator[bool]:
    """Whether a PUT without a member keeps each value that a PUT before it has set.

    One value may be that of a new item, or be there for good once it is set.
    """
    taken, place = changed_type(probe.operation), changed_place(probe.operation)
    if taken is None or taken.schema is None or place is None:
        return
    body = json.loads(request.body)
    item = place.item(body) or {}
    rest = place.body(body, {key: one for key, one in item.items() if key != name})
    definition, plain = place.members[name], item.get(name)
    values = (*other_values(definition, plain), *other_data(taken.schema, definition, plain))
    bodies = ((value, place.body(body, {**item, name: value})) for value in values)
    valid = ((value, one) for value, one in bodies if taken.schema.is_valid(one))
    if not taken.schema.is_valid(rest):
        return
    for value, one in islice(valid, _VALUES):
        is_set = _put(probe, request, one) and _shows(probe, made, name, value)
        if not is_set or not _put(probe, request, rest):
            return
        yield not any(not _shows_now(probe, made, name, value) for _ in looks(probe))


def _put(probe: Probe, request: Request, body: object) -> bool:
    sent = replace(request, body=json.dumps(body).encode())
    return answer_to(probe, probe.anew(sent)).status in AT_ONCE


def _shows(probe: Probe, made: Answer, name: str, value: Any) -> bool:
    return any(_shows_now(probe, made, name, value) for _ in looks(probe))


def _shows_now(probe: Probe, made: Answer, name: str, value: Any) -> bool:
    reading, read = probe.of(changed_read(probe).operation), changed_read(probe)
    item: JsonObject = item_in(read.shown, answer_to(reading, request_for(reading, made))) or {}
    return name in item and is_kept(value, item[name])
