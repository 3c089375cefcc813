"""Whether an answer to a generated request is really wrong, judged by the contract.

A generator of requests accuses; what it calls wrong may be left open by the seed. Each judge says
in a few words what is wrong with an answer, and nothing where nothing is.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from conformance.probe.bodies import schema_of
from conformance.probe.probe import NO_SERVER_ERROR, NOTHING_FAILS, unanswered
from conformance.target.exchange import NO_ANSWER, Answer, Request
from conformance.target.timestamps import instant
from openapi.operation import Operation
from openapi.schema import types_of

Judge = Callable[[Operation, Request, Answer], str]


def server_error(_: Operation, __: Request, answer: Answer) -> str:
    """A server error, other than 501 and 503, or no answer at all."""
    if answer.status == NO_ANSWER:
        return unanswered(answer)
    # RFC 9110 section 15.6.4: it may be too busy for now.
    allowed = {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.SERVICE_UNAVAILABLE}
    failed = answer.is_server_error and answer.status not in allowed
    return f"{answer.status}{_name_of(answer)}" if failed else ""


_EXCEPTION = re.compile(rb"\b[A-Z][A-Za-z]+(?:Error|Exception)\b")


def _name_of(answer: Answer) -> str:
    """What a server calls its error, in brackets: two of them are two faults."""
    name = answer.field("code") or answer.field("title")
    if isinstance(name, str) and name.isprintable():
        return f" ({name[:_LONGEST_NAME]})"
    thrown = _EXCEPTION.search(answer.body)
    return f" ({thrown[0].decode()})" if thrown else ""


_LONGEST_NAME = 60

_OF_A_GATEWAY = {
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
"""What a gateway answers to requests that it takes for an attack."""


def undocumented_status(operation: Operation, request: Request, answer: Answer) -> str:
    """A status that the contract does not name."""
    known = operation.response(answer.status) or answer.status in _OF_A_GATEWAY
    wrong = answer.status != NO_ANSWER and not known
    return f"{answer.status}" if _is_json(request) and wrong else ""


def _is_json(request: Request) -> bool:
    """It has the usual media type: a server may have another answer to others, or a gateway."""
    types = [value for name, value in request.headers if name.lower() == "content-type"]
    return types == ["application/json"] or request.method == "GET"


def undocumented_type(operation: Operation, request: Request, answer: Answer) -> str:
    """A media type that the contract does not name for this status."""
    documented = operation.response(answer.status)
    if documented is None or not documented.content or not _is_json(request):
        return ""
    wrong = answer.media_type not in documented.content
    return f"{answer.media_type or 'none'} with {answer.status}" if wrong else ""


def wrong_body(operation: Operation, request: Request, answer: Answer) -> str:
    """A body that is not of the documented schema."""
    documented = operation.response(answer.status)
    content = documented.content.get(answer.media_type) if documented else None
    if content is None or content.schema is None or not _is_json(request):
        return ""
    try:
        errors = content.schema.errors(answer.json())
    except ValueError:
        return f"{answer.status} with a body that is no JSON"
    # How instants are spelt is judged elsewhere, with what RFC 3339 allows.
    wrong = [one for one in errors if one.code != "invalid_format"]
    return f"{answer.status} where {wrong[0].param} {_told(wrong[0].detail)}" if wrong else ""


def _told(detail: str) -> str:
    return f"{detail} and is not" if detail.startswith(("must", "is required")) else detail


def wrong_header(operation: Operation, _: Request, answer: Answer) -> str:
    """A header that is no number where the contract says so."""
    documented = operation.response(answer.status)
    for header in documented.headers if documented else ():
        value = answer.header(header.name)
        types = types_of(header.schema.outline) if header.schema else ()
        if value is not None and "integer" in types and not re.fullmatch(r"[+-]?\d+", value):
            return f"no integer in {header.name}"
    return ""


def taken(operation: Operation, request: Request, answer: Answer) -> str:
    """A success, though the body is not of the documented schema."""
    if not answer.is_success or not _is_json(request):
        return ""
    try:
        errors = schema_of(operation).errors(json.loads(request.body))
    except ValueError:
        return ""
    wrong = [one for one in errors if one.code != "invalid_format"]
    return f"{answer.status} though {wrong[0].param} {wrong[0].detail}" if wrong else ""


def changed(operation: Operation, request: Request, answer: Answer) -> str:
    """Data that was accepted and comes back as something else."""
    sent, found = Answer(0, body=request.body).json_object(), answer.json_object()
    if answer.status != operation.success_status or sent is None or found is None:
        return ""
    wrong = [one for one in sorted(sent.keys() & found.keys()) if not _same(sent[one], found[one])]
    return f"another {wrong[0]}" if wrong else ""


def _same(sent: Any, found: Any) -> bool:
    first, second = instant(sent), instant(found)
    if first is not None and second is not None:
        # A server may keep whole seconds only.
        return abs(first - second) < 1
    # What becomes of half a character nobody says (RFC 8259 section 8.2).
    return sent == found or (isinstance(sent, str) and bool(_HALF.search(sent)))


_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Accusation:
    """What an answer is accused of: by which check of Schemathesis, and how it is judged."""

    check: str
    judge: Judge
    expected: str


ACCUSATIONS: Mapping[str, Accusation] = {
    NOTHING_FAILS: Accusation("not_a_server_error", server_error, NO_SERVER_ERROR),
    "generated.statuses-are-documented": Accusation(
        "status_code_conformance", undocumented_status, "a documented status"
    ),
    "generated.media-types-are-documented": Accusation(
        "content_type_conformance", undocumented_type, "a documented media type"
    ),
    "generated.answers-match-their-schemas": Accusation(
        "response_schema_conformance", wrong_body, "a body as documented"
    ),
    "generated.headers-match-their-schemas": Accusation(
        "response_headers_conformance", wrong_header, "headers as documented"
    ),
    "generated.invalid-data-is-refused": Accusation("negative_data_rejection", taken, "a refusal"),
}
"""By the id of the requirement that is broken where the judge agrees."""

COMES_BACK = "generated.accepted-data-comes-back"

JUDGES: Mapping[str, tuple[str, Judge]] = {
    **{name: (one.expected, one.judge) for name, one in ACCUSATIONS.items()},
    COMES_BACK: ("what was sent", changed),
}
"""By requirement: what it expects of every answer, and who judges by request and answer alone."""
