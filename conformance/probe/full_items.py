"""Items with each member that a client may set: what was never sent is never lost."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.probe.member_values import other_values
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import read
from conformance.probe.taken_bodies import is_reference
from conformance.target.exchange import Answer, Request
from openapi.media_types import is_json
from openapi.sample import sample_of
from openapi.schema import is_read_only


def make_full(reading: Probe) -> Answer:
    """The answer to the creation of an item with all members; a plain one where that is refused."""
    maker = reading.of(read(reading).resource.create)
    request = _full_request(reading, maker)
    answer = answer_to(maker, request) if request else None
    return answer if answer and maker.operation.is_success(answer.status) else maker.make()


def _full_request(reading: Probe, maker: Probe) -> Request | None:
    """The plain request of a creation, with each other member that its schema allows beside it."""
    media_type = maker.operation.object_body
    place = next(iter(read(reading).collection.asked(maker.operation)), None)
    if place is None or media_type is None or media_type.schema is None:
        return None
    if not is_json(media_type.name):
        return None
    request, schema = maker.request(), media_type.schema
    body = json.loads(request.body)
    if not schema.is_valid(body):
        return None
    item = place.item(body) or {}
    full = place.item(sample_of(schema, is_full=True)) or {}
    for name, definition in place.members.items():
        if name in item or is_read_only(definition) or is_reference(name):
            continue
        tried = ({**item, name: one} for one in _values(definition, full.get(name)))
        item = next((one for one in tried if schema.is_valid(place.body(body, one))), item)
    return request.with_json(place.body(body, item))


def _values(definition: Mapping[str, Any], sample: object) -> Iterator[Any]:
    """Values of a member: none that it has by default, where there are others."""
    yield from other_values(definition, definition.get("default"))
    if sample is not None:
        yield sample
