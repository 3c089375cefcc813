"""Missing and invalid fields (seed: request fields, response 422).

Any documented refusal will do for a MUST. Only plain data must be accepted.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from conformance.catalogue.mends import ACCEPT_PLAIN, FIELDS_422, NAME_FIELDS, VALIDATE
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, edit_body, on_requests, set_status
from conformance.probe.applicability import both, names_fields, tells_invalid_from_unreadable
from conformance.probe.bodies import (
    FAR_FUTURE,
    NO_REFUSAL,
    SEED,
    VENDOR,
    date_fields,
    expect_accepted,
    expect_refusal,
    invalid,
    is_faulty,
    is_judged,
    kind,
    makes_from_json,
    reported_fields,
    required_names,
    schema_at,
    settable,
    wrong_values,
)
from conformance.probe.not_verified import NOT_IMPLEMENTED_STATUSES, NotServed, NotVerified
from conformance.probe.pages import largest_page, pages
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.values import member
from conformance.server.validation.sabotage import (
    ACCEPT_ALL,
    COERCE,
    CREATE_ALL,
    IGNORE_DATES,
    REPLACE_NULL,
    answer_if,
)
from conformance.target.capabilities import Capability
from conformance.target.exchange import Request
from conformance.target.members import text_in


def _on_errors(name: str, change: Callable[[list[dict[str, Any]]], object]) -> Sabotage:
    return edit_body(422, name, lambda body: body.update(errors=change(body.get("errors", []))))


@requirement(
    "validation.plain-data-is-accepted",
    Level.MUST,
    "seed: request fields, response 201",
    makes_from_json,
    mend=ACCEPT_PLAIN,
)
@catches(answer_if(b"null", 422, "refuse null"), answer_if(b"2099", 422, "refuse an end"))
def plain_data_is_accepted(probe: Probe) -> None:
    """A short printable name is accepted, alone, and with a far end or null where there is one."""
    schema, required = schema_at(probe), required_names(schema_at(probe))
    added: dict[str, dict[str, Any]] = {"the required fields alone": {}}
    for name in settable(schema):
        if name in date_fields(probe.operation) and not probe.has_rules:
            added[f"{name} far ahead"] = {name: FAR_FUTURE}
        if not is_faulty(schema, name, None):
            added[f"{name} as null"] = {name: None}
    for what, fields in added.items():
        plain = probe.plain_body()
        body = {**{name: plain[name] for name in required if name in plain}, **fields}
        if not schema.is_valid(body):
            raise NotServed("the contract has no example of a valid body")
        expect_accepted(probe, probe.request().with_json(body), what)


@requirement(
    "validation.wrong-or-missing-field-is-refused", Level.MUST, SEED, is_judged, mend=VALIDATE
)
@catches(
    ACCEPT_ALL,
    COERCE,
    IGNORE_DATES,
    REPLACE_NULL,
    set_status(422, 201),
    set_status(422, 500),
    set_status(422, 413),
)
def wrong_or_missing_field_is_refused(probe: Probe) -> None:
    """Fields of the wrong type, null where it is not allowed, and missing fields are refused."""
    for what, body in invalid(probe):
        expect_refusal(probe, probe.request().with_json(body), what)


@requirement(
    "validation.body-of-another-type-is-refused", Level.MUST, SEED, is_judged, mend=VALIDATE
)
@catches(
    ACCEPT_ALL,
    on_requests(
        "take the first of an array",
        lambda one: replace(one, body=re.sub(rb"^\[(.+)\]$", rb"\1", one.body)),
    ),
    set_status(422, 500),
)
def body_of_another_type_is_refused(probe: Probe) -> None:
    """A body that is JSON and no object is refused."""
    schema = schema_at(probe)
    for value in (None, True, 5, "text", [], [probe.plain_body()], [["name", "text"]]):
        if not schema.is_valid(value):
            what = f"a body that is {kind(value)}"
            expect_refusal(probe, probe.request().with_json(value), what)


@requirement(
    "validation.invalid-field-is-422",
    Level.SHOULD,
    VENDOR,
    both(is_judged, tells_invalid_from_unreadable),
    mend=FIELDS_422,
)
@catches(set_status(422, 400))
def invalid_field_is_422(probe: Probe) -> None:
    """A wrong or missing field gets 422, which is for what reads well and is not valid."""
    for what, body in invalid(probe):
        request = probe.request().with_json(body)
        expect_refusal(probe, request, what, HTTPStatus.UNPROCESSABLE_ENTITY)


@requirement(
    "validation.every-bad-field-is-reported",
    Level.SHOULD,
    "vendor facts: 422 with one errors[] item for each field",
    both(is_judged, names_fields),
    mend=NAME_FIELDS,
)
@catches(
    _on_errors("report the first field only", lambda errors: errors[:1]),
    _on_errors("report the last field only", lambda errors: errors[-1:]),
    _on_errors("report no field", lambda _: []),
    _on_errors(
        "do not name the fields", lambda errors: [{**one, "param": "body"} for one in errors]
    ),
)
def every_bad_field_is_reported(probe: Probe) -> None:
    """Each bad field has an item in ``errors`` that names it, all of them at once."""
    schema = schema_at(probe)
    wrong = {name: next(wrong_values(schema, name), None) for name in settable(schema)}
    wrong = {name: value for name, value in wrong.items() if is_faulty(schema, name, value)}
    required = required_names(schema)
    bodies = [wrong, {name: value for name, value in wrong.items() if name not in required}]
    bodies += [{**probe.plain_body(), name: value} for name, value in wrong.items()]
    for body in bodies:
        bad = {one.param for one in schema.errors(body)}
        answer = answer_to(probe, probe.request().with_json(body))
        if not answer.is_refusal:
            raise NotVerified(f"the target answers {answer.status} to fields of the wrong type")
        if answer.status in {*NO_REFUSAL, *NOT_IMPLEMENTED_STATUSES}:
            raise NotVerified(f"the target answers {answer.status}, which is about something else")
        missed = sorted(bad - reported_fields(answer))
        probe.expect(
            not missed,
            f"errors[] with param {', '.join(sorted(bad))}",
            f"nothing on {', '.join(missed)}",
            member(answer, "errors"),
        )


@requirement(
    "validation.refused-request-creates-nothing",
    Level.MUST,
    SEED,
    makes_from_json,
    needs=(Capability.LISTING,),
    mend="Validate before anything is stored, or roll it back.",
)
@catches(CREATE_ALL)
def refused_request_creates_nothing(probe: Probe) -> None:
    """A request that was refused has not made anything, as the list shows."""
    schema, required = schema_at(probe), required_names(schema_at(probe))
    refused: set[str] = set()

    def send(request: Request, body: dict[str, Any]) -> None:
        if answer_to(probe, request).is_refusal:
            refused.add(str(body.get(probe.name_member)))

    for name in settable(schema):
        for value in wrong_values(schema, name) if name not in required else ():
            body = {**probe.plain_body(), name: value}
            send(probe.request().with_json(body), body)
    for start, end, cut in (b"", b"", 1), (b"", b"}", 0), (b"[", b"", 0):
        body = probe.plain_body()
        request = probe.request().with_json(body)
        text = request.body[: len(request.body) - cut]
        send(replace(request, body=start + text + end), body)
    body = probe.plain_body()
    send(probe.request().with_json(body).with_header("Content-Type", "text/plain"), body)
    if not refused:
        raise NotVerified("the target refuses none of the requests")
    lister = probe.listing
    for page in pages(lister, largest_page(lister)):
        found = [one for one in page.items if text_in(one, probe.name_member) in refused]
        probe.expect(not found, "nothing in the list from a refused request", f"{len(found)} items")
