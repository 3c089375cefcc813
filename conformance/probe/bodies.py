"""JSON bodies, valid and invalid, and the expected refusals.

Bodies are derived from the contract's schema, so that a new operation is covered.
"""

import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from conformance.probe.applicability import needs_bearer_token
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotServed, refused_with
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_or_shared, answer_to
from conformance.probe.resources import expect_taken
from conformance.probe.violation import Violation
from conformance.target.entity_tags import NO_MATCH
from conformance.target.exchange import Answer, Request
from conformance.target.members import text_in
from openapi.operation import Operation
from openapi.resource import creates, makes_items
from openapi.sample import sample_of
from openapi.schema import Schema, is_read_only, types_of


def fields_of(operation: Operation) -> Mapping[str, Mapping[str, Any]]:
    """The fields of an operation's JSON body, with their schemas."""
    schema = _schema_of(operation)
    return settable(schema) if schema else {}


def date_fields(operation: Operation) -> list[str]:
    """The fields of the JSON body that are date-times: the schema takes no other text of a kind."""
    schema = _schema_of(operation)
    return [
        name
        for name in fields_of(operation)
        if schema
        and not is_faulty(schema, name, FAR_FUTURE)
        and all(is_faulty(schema, name, one) for one in _NO_DATES)
    ]


def _schema_of(operation: Operation) -> Schema | None:
    return operation.json_body.schema if operation.json_body else None


def in_each_field(probe: Probe, *values: str) -> Iterator[bytes]:
    """Bodies that are valid but for one field, which holds each of these JSON texts in turn."""
    for name in fields_of(probe.operation) or (probe.name_member,):
        rest = {key: one for key, one in probe.plain_body().items() if key != name}
        begin = json.dumps(rest)[:-1] + (", " if rest else "")
        for value in values:
            yield f"{begin}{json.dumps(name)}: {value}}}".encode()


def marked(probe: Probe, value: Any) -> Any:
    """A JSON body, its name marked as test data."""
    name = value.get(probe.name_member) if isinstance(value, dict) else None
    if not isinstance(name, str) or name.startswith(NAME_PREFIX):
        return value
    return {**value, probe.name_member: f"{NAME_PREFIX} {name}"}


SEED = "seed: request fields, responses 400 and 422"
VENDOR = "vendor facts: 400 for what cannot be read, 422 for what is missing or invalid"
DATES = "RFC 3339 section 5.6; seed: expires_at"

FAR_FUTURE = "2099-12-31T23:59:59Z"
"""An expiry that every server must accept."""

_NO_DATES = ("tomorrow", FAR_FUTURE.replace("-", "a"), FAR_FUTURE[::-1])
"""Texts that only a field for dates refuses: any other may be of some length, or characters."""

NO_REFUSAL = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, *NO_MATCH)
"""Refusals that say nothing of the data that was sent."""

_OF_TYPE: dict[str, tuple[Any, ...]] = {
    "null": (None,),
    "boolean": (True, False),
    "number": (5, 1.5, 4102444800),
    "string": ("text",),
    "array": ([], ["text"]),
    "object": ({}, {"text": "text"}),
}


def is_judged(operation: Operation) -> bool:
    """The operation takes a JSON body with a schema, from those who have a token."""
    # Without a token there is OAuth 2.0's token operation, whose refusals are RFC 6749's.
    return needs_bearer_token(operation) and _schema_of(operation) is not None


def takes_object(operation: Operation) -> bool:
    """The JSON body is an object, as those are that the harness makes itself."""
    return is_judged(operation) and "object" in (
        types_of(schema_of(operation).outline) or ("object",)
    )


def takes_dates(operation: Operation) -> bool:
    """A field of the body is a date-time."""
    return is_judged(operation) and bool(date_fields(operation))


def makes_from_json(operation: Operation) -> bool:
    """The operation makes a resource out of a JSON body."""
    return is_judged(operation) and creates(operation)


def schema_of(operation: Operation) -> Schema:
    """The schema of the JSON body."""
    schema = _schema_of(operation)
    assert schema is not None, "is_judged comes first"  # noqa: S101 - for the type checker
    return schema


def schema_at(probe: Probe) -> Schema:
    """The schema of the JSON body of the probe's operation."""
    return schema_of(probe.operation)


def properties(schema: Schema) -> dict[str, Any]:
    """The fields of an object, with their schemas."""
    return dict(schema.outline.get("properties", {}))


def settable(schema: Schema) -> dict[str, Any]:
    """The fields of an object that a request sets, with their schemas: none ``readOnly``."""
    return {name: one for name, one in properties(schema).items() if not is_read_only(one)}


def is_faulty(schema: Schema, name: str, value: Any) -> bool:
    """Whether the schema refuses this value of a property."""
    return any(re.split(r"[.\[]", one.param)[0] == name for one in schema.errors({name: value}))


def required_names(schema: Schema) -> list[str]:
    """The required fields of an object, but for those that others ask for: ``then``, a branch."""
    codes = {one.param: one.code for one in schema.errors({})}
    named = [name for name in settable(schema) if codes.get(name) == "missing_required_field"]
    valid = sample_of(schema)
    is_whole = isinstance(valid, dict) and schema.is_valid(valid)
    return [name for name in named if not is_whole or name in valid]


def wrong_values(schema: Schema, name: str) -> Iterator[Any]:
    """Values of the JSON types that the schema refuses for a property."""
    values = values_of_other_types(properties(schema)[name])
    return (value for value in values if is_faulty(schema, name, value))


def values_of_other_types(outline: Mapping[str, Any]) -> Iterator[Any]:
    """Values of the JSON types that an outline does not name; none where it names no type."""
    allowed = set(types_of(outline))
    for kind, values in _OF_TYPE.items():
        if allowed and kind not in allowed:
            yield from values


def kind(value: Any) -> str:
    """The name of a value's JSON type."""
    found = (name for name, values in _OF_TYPE.items() if type(value) in map(type, values))
    return next(found, "value")


def invalid(probe: Probe) -> Iterator[tuple[str, dict[str, Any]]]:
    """Bodies with one wrong or missing field each, with the name of the fault."""
    schema, plain = schema_at(probe), probe.plain_body()
    for name in settable(schema):
        for value in wrong_values(schema, name):
            yield f"{name} as {kind(value)}", {**plain, name: value}
    for name in required_names(schema):
        yield f"no {name}", {key: value for key, value in plain.items() if key != name}


def expect_refusal(probe: Probe, request: Request, what: str, wanted: int | None = None) -> Answer:
    """The refusal of a request: a documented one, or exactly ``wanted``."""
    answer = answer_or_shared(probe, request)
    expect_refused(probe, answer, what, wanted)
    return answer


def expect_refused(probe: Probe, answer: Answer, what: str, wanted: int | None = None) -> None:
    """The answer is a documented refusal, or exactly ``wanted``."""
    status = answer.status
    if status == HTTPStatus.NOT_FOUND and not makes_items(probe.operation):
        raise NotServed(f"the target answers 404 to {what}, which says something else")
    documented = answer.is_refusal and status not in NO_REFUSAL and probe.operation.allows(status)
    if documented and wanted in {None, status}:
        return
    if status in {*NO_REFUSAL, *NOT_IMPLEMENTED_STATUSES}:
        probe.make()  # else the target does not serve or permit the operation
    expected = f"{wanted} to {what}" if wanted else f"a documented refusal of {what}"
    raise Violation(expected, f"{status}")


def expect_accepted(probe: Probe, request: Request, what: str) -> Answer:
    """The answer to a request that must succeed, where the target serves the operation."""
    answer = answer_to(probe, request)
    if answer.status in {*NO_REFUSAL, *NOT_IMPLEMENTED_STATUSES}:
        raise refused_with(answer.status, f"the target answers {answer.status} to a valid request")
    expect_taken(probe, answer, f"to {what}")
    return answer


def answer_schema(probe: Probe) -> Schema | None:
    """The schema of the JSON answer of a success."""
    documented = probe.operation.response(probe.operation.success_status)
    content = documented.json_content if documented else None
    return content.schema if content else None


def answers_with(probe: Probe, name: str) -> bool:
    """Whether the answer of a success shows a field."""
    schema = answer_schema(probe)
    return schema is not None and name in properties(schema)


def reported_fields(answer: Answer) -> set[str]:
    """The fields that ``errors`` names: ``name``, and also ``body.name``, ``/name``, ``$.name``."""
    return {path[-1] for path in reported_paths(answer)}


def reported_paths(answer: Answer) -> list[list[str]]:
    """The params in ``errors``, in their parts: ``a[0].b`` has three."""
    params = [text_in(one, "param") for one in answer.objects("errors")]
    return [_parts(one) for one in params if one is not None]


def _parts(param: str) -> list[str]:
    return re.split(r"[./\[\]'\"]+", param.rstrip("]'\""))
