"""Items with each member that a client may set: what was never sent is never lost."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from conformance.probe.member_values import other_values
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.taken_bodies import is_no_mere_data, names_others, without_rules
from conformance.target.exchange import Answer, Request
from openapi.collection import Collection
from openapi.item_members import ItemPlace, Members
from openapi.media_types import is_json
from openapi.operation import Operation
from openapi.recognition import collections_of
from openapi.sample import part_of, sample_of
from openapi.schema import Schema, is_read_only, types_of

_MOST_TRIED = 16
"""So many members are tried one after the other where a target refuses all together."""


def collection_of(operation: Operation) -> Collection | None:
    """The collection that an operation is on; None where nobody knows it."""
    contract = operation.contract
    return collections_of(contract, frozenset()).of(operation) if contract else None


def sent_place(operation: Operation) -> ItemPlace | None:
    """Where the JSON of a creation has the item; None where it sends none."""
    known, media_type = collection_of(operation), operation.object_body
    if known is None or media_type is None or media_type.schema is None:
        return None
    return next(iter(known.asked(operation)), None) if is_json(media_type.name) else None


def make_full(maker: Probe) -> tuple[Request, Answer]:
    """The creation of an item with all members that the target takes, and its answer.

    Where it refuses all together, they are added one after the other.
    """
    more = _more(maker)
    whole = {name: values[0] for name, values in more.items()}
    if whole and (made := _made_with(maker, whole)):
        return made
    taken, last = dict[str, Any](), None
    single = ((name, value) for name, values in more.items() for value in values)
    for name, value in islice(single, _MOST_TRIED):
        if name not in taken and (made := _made_with(maker, {**taken, name: value})):
            taken[name], last = value, made
    if last is not None:
        return last
    answer = maker.make()
    return maker.recording.exchanges[-1][0], answer


def make_alone(maker: Probe, name: str, value: Any) -> Iterator[tuple[Request, Answer]]:
    """Creations of plain items with one member more, and of those that are of another kind.

    What a member is for may be told by a flag or an enumeration. Refused ones are left out.
    """
    place, plain = sent_place(maker.operation), maker.request()
    known = collection_of(maker.operation)
    if place is None or known is None:
        return
    item = place.item(json.loads(plain.body)) or {}
    kinds = ({kind: other} for kind, one in place.members.items() if kind != name
             for choice in known.reader.alternatives(one)
             if {"enum"} & choice.keys() or "boolean" in types_of(choice)
             for other in other_values(choice, item.get(kind))
             if not (is_read_only(one) or is_no_mere_data(kind, other)))  # fmt: skip
    for more in islice(chain([{}], kinds), _MOST_TRIED):
        if made := _made_with(maker, {**more, name: value}):
            yield made


def _made_with(maker: Probe, members: Mapping[str, Any]) -> tuple[Request, Answer] | None:
    """The plain creation with other members; None where it is refused."""
    place, plain = sent_place(maker.operation), maker.request()
    if place is None:
        return None
    body = json.loads(plain.body)
    request = plain.with_json(place.body(body, {**(place.item(body) or {}), **members}))
    answer = answer_to(maker, request)
    return (request, answer) if maker.operation.is_success(answer.status) else None


def _more(maker: Probe) -> Mapping[str, Sequence[Any]]:
    """The members that a creation may have beside its plain ones, with values that are valid."""
    place, media_type = sent_place(maker.operation), maker.operation.object_body
    schema = media_type.schema if media_type else None
    body = json.loads(maker.request().body) if place and schema else None
    if place is None or schema is None or not schema.is_valid(body):
        return {}
    reader = Members(schema.resolve)
    definition: Any = schema.definition
    for name in place.path:
        definition = reader.of(definition).get(name)
    item, more = place.item(body) or {}, dict[str, Sequence[Any]]()
    full = place.item(sample_of(schema, is_full=True)) or {}
    for name, one in _beside(reader, definition, item).items():
        if is_read_only(one):
            continue
        tried = [value for value in _values(schema, one, full.get(name), item.get(name))
                 if not (names_others(maker.operation, name, value)
                         or is_no_mere_data(name, value))
                 and schema.is_valid(place.body(body, {**item, name: value}))]  # fmt: skip
        if tried:
            item[name], more[name] = tried[0], [tried[0], *tried[1:][-1:]]
    return more


def _beside(reader: Members, definition: Any, value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The members that an object may have beside its own, whichever of its alternatives it is."""
    merged = reader.merged(definition)
    kinds = [one for one in reader.alternatives(merged)
             if {*types_of(one)} != {"null"} and reader.may_be(one, value)]  # fmt: skip
    if len(kinds) <= 1:
        return reader.of(definition, value=value)
    return {name: reader.merged(one) for name, one in merged.get("properties", {}).items()}


def _values(
    schema: Schema, definition: Mapping[str, Any], sample: object, plain: object
) -> Iterator[Any]:
    """Values of a member, the plain one in each: none that it has by default, where others are."""
    if plain not in _EMPTY and not isinstance(plain, dict | list):
        return
    if plain is None:
        yield from other_values(definition, definition.get("default"))
    reader = Members(schema.resolve)
    for full in (part_of(schema, definition, is_full=True), sample):
        for has_dates in (False, True):
            kept = without_rules(full, has_dates=has_dates)
            filled = _filled(reader, definition, plain, kept)
            if filled not in _EMPTY and filled != plain:
                yield filled


_EMPTY: Sequence[object] = (None, [], {})
"""What a plain body has where it has nothing."""


def _filled(reader: Members, definition: Any, plain: Any, full: Any) -> Any:
    """A plain value with what a full one has beside it, at all levels."""
    if plain in _EMPTY:
        return full
    if isinstance(plain, dict) and isinstance(full, dict):
        known = _beside(reader, definition, plain)
        own = {name: _filled(reader, known.get(name), one, full.get(name))
               for name, one in plain.items()}  # fmt: skip
        return {**{name: one for name, one in full.items() if name in known}, **own}
    if isinstance(plain, list) and isinstance(full, list) and full:
        items = reader.items(definition)
        return [_filled(reader, items, one, full[0]) for one in plain]
    return plain
