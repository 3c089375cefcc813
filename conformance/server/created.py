"""What a request that creates is answered with (seed: Response 201 fields).

A server may refuse an odd name, or add fields of its own. What it accepts it must answer as
documented, and give back as it was sent.
"""

import json
import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from conformance.applicability import creates, echoes, shows
from conformance.capability import Capability
from conformance.exchange import Answer
from conformance.instants import instant
from conformance.model import Level
from conformance.probe import NotVerified, Probe, Violation
from conformance.registry import requirement
from conformance.sabotage import (
    drop_field,
    edit_body,
    on_status,
    set_field,
    set_status,
    with_body,
)
from openapi.schema import Schema

SEED = "seed: Response 201 fields (application/json)"

FAR_FUTURE = "2099-12-31T23:59:59Z"
"""An end that every server must accept."""

NOT_SERVED = (401, 403, 404, 405, 429, 501)
"""Answers to a plain valid request that say nothing of how it would be served."""

_LIST_ATTEMPTS = 4
_LIST_PAUSE_SECONDS = 0.5


def created_answers(probe: Probe) -> Iterator[Answer]:
    """The answers to the smallest request and, where a resource may end, to one with an end.

    A field that is null in one of them has a value in the other: some serializers leave null out.
    """
    yield probe.succeed(probe.request())
    if echoes("expires_at")(probe.operation):
        body = {**probe.plain_body(), "expires_at": FAR_FUTURE}
        yield probe.succeed(probe.request().with_json(body))


def json_type(value: object) -> str:
    """What JSON calls the type of a value."""
    names = {str: "a string", bool: "a boolean", dict: "an object", list: "an array"}
    return "null" if value is None else names.get(type(value), "a number")


@requirement(
    id="created.plain-request-succeeds",
    level=Level.MUST,
    source="seed: Response 201; Request fields (name is all that is required)",
    applies_to=creates,
    sabotage=(*(set_status(201, other) for other in (200, 202, 303, 400, 422, 500)),),
)
def plain_request_succeeds(probe: Probe) -> None:
    """A plain valid request is answered with the documented success status."""
    answer = probe.send(probe.request())
    if answer.status in NOT_SERVED:
        raise NotVerified(f"{probe.operation.id} answered {answer.status} to a plain valid request")
    success = probe.operation.success_status
    probe.expect(answer.status == success, f"{success}", f"{answer.status}")


@requirement(
    id="created.body-is-a-json-object",
    level=Level.MUST,
    source=f"{SEED}; RFC 8259 section 8.1",
    applies_to=shows(),
    sabotage=(
        on_status(201, "cut the body", lambda one: replace(one, body=one.body[:-1])),
        on_status(201, "empty the body", lambda one: replace(one, body=b"")),
        on_status(201, "wrap it in a list", lambda one: replace(one, body=b"[%b]" % one.body)),
        on_status(
            201,
            "answer in UTF-16",
            lambda one: replace(one, body=one.body.decode().encode("utf-16")),
        ),
        on_status(
            201, "answer with NaN", lambda one: replace(one, body=one.body.replace(b"null", b"NaN"))
        ),
    ),
)
def body_is_a_json_object(probe: Probe) -> None:
    """The answer's body is a JSON object in UTF-8."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    for answer in created_answers(probe):
        try:
            # RFC 8259 section 8.1: UTF-8 and no byte order mark; section 6: no NaN or Infinity.
            value = json.loads(answer.body.decode(), parse_constant=refuse)
        except ValueError as error:
            raise Violation("a JSON object in UTF-8", "a body that is no JSON") from error
        probe.expect(isinstance(value, dict), "a JSON object in UTF-8", json_type(value))


def expect_none(probe: Probe, codes: Collection[str]) -> None:
    """Raise unless the contract's schema has no complaint of one of these kinds."""
    for answer in created_answers(probe):
        documented = probe.operation.answer(answer.status)
        media_type = documented.content.get("application/json") if documented else None
        schema: Schema | None = media_type.schema if media_type else None
        value = json_object(answer)
        for error in schema.errors(value) if schema else ():
            found = value.get(error.param)
            kind = f"a value that {error.detail}"
            if error.code == "missing_required_field":
                kind = "no such field"
            elif error.code == "invalid_type":
                kind = json_type(found) if error.param in value else "another type"
            probe.expect(error.code not in codes, f"{_RULES[error.code]} {error.param}", kind)


_RULES = {
    "missing_required_field": "the required field",
    "invalid_type": "the documented type of",
    "invalid_format": "the documented format of",
    "invalid_value": "a documented value of",
    "unknown_field": "no undocumented field, such as",
}


def json_object(answer: Answer) -> dict[str, Any]:
    """The answer's body; where it is no object, another requirement says so."""
    try:
        value = answer.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise NotVerified("the body is no JSON object")
    return value


@requirement(
    id="created.required-fields-are-there",
    level=Level.MUST,
    source=SEED,
    applies_to=shows(),
    sabotage=(
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
        on_status(201, "wrap it", lambda one: with_body(one, {"data": one.json()})),
    ),
)  # fmt: skip
def required_fields_are_there(probe: Probe) -> None:
    """The answer has every required field, also where its value is null."""
    expect_none(probe, {"missing_required_field"})


@requirement(
    id="created.fields-have-their-types",
    level=Level.MUST,
    source=SEED,
    applies_to=shows(),
    sabotage=(
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
    ),
)
def fields_have_their_types(probe: Probe) -> None:
    """Every documented field has its documented type."""
    expect_none(probe, {"invalid_type"})


@requirement(
    id="created.values-are-documented",
    level=Level.MUST,
    source="seed: status, enum active or revoked",
    applies_to=shows(),
    sabotage=(
        set_field(201, "status", "enabled"),
        set_field(201, "status", "ACTIVE"),
        set_field(201, "status", ""),
    ),
)
def values_are_documented(probe: Probe) -> None:
    """A field with an enumeration has one of its values."""
    expect_none(probe, {"invalid_value", "unknown_field"})


@requirement(
    id="created.fresh-key-is-active",
    level=Level.MUST,
    source="seed: status; Creates a new credential pair",
    applies_to=shows("status", "client_secret"),
    sabotage=(set_field(201, "status", "revoked"),),
)
def fresh_key_is_active(probe: Probe) -> None:
    """A key that was just created is active."""
    for answer in created_answers(probe):
        probe.expect(answer.field("status") == "active", "active", "another status")


@requirement(
    id="created.fresh-key-is-unused",
    level=Level.MUST,
    source="seed: last_used_at (string,null)",
    applies_to=shows("last_used_at", "client_secret"),
    sabotage=(
        edit_body(201, "use it", lambda one: one.update(last_used_at=one["created_at"])),
        set_field(201, "last_used_at", ""),
    ),
)
def fresh_key_is_unused(probe: Probe) -> None:
    """A key that was just created was never used: last_used_at is null."""
    for answer in created_answers(probe):
        found = answer.field("last_used_at")
        probe.expect(found is None, "last_used_at null", json_type(found))


@requirement(
    id="created.is-in-the-list",
    level=Level.SHOULD,
    source="vendor facts: GET /auth/credentials",
    applies_to=shows("id"),
    needs=(Capability.LISTING,),
    sabotage=(
        edit_body(200, "hide the newest", lambda page: page.update(data=page.get("data", [])[1:])),
        *(
            edit_body(
                200,
                f"list another {field}",
                lambda page, field=field, value=value: [  # type: ignore[misc]
                    item.update({field: value}) for item in page.get("data", [])
                ],
            )
            for field, value in (
                ("name", "another"), ("client_id", "another"), ("status", "revoked"),
                ("expires_at", None), ("expires_at", "2099-12-31T22:59:59Z"),
                ("created_at", "2000-01-01T00:00:00Z"), ("last_used_at", "2026-03-01T00:00:00Z"),
            )
        ),
    ),
)  # fmt: skip
def is_in_the_list(probe: Probe) -> None:
    """What was created is in the list, with the fields that it was shown with."""
    for made in [json_object(answer) for answer in created_answers(probe)]:
        for attempt in range(_LIST_ATTEMPTS):
            time.sleep(_LIST_PAUSE_SECONDS * bool(attempt))  # a list may lag a little
            found = [item for item in probe.listed() if item.get("id") == made.get("id")]
            if found:
                break
        probe.expect(len(found) == 1, "the new resource once in the list", f"{len(found)} times")
        for field in sorted(found[0].keys() & made.keys()):
            same = same_value(made[field], found[0][field])
            probe.expect(same, f"the {field} that it was created with", f"another {field}")


def same_value(one: object, other: object) -> bool:
    """Whether two values are equal; instants are, however they are spelt, within a second."""
    first, second = instant(one), instant(other)
    if first is not None and second is not None:
        return abs(first - second) < 1
    return one == other
