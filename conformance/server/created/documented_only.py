"""Statuses and media types of answers are ones that the contract documents.

Only requests that no server may treat otherwise are sent. A body of many megabytes gets statuses
from gateways that are no fault of an API.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from conformance.catalogue.judge import Purpose, each, on
from conformance.catalogue.mends import DOCUMENTED_STATUSES, MEDIA_TYPES
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import (
    fail_on,
    on_answers,
    set_header,
    set_status,
    with_header,
)
from conformance.probe.applicability import lists
from conformance.probe.not_verified import refused_with
from conformance.probe.probe import Probe, without_token
from conformance.probe.rate_limits import answer_to
from conformance.probe.violation import expect
from conformance.server.created.answers import NOT_SERVED, expect_documented
from conformance.server.validation.sabotage import answer_if, content_type
from conformance.target.exchange import Answer, Request
from conformance.target.token_forms import damaged_forms
from openapi.operation import Operation
from openapi.resource import creates


def _accept(request: Request) -> str:
    """The ``Accept`` header of a request."""
    return dict(request.headers).get("Accept", "")


_CHARSET = re.compile(r';\s*charset\s*=\s*"?(?!utf-?8\b)([^";\s]*)', re.IGNORECASE)
"""A charset that is not UTF-8, among the parameters of a media type."""

OTHER_TYPE = "text/plain"
"""A media type that a framework may refuse by itself, with 415."""


def _valid_and_invalid(probe: Probe) -> Iterator[Answer]:
    """Answers to a valid request, and to invalid ones that no server may treat otherwise."""
    plain = probe.request()
    first = probe.send(plain)
    if first.status in NOT_SERVED:
        raise refused_with(
            first.status, f"{probe.operation.id} answered {first.status} to a plain valid request"
        )
    yield first
    for body in ({}, {probe.name_member: 5}, {**probe.plain_body(), "expires_at": "tomorrow"}):
        yield probe.send(plain.with_json(body))
    yield probe.send(replace(plain, body=f'{{"{probe.name_member}": '.encode()))
    documented = probe.operation.request_body
    if documented and documented.accepts(OTHER_TYPE) is None:
        yield probe.send(plain.with_header("Content-Type", OTHER_TYPE))
    yield probe.send(without_token(plain))
    yield from (
        probe.send(replace(plain, token_form=form))
        for form in damaged_forms(probe.target.access[plain.partner or 0].at(probe.token_place))
    )


@requirement(
    "created.only-documented-statuses",
    Level.MUST,
    "seed: Responses 201, 400, 401, 422, 429, 500",
    creates,
    mend=DOCUMENTED_STATUSES,
)
@catches(
    *(set_status(422, other) for other in (409, 418, 302)),
    *(set_status(401, other) for other in (403, 404)),
    set_status(400, 415),
    answer_if(OTHER_TYPE.encode(), 415, "answer 415 to another media type", content_type),
    set_status(201, 202),
)
@each(_valid_and_invalid, on(Purpose.CREATE))
def only_documented_statuses(operation: Operation, answer: Answer) -> None:
    """Valid and invalid requests get statuses that the contract names."""
    expect_documented(operation, answer)


@requirement(
    "created.only-documented-media-types",
    Level.MUST,
    "seed: Responses, application/json and application/problem+json",
    creates,
    mend=MEDIA_TYPES,
)
@catches(
    set_header(201, "Content-Type", "text/html; charset=utf-8"),
    set_header(201, "Content-Type", "application/problem+json"),
    set_header(201, "Content-Type", None),
    *(set_header(status, "Content-Type", "application/json") for status in (400, 401, 422)),
    set_header(4, "Content-Type", "text/html"),
)
@each(_valid_and_invalid)
def only_documented_media_types(operation: Operation, answer: Answer) -> None:
    """Every answer has a media type that the contract names for its status."""
    documented = operation.response(answer.status)
    if documented is None or not documented.content:
        return
    expect(
        documented.describes(answer.content_type),
        f"{' or '.join(documented.content)} for {answer.status}",
        answer.content_type or "no Content-Type",
    )


@requirement(
    "created.any-accept-gets-a-documented-status",
    Level.SHOULD,
    "seed: Responses; RFC 9110 section 12.5.1: a server may disregard Accept",
    creates,
    mend=DOCUMENTED_STATUSES,
)
@catches(fail_on("an Accept that nothing fits", lambda one: "csv" in _accept(one), 406))
def any_accept_gets_a_documented_status(probe: Probe) -> None:
    """A request whose ``Accept`` fits no documented media type gets a documented status."""
    for value in ("text/csv", "image/*;q=0.5, text/csv"):
        answer = answer_to(probe, probe.request().with_header("Accept", value))
        if answer.status in NOT_SERVED:
            probe.make()
        expect_documented(probe.operation, answer)


@requirement(
    "created.charset-is-utf-8",
    Level.SHOULD,
    "RFC 8259 section 8.1: JSON is encoded in UTF-8",
    creates,
    mend="Announce JSON without a charset, or with charset=utf-8.",
)
@catches(
    set_header(201, "Content-Type", "application/json; charset=ISO-8859-1"),
    set_header(4, "Content-Type", 'application/problem+json;charset="windows-1252"'),
)
@each(_valid_and_invalid)
def charset_is_utf_8(_: Operation, answer: Answer) -> None:
    """An answer announces no other charset than UTF-8."""
    found = _CHARSET.search(answer.content_type)
    expect(found is None, "no charset, or utf-8", f"{found[1] if found else ''}")


def _lists_or_creates(operation: Operation) -> bool:
    return lists(operation) or creates(operation)


@requirement(
    "created.coding-is-accepted",
    Level.SHOULD,
    "RFC 9110 section 12.5.3: Accept-Encoding",
    _lists_or_creates,
    mend="Compress an answer only where the request's Accept-Encoding allows the coding.",
)
@catches(
    on_answers("compress all", lambda _, answer: with_header(answer, "Content-Encoding", "gzip")),
)
def coding_is_accepted(probe: Probe) -> None:
    """An answer to a client that accepts no coding has none."""
    answer = answer_to(probe, probe.request().with_header("Accept-Encoding", "identity"))
    if answer.status in NOT_SERVED:
        probe.make()
    coding = answer.header("content-encoding") or "identity"
    probe.expect(coding.lower() == "identity", "no Content-Encoding", coding)
