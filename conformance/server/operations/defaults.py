"""Requirements on defaults: what a creation leaves out is as the contract says."""

import json
from collections.abc import Mapping
from typing import Any

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.not_verified import NotServed, refused_with
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import is_same, item_in
from conformance.probe.values import Values
from conformance.probe.violation import Violation
from conformance.server.operations.sabotage import OTHER_DEFAULTS
from openapi.media_types import is_json
from openapi.operation import Operation
from openapi.reads import changes, made_by
from openapi.schema import is_read_only


def _defaults(operation: Operation) -> Mapping[str, Any]:
    """The defaults of the members that a creation may leave out, and that its answer shows."""
    read, media_type = made_by(operation), operation.object_body
    if read is None or media_type is None or not is_json(media_type.name):
        return {}
    place = next(iter(read.collection.asked(operation)), None)
    return {
        name: one["default"]
        for name, one in (place.members.items() if place else ())
        if one.get("default") is not None
        and name in read.made.members
        and not (changes(name) or is_read_only(one))
    }


@requirement(
    "operations.defaults-are-as-documented",
    Level.SHOULD,
    "the contract: default; OpenAPI 3.1, Schema Object: what is there without a value",
    lambda operation: bool(_defaults(operation)),
    mend="Set the default that the contract has for a member which a creation leaves out.",
)
@catches(OTHER_DEFAULTS)
def defaults_are_as_documented(probe: Probe) -> None:
    """The answer to a creation shows the documented default of what was not sent."""
    known, defaults = made_by(probe.operation), _defaults(probe.operation)
    place = next(iter(known.collection.asked(probe.operation)), None) if known else None
    media_type, request = probe.operation.object_body, probe.request()
    if known is None or place is None or media_type is None or media_type.schema is None:
        raise NotServed("the contract has no default of what a creation leaves out")
    body = json.loads(request.body)
    item = place.item(body) or {}
    for name in [one for one in defaults if one in item]:
        rest = {key: one for key, one in item.items() if key != name}
        item = rest if media_type.schema.is_valid(place.body(body, rest)) else item
    answer = answer_to(probe, request.with_json(place.body(body, item)))
    if not probe.operation.is_success(answer.status):
        raise refused_with(answer.status, f"{probe.operation.id} answered {answer.status}")
    shown = item_in(known.made, answer) or {}
    left = [name for name in defaults if name in shown and name not in item]
    if not left:
        raise NotServed("the answer shows nothing that was left out")
    for name in left:
        if not is_same(defaults[name], shown[name]):
            seen = Values(f"/{name}", shown[name], defaults[name])
            raise Violation(f"the default of {name}", "another value", values=[seen])
