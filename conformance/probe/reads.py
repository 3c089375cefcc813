"""Reads of items that a check has made: by their ids, by ids of nothing, and what they show."""

import secrets
import string
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from http import HTTPStatus

from conformance.probe.not_verified import (
    NOT_IMPLEMENTED_STATUSES,
    NotServed,
    NotVerified,
    refused_with,
)
from conformance.probe.parameter_values import another_like
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.values import Lack, Values
from conformance.target.exchange import Answer, Request, path_to
from conformance.target.members import JsonObject, identifier_in
from conformance.target.timestamps import instant
from openapi.item_members import ItemPlace
from openapi.operation import Operation
from openapi.reads import Read, changes, moves, read_of

_LATE_SECONDS = 3.0
"""After the usual looks, so much later comes a last one: a read may come from a copy."""

BY_ID = "the contract: an operation by id is on the item that the id names"
"""The source of what holds of operations on one item."""

_UNKNOWN = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.GONE,
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.PRECONDITION_REQUIRED,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
"""What an id that names nothing may be answered where it is documented, beside 404."""

_MOST_SECONDS_APART = 1.0
"""So far an instant may be from another that is the same, where a store rounds."""


def reads(operation: Operation) -> bool:
    """The operation shows one item by the id that a POST or PUT makes."""
    return read_of(operation) is not None


def read(probe: Probe) -> Read:
    """The probe's operation as a read."""
    found = read_of(probe.operation)
    if found is None:
        raise NotServed(f"{probe.operation.id} shows no item by an id that the contract makes")
    return found


def looks(probe: Probe) -> Iterator[None]:
    """Looks at an item, after longer and longer pauses: a read may be late."""
    yield from probe.looks()
    probe.rest(_LATE_SECONDS)
    yield


def item_in(place: ItemPlace | None, answer: Answer) -> JsonObject | None:
    """The item in an answer; None where it shows none, or nobody knows where."""
    item = place.item(answer.document) if place else None
    return item if answer.located is None else {**dict([answer.located]), **(item or {})}


def id_of(probe: Probe, made: Answer) -> str:
    """The id of the item that was made; nothing is verified where it shows none."""
    known = read(probe)
    item = item_in(known.made, made) or {}
    found = identifier_in(item, known.id)
    if found is None:
        raise NotVerified(f"the answer {made.status} shows no id as {known.id}")
    is_path = made.located is not None and found.endswith(f"/{made.located[1]}")
    if is_path:
        raise NotVerified(f"the answer {made.status} shows a path as {known.id}")
    if not known.collection.takes_id(item[known.id]):
        raise NotVerified(f"the contract allows no such {known.id} in the path as was made")
    return found


def make(probe: Probe) -> Answer:
    """The answer to the creation of an item."""
    maker = probe.of(read(probe).resource.create)
    return maker.make()


def request_for(probe: Probe, made: Answer) -> Request:
    """The request that reads an item that was made."""
    return probe.on_one(id_of(probe, made))


def is_shown(probe: Probe, answer: Answer) -> bool:
    """Whether an answer is the documented success of the read."""
    return answer.status == probe.operation.success_status


def shown(probe: Probe, made: Answer) -> Answer:
    """The read of a new item; nothing is verified where there is none, which may take a moment."""
    answer = Answer(HTTPStatus.NOT_FOUND)
    for _ in looks(probe):
        answer = answer_to(probe, request_for(probe, made))
        if is_shown(probe, answer):
            return answer
        if answer.status != HTTPStatus.NOT_FOUND:
            break  # it is not late
    raise refused_with(
        answer.status, f"the target answers {answer.status} to the read of a new item"
    )


def another_tag(tag: str) -> str:
    """A strong entity tag that no item has, of the form of one."""
    opaque = tag.removeprefix("W/").strip('"')
    return f'"{another_like(opaque) or f"{opaque}{secrets.token_hex(6)}"}"'


def expect_read_served(probe: Probe, refused: Sequence[tuple[Request, Answer]]) -> None:
    """Nothing is verified where each read is refused as a path is that no operation has."""
    if not all(answer.status in NOT_IMPLEMENTED_STATUSES for _, answer in refused):
        return
    request, answer = refused[-1]
    is_there = False
    if answer.status == HTTPStatus.NOT_FOUND:
        unknown = path_to("{}", probe.new_name().replace(" ", "-"))
        elsewhere = probe.send(request.at(f"{request.path}/{unknown}"))
        is_there = _without_values(answer) != _without_values(elsewhere)
    if not is_there:
        raise NotServed(f"the target does not serve {probe.operation.name}")


def _without_values(answer: Answer) -> tuple[int, str, tuple[str, ...]]:
    """What tells the refusals of an operation from those of a path that is not there.

    Its words and members, without numbers and ids, which differ from one answer to the next.
    """
    found = answer.json_object()
    if found is None:
        return answer.status, answer.media_type, ()
    return answer.status, answer.media_type, tuple(sorted(_words(found)))


def _words(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _words(one)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one)
    elif isinstance(value, str) and " " in value:
        yield from (one for one in value.split() if one.strip(string.punctuation).isalpha())


def difference(probe: Probe, made: Answer, answer: Answer) -> Values | None:
    """The first member that a read shows in another way than the creation; None without any."""
    known = read(probe)
    item, first = item_in(known.shown, answer), item_in(known.made, made) or {}
    if known.shown is None:
        return None
    if item is None:
        return Values("body", Lack.ABSENT, first)
    if identifier_in(item, known.id) != identifier_in(first, known.id):
        return Values(f"/{known.id}", item.get(known.id, Lack.ABSENT), first[known.id])
    for name in known.kept:
        if moves(name, first.get(name)):
            continue
        if name in first and not is_same(first[name], item.get(name)):
            return Values(f"/{name}", item.get(name, Lack.ABSENT), first[name])
    return None


def is_same(made: object, later: object) -> bool:
    """Whether two values are the same data, however an answer writes it."""
    if isinstance(made, dict) and isinstance(later, dict):
        return all(
            is_same(one, later[name])
            for name, one in made.items()
            if name in later and not (changes(name) or moves(name, one))
        )
    if isinstance(made, list) and isinstance(later, list):
        # A set has no order, and objects may have got members.
        is_plain = not any(isinstance(one, dict | list) for one in (*made, *later))
        return not is_plain or (_has_each(made, later) and _has_each(later, made))
    if isinstance(made, dict | list) or isinstance(later, dict | list):
        # An id in place of the whole, or the whole in place of an id.
        return bool(made) == bool(later)
    if made == later and isinstance(made, bool) == isinstance(later, bool):
        return True
    then, now = instant(made), instant(later)
    if then is not None and now is not None:
        return abs(then - now) <= _MOST_SECONDS_APART
    number = _number(made)
    return number is not None and number == _number(later)


def _has_each(some: Sequence[object], others: Sequence[object]) -> bool:
    return all(any(is_same(one, other) for other in others) for one in some)


def is_kept(before: object, later: object) -> bool:
    """Whether all that an item had is in a later one, however an answer writes it."""
    if isinstance(before, dict) and isinstance(later, dict):
        return all(
            changes(name) or moves(name, one) or is_kept(one, later.get(name))
            for name, one in before.items()
        )
    if isinstance(before, list) and isinstance(later, list):
        has_inner = any(isinstance(one, dict | list) for one in (*before, *later))
        if has_inner:
            return all(any(is_kept(one, its) for its in later) for one in before)
    return is_same(before, later)


def is_unchanged(before: object, later: object) -> bool:
    """Whether an item has all that it had, and nothing more."""
    return is_kept(before, later) and is_kept(later, before)


def _number(value: object) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def refusals_of_unknown(operation: Operation) -> set[int]:
    """The statuses that may answer an id that names nothing."""
    return {HTTPStatus.NOT_FOUND, *(one for one in _UNKNOWN if operation.response(one))}


def unknown_id(probe: Probe, made: Sequence[Answer]) -> str:
    """An id that names nothing, of the form of those that were made."""
    return probe.unknown_handle([id_of(probe, one) for one in made])
