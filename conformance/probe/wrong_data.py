"""Wrong data of an operation: the body of a valid request, each with one fault by the contract."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from typing import Any

from conformance.probe.bodies import kind, values_of_other_types
from conformance.probe.changes import changed_place, changed_type
from conformance.probe.not_verified import NotServed
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.probe.wrong_combinations import wrong_combinations
from conformance.target.exchange import Request
from conformance.target.members import JsonObject
from openapi.item_members import ItemPlace, Members
from openapi.operation import Operation, Parameter
from openapi.schema import Schema, is_read_only, types_of

_MOST, _MOST_MEMBERS = 24, 100
"""The most bodies of one operation, and the members each of which has one all the same."""

_LONGEST = 100_000

_NOT_OF_FORMAT: Mapping[str, Sequence[str]] = {
    "date": (NAME_PREFIX, "2099-02-30"),
    "date-time": (NAME_PREFIX, "2099-02-30T00:00:00Z"),
    **dict.fromkeys(("time", "uuid", "email", "ipv4", "ipv6"), (NAME_PREFIX,)),
}
"""Texts that no reading of a format takes."""


def wrong_bodies(probe: Probe, request: Request) -> Iterator[tuple[str, JsonObject]]:
    """Bodies with one fault each that the schema finds, made of that of a valid request."""
    schema, place = _body_of(probe.operation)
    body, media_type = json.loads(request.body), changed_type(probe.operation)
    # Where null says that a member goes (RFC 7396), it is no value of it.
    is_patch = media_type is not None and media_type.name == "application/merge-patch+json"
    most = max(_MOST, min(len(place.members) + 1, _MOST_MEMBERS))
    item = place.item(body) or {}

    def wrong(items: Iterator[tuple[str, JsonObject]]) -> Iterator[tuple[str, JsonObject]]:
        for what, one in items:
            made = place.body(body, one)
            if not (is_patch and None in one.values()) and _is_wrong(schema, made):
                yield what, made

    yield from islice(wrong(_wrong_items(place, item)), most)
    yield from islice(wrong(wrong_combinations(schema, place, item)), _MOST)


def ill_formed_bodies(probe: Probe, request: Request) -> Iterator[tuple[str, JsonObject]]:
    """Bodies with one text that is not of its format, made of that of a valid request."""
    schema, place = _body_of(probe.operation)
    body = json.loads(request.body)
    for name, text in _ill_formed_texts(schema, place):
        wrong = place.body(body, {**(place.item(body) or {}), name: text})
        if not schema.is_valid(wrong):
            yield f"{name} {text!r}", wrong


def has_ill_formed_texts(operation: Operation) -> bool:
    """Whether a member of the body has a format by which texts can be told."""
    return changed_type(operation) is not None and any(_ill_formed_texts(*_body_of(operation)))


def wrong_texts(parameter: Parameter) -> Iterator[str]:
    """Texts that a query parameter, or an item of its array, may not have; not each is wrong."""
    reader = Members(parameter.schema.resolve)
    merged = reader.merged(parameter.schema.definition)
    definition = reader.merged(reader.items(merged)) if "array" in types_of(merged) else merged
    if "object" in types_of(definition):
        return
    yield from _NOT_OF_FORMAT.get(definition.get("format", ""), ())
    yield from (str(value) for _, value in _out_of_bounds(definition) if value != "")
    if "string" not in types_of(definition):
        yield NAME_PREFIX


def _body_of(operation: Operation) -> tuple[Schema, ItemPlace]:
    """The schema of a body, and where it has the item."""
    media_type = changed_type(operation)
    if media_type is None or media_type.schema is None:
        raise NotServed(f"{operation.id} takes no JSON object")
    return media_type.schema, changed_place(operation) or _whole(media_type.schema)


def _ill_formed_texts(schema: Schema, place: ItemPlace) -> Iterator[tuple[str, str]]:
    """The members with a format, each with texts that are not of it."""
    reader = Members(schema.resolve)
    for name, definition in place.members.items():
        kinds = reader.alternatives(definition)
        texts = [text for one in kinds for text in _NOT_OF_FORMAT.get(one.get("format", ""), ())]
        for text in texts if not is_read_only(definition) else ():
            yield name, text


def _whole(schema: Schema) -> ItemPlace:
    return ItemPlace((), Members(schema.resolve).of(schema.definition))


def _is_wrong(schema: Schema, body: JsonObject) -> bool:
    # Formats have many readings, and dialects of patterns differ.
    return any(one.is_certain for one in schema.errors(body))


def _wrong_items(place: ItemPlace, item: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Items with one fault each: one of each member, then the next of each."""
    members = {name: one for name, one in place.members.items() if not is_read_only(one)}
    yield "a member that the contract does not know", {**item, "x_conformance": NAME_PREFIX}
    faults = [_wrong_members(name, one, item) for name, one in members.items()]
    for round_ in zip_longest(*faults):
        yield from filter(None, round_)


def _wrong_members(
    name: str, definition: Any, item: JsonObject
) -> Iterator[tuple[str, JsonObject]]:
    if {"integer", "number"} & {*types_of(definition)}:
        yield f"{name} as a number in a text", {**item, name: str(_number(definition, item, name))}
    kinds = set[str]()
    for value in values_of_other_types(definition):
        # One of each kind: what a server takes for a number it takes for each.
        if kind(value) not in kinds:
            kinds.add(kind(value))
            yield f"{name} as {kind(value)}", {**item, name: value}
            if len(kinds) > 1:
                break
    if name in item:
        yield f"no {name}", {key: value for key, value in item.items() if key != name}
    for what, value in _out_of_bounds(definition):
        yield f"{name} {what}", {**item, name: value}


def _number(definition: Mapping[str, Any], item: JsonObject, name: str) -> Any:
    """A number that a member may have."""
    known = item.get(name)
    is_number = isinstance(known, int | float) and not isinstance(known, bool)
    return known if is_number else definition.get("minimum", 1)


def _out_of_bounds(definition: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Values of the documented type that a keyword of the schema excludes."""
    types = types_of(definition)
    texts = [one for one in definition.get("enum", ()) if isinstance(one, str)]
    if texts:
        # A server may look at its form alone.
        like = "".join("X" if one.isupper() else "x" for one in texts[0])
        yield "that is none of its values", like
        yield "that is none of its values", NAME_PREFIX
    for text in (NAME_PREFIX, "~") if "pattern" in definition else ():
        yield "that does not match its pattern", text
    longest = definition.get("maxLength")
    if isinstance(longest, int) and longest < _LONGEST:
        yield "that is too long", "x" * (longest + 1)
    if definition.get("minLength") and "string" in types:
        yield "that is too short", ""
    for keyword, step, what in ("maximum", 1, "too large"), ("minimum", -1, "too small"):
        bound = definition.get(keyword)
        if isinstance(bound, int) and not isinstance(bound, bool):
            yield f"that is {what}", bound + step
