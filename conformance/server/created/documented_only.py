"""Statuses and media types of answers are ones that the contract documents.

Only requests that no server may treat otherwise are sent. A body of many megabytes gets statuses
from gateways that are no fault of an API.
"""

from collections.abc import Iterator
from dataclasses import replace

from conformance.catalogue.judge import Purpose, each, on
from conformance.catalogue.mends import DOCUMENTED_STATUSES, MEDIA_TYPES
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import fail_on, set_header, set_status
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
        for form in damaged_forms(probe.target.tokens[plain.partner or 0])
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
    # RFC 9110 section 8.3.1: parameters such as charset do not make another media type.
    expect(
        answer.media_type in documented.content,
        f"{' or '.join(documented.content)} for {answer.status}",
        answer.media_type or "no Content-Type",
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
            probe.succeed(probe.request())
        expect_documented(probe.operation, answer)
