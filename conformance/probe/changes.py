"""Requests that change an item by its id: a PUT or PATCH of plain data, and an action on it."""

import json
from dataclasses import replace
from typing import Any

from conformance.probe.not_verified import NotServed
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.probe.reads import id_of, item_in
from conformance.target.exchange import Answer, Request, path_to
from conformance.target.members import JsonObject
from openapi.item_members import ItemPlace
from openapi.media_types import is_json
from openapi.operation import MediaType, Operation
from openapi.paging import snake
from openapi.reads import Read, changed_by, updated_by
from openapi.sample import sample_of
from openapi.schema import is_read_only, types_of

_WORDS = {"name", "title", "label", "description", "note", "notes", "comment", "remark", "memo",
          "summary"}  # fmt: skip
"""What a text is called, or ends with, that may be any words."""

_LENGTH_OF_NAMES = len(f"{NAME_PREFIX} ") + 12
"""The characters of a new text."""

_RESTRICTED = {"enum", "const", "format", "pattern"}


def read_behind(operation: Operation) -> Read | None:
    """The read of the item that a PUT, a PATCH or an action changes; None for any other."""
    is_unsent = updated_by(operation) is not None and changed_type(operation) is None
    return None if is_unsent else changed_by(operation)


def changed_text(operation: Operation) -> str | None:
    """The text that may be any words, and that a PUT or PATCH takes and the read shows."""
    read, place = updated_by(operation), changed_place(operation)
    if read is None or place is None or read.shown is None:
        return None
    names = (name for name in place.members if name in read.shown.members)
    return next(
        (
            name
            for name in names
            if (name == read.resource.name or snake(name).rpartition("_")[2] in _WORDS)
            and name != read.id
            and all(map(_is_free_text, (place.members[name], read.shown.members[name])))
        ),
        None,
    )


def changed_read(probe: Probe) -> Read:
    """The read of the item that the probe's operation changes."""
    found = read_behind(probe.operation)
    if found is None:
        raise NotServed(f"{probe.operation.id} changes no item by its id")
    return found


def changing(probe: Probe, made: Answer, text: str = "", own: str = "") -> Request:
    """The request that changes an item that was made; ``text`` is the new one of its text.

    With ``own`` it is for another id. Nothing is verified where no body is known that the contract
    allows.
    """
    read = changed_read(probe)
    reading = probe.of(read.operation)
    request = probe.request(own=path_to("{}", own or id_of(reading, made)))
    media_type, place = changed_type(probe.operation), changed_place(probe.operation)
    schema = media_type.schema if media_type else None
    if media_type is None or schema is None or place is None:
        return replace(request, body=b"").without_header("Content-Type")
    item = item_in(read.made, made) or {}
    member = changed_text(probe.operation)
    new: JsonObject = {member: text} if member and text else {}
    example = next((one for one in media_type.examples if isinstance(one, dict)), None)
    around = sample_of(schema) if example is None else example
    items = _changed(probe.operation, place, place.item(around) or {}, item, new)
    found = (place.body(around, one) for one in items if one)
    body = next(filter(schema.is_valid, found), None)
    if body is None:
        raise NotServed(f"no plain body of {probe.operation.id} is known: give it an example")
    typed = request.with_header("Content-Type", media_type.name)
    return replace(typed, body=json.dumps(body).encode(), form=None)


def changed_type(operation: Operation) -> MediaType | None:
    """The JSON of a PUT or PATCH that has members; no list of changes has any."""
    content = operation.request_body.content if operation.request_body else {}
    found = (one for name, one in content.items() if is_json(name) and one.schema)
    return next((one for one in found if "object" in _types(one)), None)


def _types(media_type: MediaType) -> tuple[str, ...]:
    outline = media_type.schema.outline if media_type.schema else {}
    return (*types_of(outline), *(["object"] if "properties" in outline else []))


def changed_place(operation: Operation) -> ItemPlace | None:
    """Where the body of a PUT or PATCH has the item."""
    read = updated_by(operation)
    if read is None or changed_type(operation) is None:
        return None
    return next(iter(read.collection.asked(operation)), None)


def _is_free_text(definition: Any) -> bool:
    is_short = definition.get("maxLength", _LENGTH_OF_NAMES) < _LENGTH_OF_NAMES
    is_set = not (is_read_only(definition) or is_short or _RESTRICTED & definition.keys())
    return is_set and "string" in types_of(definition)


def _changed(
    operation: Operation, place: ItemPlace, sample: JsonObject, item: JsonObject, new: JsonObject
) -> list[JsonObject]:
    """What a PUT or PATCH may send of an item, what changes least first."""
    own = {name: one for name, one in item.items()
           if name in place.members and not is_read_only(place.members[name])}  # fmt: skip
    least = new or {name: own[name] for name in [*own][:1]}
    tried = [{**own, **new}, {**sample, **own, **new}, {**sample, **new}]
    return tried if operation.method == "PUT" else [least, *tried]
