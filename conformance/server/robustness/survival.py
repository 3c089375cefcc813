"""Sending of odd requests, none of which may be answered with a server error.

A refusal of any kind is fine. A connection that is closed without an answer counts as one for
requests that are absurd as such (megabytes, thousands of levels), as long as the next plain
request is answered.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.judge import JudgedExchange
from conformance.probe.applicability import accepts_idempotency_key
from conformance.probe.plain_requests import changes_what_is_there
from conformance.probe.probe import Probe
from conformance.probe.resources import expect_any_served
from conformance.probe.violation import NO_SERVER_ERROR, Violation, unanswered
from conformance.target.errors import TargetError
from conformance.target.exchange import (
    NO_ANSWER,
    Answer,
    Request,
)
from dinie_contract.output import excerpt
from openapi.item_paths import is_of_one

SAFETY = "safety: never a 5xx for anything a client sends"


def _answer(probe: Probe, request: Request, *, absurd: bool) -> Answer | None:
    """The answer, or None where the target closed the connection instead.

    Raises :class:`TargetError` where it does not answer a plain request either.
    """
    # A target that is busy may be late by accident: ordinary requests get a second try.
    for _ in range(1 if absurd else 2):
        try:
            if not absurd:
                return probe.send_or_share(request)
            answer = probe.try_to_send(request, tries=1)
        except TargetError:
            probe.send(replace(probe.request(), headers=(), body=b""))
        else:
            if answer.excess:
                # A connection may be closed instead of an answer, and no answer be without end.
                raise Violation(NO_SERVER_ERROR, unanswered(answer))
            return None if answer.status == NO_ANSWER else answer
    if absurd:
        return None
    probe.recording.add(request, Answer(NO_ANSWER))
    raise Violation("an answer", "none, and again on another try")


def send_expecting_no_server_error(
    probe: Probe, requests: Iterable[Request], *, absurd: bool = False, odd_method: bool = False
) -> list[Answer]:
    """Send requests and return their answers; raises :class:`Violation` on a server error."""
    operation = probe.operation
    answers, own = [], []
    for request in requests:
        answer = _answer(probe, request, absurd=absurd)
        if answer is None:
            continue
        path = request.path.partition("?")[0]
        # RFC 9110 section 9.1: 501 is the answer to a method that a server does not know; it
        # says nothing of the operation where another path was asked for.
        unknown = answer.status == HTTPStatus.NOT_IMPLEMENTED
        elsewhere = "{" not in operation.path and path != operation.path
        if not (unknown and (odd_method or elsewhere or _is_not_implemented(probe))):
            _probe_for(probe, request).expect_no_server_error(answer)
        answers.append(answer)
        # What names nothing is not found, whether the operation is there or not.
        is_on_one = is_of_one(operation.path) or (
            "{" in operation.path and changes_what_is_there(operation)
        )
        if request.method == operation.method and path == probe.path() and not is_on_one:
            own.append(answer)
    if own:
        expect_any_served(probe, own)
    return answers


def _probe_for(probe: Probe, request: Request) -> Probe:
    """The probe of the operation that a request with another method is for, where there is one."""
    asked = replace(request, method="GET") if request.method == "HEAD" else request
    found = (one for one in probe.contract.operations.values() if asked.is_for(one))
    operation = next(found, probe.operation)
    return probe if operation is probe.operation else probe.of(operation)


def _is_not_implemented(probe: Probe) -> bool:
    return probe.send(probe.request()).status == HTTPStatus.NOT_IMPLEMENTED


def survive_bodies(
    probe: Probe,
    bodies: Iterable[bytes],
    *,
    absurd: bool = False,
    plain: Request | None = None,
) -> list[Answer]:
    """As :func:`send_expecting_no_server_error`, for valid requests with other bodies.

    They are those of ``plain``, else of a plain request. Every other one has an idempotency key,
    where the operation takes them: what looks keys up reads bodies as well.
    """
    plain, takes_keys = plain or probe.request(), accepts_idempotency_key(probe.operation)
    requests = (
        replace(plain.with_key(probe.new_key()) if takes_keys and number % 2 else plain, body=one)
        for number, one in enumerate(bodies)
    )
    return send_expecting_no_server_error(probe, requests, absurd=absurd)


def request_with_empty_body(probe: Probe) -> Request:
    """A plain request whose JSON body, where it has one, lacks every field: it is refused."""
    request = probe.request()
    return request.with_json({}) if request.body else request


def expect_no_server_error(exchange: JudgedExchange) -> None:
    """An answer came, and it is no server error but 501, 503 and one that alone is documented."""
    answer = exchange.answer
    if answer.status == NO_ANSWER:
        raise Violation(NO_SERVER_ERROR, unanswered(answer))
    # RFC 9110 section 15.6.4: it may be too busy for now.
    allowed = {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.SERVICE_UNAVAILABLE}
    is_usual = exchange.operation.is_usual_error(answer.status)
    if answer.is_server_error and answer.status not in allowed and not is_usual:
        raise Violation(NO_SERVER_ERROR, f"{answer.status}{_name_of(answer)}")


_EXCEPTION = re.compile(rb"\b[A-Z][A-Za-z]+(?:Error|Exception)\b")


def _name_of(answer: Answer) -> str:
    """The server's own name for its error, in brackets: it tells two faults apart."""
    name = answer.field("code") or answer.field("title")
    if isinstance(name, str) and name.isprintable():
        return f" ({excerpt(name, _LONGEST_NAME)})"
    thrown = _EXCEPTION.search(answer.body)
    return f" ({thrown[0].decode()})" if thrown else ""


_LONGEST_NAME = 60
