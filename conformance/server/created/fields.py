"""The documented fields of a created resource (seed: Response 201 fields).

A server may add fields of its own.
"""

from dataclasses import replace

from conformance.catalogue.judge import SUCCESS, each
from conformance.catalogue.mends import BY_SCHEMA
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import (
    body_of,
    drop_field,
    edit_body,
    on_status,
    set_field,
    with_body,
)
from conformance.probe.applicability import shows
from conformance.probe.violation import Violation, expect
from conformance.server.created.answers import SEED, created_answers, expect_no_fault, json_type
from conformance.target.exchange import Answer
from conformance.target.json_documents import parse_text
from openapi.operation import Operation


@requirement(
    "created.body-is-a-json-object",
    Level.MUST,
    f"{SEED}; RFC 8259 section 8.1",
    shows(),
    mend=BY_SCHEMA,
)
@catches(
    on_status(201, "cut the body", lambda one: replace(one, body=one.body[:-1])),
    on_status(201, "empty the body", lambda one: replace(one, body=b"")),
    on_status(201, "wrap it in a list", lambda one: replace(one, body=b"[%b]" % one.body)),
    on_status(
        201, "answer in UTF-16", lambda one: replace(one, body=one.body.decode().encode("utf-16"))
    ),
    on_status(
        201, "answer with NaN", lambda one: replace(one, body=one.body.replace(b"null", b"NaN"))
    ),
)
@each(created_answers, statuses=SUCCESS)
def body_is_a_json_object(_: Operation, answer: Answer) -> None:
    """The answer's body is a JSON object in UTF-8."""
    try:
        # RFC 8259 section 8.1: UTF-8 and no byte order mark; section 6: no NaN or Infinity.
        value = parse_text(answer.body.decode())
    except ValueError as error:
        raise Violation("a JSON object in UTF-8", "a body that is no JSON") from error
    expect(isinstance(value, dict), "a JSON object in UTF-8", json_type(value))


@requirement("created.required-fields-are-there", Level.MUST, SEED, shows(), mend=BY_SCHEMA)
@catches(
    *(
        drop_field(201, field)
        for field in (
            "id", "client_id", "name", "status", "expires_at", "created_at", "updated_at",
            "last_used_at", "client_secret",
        )
    ),
    edit_body(
        201,
        "leave null fields out",
        lambda body: [body.pop(key) for key, value in [*body.items()] if value is None],
    ),
    on_status(201, "wrap it", lambda one: with_body(one, {"data": body_of(one)})),
)  # fmt: skip
@each(created_answers, statuses=SUCCESS)
def required_fields_are_there(operation: Operation, answer: Answer) -> None:
    """The answer has every required field, also where its value is null."""
    expect_no_fault(operation, answer, "missing_required_field")


@requirement("created.fields-have-their-types", Level.MUST, SEED, shows(), mend=BY_SCHEMA)
@catches(
    set_field(201, "id", 5),
    set_field(201, "client_id", None),
    set_field(201, "name", ["a name"]),
    set_field(201, "status", None),
    set_field(201, "expires_at", 1803945600),
    set_field(201, "created_at", 1803945600),
    set_field(201, "updated_at", None),
    set_field(201, "last_used_at", 0),
    set_field(201, "client_secret", None),
    set_field(201, "client_secret", {"value": "hidden"}),
)
@each(created_answers, statuses=SUCCESS)
def fields_have_their_types(operation: Operation, answer: Answer) -> None:
    """Every documented field has its documented type."""
    expect_no_fault(operation, answer, "invalid_type")


@requirement(
    "created.values-are-documented",
    Level.MUST,
    "seed: status, enum active or revoked",
    shows(),
    mend=BY_SCHEMA,
)
@catches(
    set_field(201, "status", "enabled"),
    set_field(201, "status", "ACTIVE"),
    set_field(201, "status", ""),
)
@each(created_answers, statuses=SUCCESS)
def values_are_documented(operation: Operation, answer: Answer) -> None:
    """A field with an enumeration has one of its values."""
    expect_no_fault(operation, answer, "invalid_value", "unknown_field")
