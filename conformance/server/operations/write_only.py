"""What is sent and never shown: members with ``writeOnly``, at all levels of a body."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.applicability import lists
from conformance.probe.changes import changed_place, changed_type, changing, read_behind
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import item_in, read, reads, shown
from conformance.probe.values import Lack, Values
from conformance.probe.violation import Violation
from conformance.server.operations.sabotage import SHOW_ALL
from conformance.server.operations.usual import served
from conformance.target.exchange import Answer, Request
from conformance.target.members import JsonObject, identifier_in
from openapi.envelopes import envelope_of
from openapi.item_members import ItemPlace
from openapi.media_types import is_json
from openapi.operation import MediaType, Operation
from openapi.paging import page_members, steps
from openapi.reads import made_by, read_of, updated_by
from openapi.resource import creates
from openapi.sample import full_samples, sample_of
from openapi.schema import Schema
from openapi.write_only import Mark, Place, WriteOnly

_NOTHING: tuple[object, ...] = (None, "")
"""Values that say nothing of what was sent."""

Sent = dict[Place, tuple[int, list[object]]]
"""What was sent as ``writeOnly`` by its place: its values, and the step that says so.

A member says it of all that is in it.
"""


class _Body(NamedTuple):
    """The body of a creation or change: where it has the item, and what is hidden of that."""

    media_type: MediaType
    schema: Schema
    place: ItemPlace
    hiding: WriteOnly


def _body_of(operation: Operation) -> _Body | None:
    is_change = updated_by(operation) is not None
    taken = changed_type(operation) if is_change else operation.object_body
    if taken is None or taken.schema is None:
        return None
    made = made_by(operation)
    asked = made.collection.asked(operation) if made and is_json(taken.name) else ()
    place = changed_place(operation) if is_change else next(iter(asked), None)
    place = place or ItemPlace((), {})
    return _Body(taken, taken.schema, place, WriteOnly(taken.schema, place.path))


def _answer_of(operation: Operation) -> WriteOnly | None:
    """What is hidden of the item in an answer; None where the contract does not say what it has."""
    response = operation.response(operation.success_status)
    schema = response.json_content.schema if response and response.json_content else None
    path = _path_to_item(operation)
    found = None if schema is None or path is None else WriteOnly(schema, path)
    return found if found and found.names_members else None


def _path_to_item(operation: Operation) -> Sequence[str | None] | None:
    """The members of an answer that lead to the item, None for those of an array."""
    if lists(operation):
        page = page_members(operation)
        return None if page is None else [*steps(page.items), None]
    if creates(operation):
        return envelope_of(operation)
    known = read_of(operation) or updated_by(operation)
    place = known.collection.shown.get(operation) if known else None
    return place.path if place else None


def _maker_of(operation: Operation) -> Operation | None:
    """The creation of what an operation creates, lists, shows or changes."""
    change = updated_by(operation)
    if change is not None:
        return change.resource.create if read_behind(operation) else None
    is_known = creates(operation) or lists(operation) or reads(operation)
    return operation.resource.create if operation.resource and is_known else None


@cache
def _hides(operation: Operation) -> bool:
    contract, maker = operation.contract, _maker_of(operation)
    if contract is None or contract.is_bundled or maker is None:
        return False
    senders = {maker, operation} if updated_by(operation) else {maker}
    bodies = [one for one in map(_body_of, senders) if one and one.hiding.has_any]
    answer = _answer_of(operation) if bodies else None
    return answer is not None and any(one.hiding.hides_from(answer) for one in bodies)


@requirement(
    "operations.write-only-is-not-shown",
    Level.SHOULD,
    "OpenAPI 3.0 section 4.7.24.2; JSON Schema 2020-12, validation, section 9.4: writeOnly",
    _hides,
    mend="Leave members with writeOnly out of every answer, at all levels.",
)
@catches(SHOW_ALL)
def write_only_is_not_shown(probe: Probe) -> None:
    """The creation, read, list or change of an item shows nothing that was sent as writeOnly."""
    create, answer = _maker_of(probe.operation), _answer_of(probe.operation)
    if create is None or answer is None:
        raise NotServed("the contract does not say what the answer shows")
    judged = False
    for made, creation in _made(probe.of(create)):
        item, sent = _shown(probe, made, _hidden(create, creation))
        judged = judged or bool(sent)
        for name, value, marks in answer.leaves(item):
            step, values = sent.get(name, (0, []))
            if value in values and marks[step] is not Mark.SHOWN:
                seen = Values("/" + "/".join(name), Lack.HIDDEN)
                what = f"no {'.'.join(name)}, which is writeOnly"
                raise Violation(what, "what was sent", values=[seen])
    if not judged:
        raise NotServed("no request that was taken has a writeOnly member: give an example of one")


def _made(maker: Probe) -> Iterator[tuple[Answer, Request]]:
    """Items that were made: a plain one, and one for what is hidden in each alternative."""
    made = maker.make()
    plain = maker.recording.exchanges[-1][0]
    yield made, plain
    known = {*_hidden(maker.operation, plain)}
    for whole in _bodies(maker.operation):
        request = _with_hidden(maker.operation, maker.request(), whole)
        if {*_hidden(maker.operation, request)} <= known:
            continue
        known |= {*_hidden(maker.operation, request)}
        made = answer_to(maker, request)
        if maker.operation.is_success(made.status):
            yield made, request


def _bodies(operation: Operation) -> Iterator[Any]:
    """Bodies of the contract's examples, and by each alternative of the schema."""
    body = _body_of(operation)
    if body is not None:
        yield from body.media_type.examples
        yield sample_of(body.schema, is_full=True)
        yield from full_samples(body.schema)


def _with_hidden(operation: Operation, request: Request, whole: Any) -> Request:
    """A request with the members of another body in which something is hidden, if it may have."""
    body, base = _body_of(operation), dict(request.members)
    item = body.place.item(whole) if body else None
    if body is None or not item:
        return request
    names = {name[0] for name, _, marks in body.hiding.leaves(item) if Mark.HIDDEN in marks}
    added = {name: one for name, one in item.items() if name in names}
    beside = body.place.body(base, {**(body.place.item(base) or {}), **added})
    tried = (one for one in (beside, whole) if names and body.schema.is_valid(one))
    found = next(tried, None)
    return request if found is None else request.with_json(found)


def _hidden(operation: Operation, request: Request) -> Sent:
    """What a request has that the contract hides."""
    body, found = _body_of(operation), Sent()
    item = body.place.item(request.members) if body else None
    for name, value, marks in body.hiding.leaves(item or {}) if body else ():
        if Mark.HIDDEN in marks and value not in _NOTHING:
            found.setdefault(name, (marks.index(Mark.HIDDEN), []))[1].append(value)
    return found


def _shown(probe: Probe, made: Answer, sent: Sent) -> tuple[JsonObject, Sent]:
    """The item that was made, as the operation shows it, with what a change of it has sent too."""
    change = updated_by(probe.operation)
    if creates(probe.operation):
        found = made.json_object()
    elif lists(probe.operation):
        own, id_ = probe.known_id_of(made), probe.resource.id
        items = (one for one in probe.listed() if identifier_in(one, id_) == own)
        found = next(items, None)
    elif change is None:
        found = item_in(read(probe).shown, shown(probe, made))
    else:
        request = changing(probe, made, probe.new_name())
        for whole in _bodies(probe.operation):
            request = _with_hidden(probe.operation, request, whole)
        sent = sent | _hidden(probe.operation, request)
        found = item_in(change.collection.shown.get(probe.operation), served(probe, request))
    if found is None:
        raise NotVerified("the answer shows no item with the id that was made")
    return found, sent
