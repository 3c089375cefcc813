"""Wrong data of an operation: the body of a valid request, each with one fault by the contract."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.probe.bodies import kind, values_of_other_types
from conformance.probe.changes import changed_place, changed_type
from conformance.probe.not_verified import NotServed
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.target.exchange import Request
from conformance.target.members import JsonObject
from openapi.item_members import ItemPlace, Members
from openapi.schema import Schema, is_read_only, types_of

_MOST = 24
"""The most bodies of one operation."""

_LONGEST = 100_000


def wrong_bodies(probe: Probe, request: Request) -> Iterator[tuple[str, JsonObject]]:
    """Bodies with one fault each that the schema finds, made of that of a valid request."""
    media_type = changed_type(probe.operation)
    if media_type is None or media_type.schema is None:
        raise NotServed(f"{probe.operation.id} takes no JSON object")
    place = changed_place(probe.operation) or _whole(media_type.schema)
    body = json.loads(request.body)
    # Where null says that a member goes (RFC 7396), it is no value of it.
    is_patch = media_type.name == "application/merge-patch+json"
    found = 0
    for what, item in _wrong_items(place, place.item(body) or {}):
        wrong = place.body(body, item)
        if (is_patch and None in item.values()) or not _is_wrong(media_type.schema, wrong):
            continue
        yield what, wrong
        found += 1
        if found == _MOST:
            return


def _whole(schema: Schema) -> ItemPlace:
    return ItemPlace((), Members(schema.resolve).of(schema.definition))


def _is_wrong(schema: Schema, body: JsonObject) -> bool:
    # How a text looks is nobody's to say but the server's: formats have many readings.
    return any(one.code != "invalid_format" for one in schema.errors(body))


def _wrong_items(place: ItemPlace, item: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    members = {name: one for name, one in place.members.items() if not is_read_only(one)}
    for name, definition in members.items():
        kinds = set[str]()
        for value in values_of_other_types(definition):
            # One of each kind: what a server takes for a number it takes for each.
            if kind(value) not in kinds:
                kinds.add(kind(value))
                yield f"{name} as {kind(value)}", {**item, name: value}
                if len(kinds) > 1:
                    break
        for what, value in _out_of_bounds(definition):
            yield f"{name} {what}", {**item, name: value}
    for name in members.keys() & item.keys():
        yield f"no {name}", {key: value for key, value in item.items() if key != name}
    yield "a member that the contract does not know", {**item, "x_conformance": NAME_PREFIX}


def _out_of_bounds(definition: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Values of the documented type that a keyword of the schema excludes."""
    types = types_of(definition)
    texts = [one for one in definition.get("enum", ()) if isinstance(one, str)]
    if texts:
        # A server may look at its form alone.
        like = "".join("X" if one.isupper() else "x" for one in texts[0])
        yield "that is none of its values", like
        yield "that is none of its values", NAME_PREFIX
    longest = definition.get("maxLength")
    if isinstance(longest, int) and longest < _LONGEST:
        yield "that is too long", "x" * (longest + 1)
    if definition.get("minLength") and "string" in types:
        yield "that is too short", ""
    for keyword, step, what in ("maximum", 1, "too large"), ("minimum", -1, "too small"):
        bound = definition.get(keyword)
        if isinstance(bound, int) and not isinstance(bound, bool):
            yield f"that is {what}", bound + step
