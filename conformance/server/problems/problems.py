"""Errors are problem documents, each status with a type of its own (seed; RFC 9457)."""

import re
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.judge import REFUSAL, each
from conformance.catalogue.mends import MEDIA_TYPES
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_status, set_field, set_header
from conformance.probe.applicability import (
    answers_errors,
    answers_json_errors,
    answers_problems,
    every,
)
from conformance.probe.not_verified import refused_with
from conformance.probe.probe import Probe
from conformance.probe.values import Values
from conformance.probe.violation import expect
from conformance.server.problems.provoking import (
    SEED,
    all_texts,
    documented_errors,
    problem_documents,
    set_detail,
)
from conformance.target.exchange import Answer, pattern_of
from openapi.operation import Operation

_MARKUP = re.compile(r"<(?:!doctype|html|head|body|title|pre|h1)\b", re.IGNORECASE)


def _send_as(status: int, value: str | None) -> Sabotage:
    sabotage = set_header(status, "Content-Type", value)
    return replace(sabotage, name=f"send {status} as {value or 'nothing at all'}")


@requirement("problems.media-type", Level.MUST, SEED, answers_errors, mend=MEDIA_TYPES)
@catches(
    _send_as(4, "text/html"),
    _send_as(4, "application/json"),
    _send_as(4, None),
    _send_as(401, "text/plain"),
    _send_as(422, "application/json"),
    _send_as(404, "text/html"),
)
@each(documented_errors, statuses=REFUSAL, has_documented_body=True)
def media_type(operation: Operation, answer: Answer) -> None:
    """An error has the documented media type, such as application/problem+json."""
    documented = operation.response(answer.status)
    if documented is not None:
        expected = f"{' or '.join(documented.content)} with a {answer.status}"
        found = documented.describes(answer.content_type)
        expect(found, expected, answer.content_type or "no Content-Type")


@requirement("problems.body-is-an-object", Level.MUST, SEED, answers_json_errors, mend=MEDIA_TYPES)
@catches(
    on_status(4, "answer nothing", lambda one: replace(one, body=b"")),
    on_status(4, "answer text", lambda one: replace(one, body=b"Bad Request")),
    on_status(4, "answer a list", lambda one: replace(one, body=b"[" + one.body + b"]")),
    on_status(4, "cut the body", lambda one: replace(one, body=one.body[:-1])),
)
@each(documented_errors, statuses=REFUSAL, has_documented_body=True)
def body_is_an_object(operation: Operation, answer: Answer) -> None:
    """The body of an error is a JSON object, or what the contract documents in place of one."""
    expected = f"a JSON object with a {answer.status}"
    holds = answer.json_object() is not None or _is_documented(operation, answer)
    expect(holds, expected, "something else")


def _is_documented(operation: Operation, answer: Answer) -> bool:
    """Whether the schema of an answer allows its body; not where nothing bounds that."""
    documented = operation.response(answer.status)
    media_type = documented.describes(answer.content_type) if documented else None
    schema = media_type.schema if media_type else None
    if schema is None or not schema.outline.get("type"):
        return False
    try:
        return schema.is_valid(answer.json())
    except ValueError:
        return False


@requirement(
    "problems.types-tell-kinds-apart",
    Level.SHOULD,
    "vendor facts: each status has a type of its own",
    answers_problems,
    mend="Give each kind of error a type of its own.",
)
@catches(set_field(4, "type", "https://api.dinie.com.br/errors/error"))
def types_tell_kinds_apart(probe: Probe) -> None:
    """Errors with different statuses have different types."""
    statuses: dict[str, set[int]] = {}
    for answer, problem in problem_documents(probe):
        if isinstance(problem.get("type"), str):
            statuses.setdefault(problem["type"], set()).add(answer.status)
    # RFC 9457 section 4.2.1: about:blank leaves it to the status to tell them apart.
    statuses.pop("about:blank", None)
    for kind, seen in statuses.items():
        together = " and ".join(map(str, sorted(seen)))
        shared = Values("/type", kind)
        probe.expect(len(seen) == 1, "one type for each status", f"one for {together}", shared)


@requirement("problems.no-markup", Level.MUST, SEED, answers_json_errors, mend=MEDIA_TYPES)
@catches(
    on_status(4, "answer a page", lambda one: replace(one, body=b"<!DOCTYPE html><html>")),
    set_detail("<html><body><h1>Bad Request</h1></body></html>"),
)
def no_markup(probe: Probe) -> None:
    """An error is no web page and holds none."""
    for answer in documented_errors(probe):
        found = _MARKUP.search(all_texts(answer))
        seen = [Values("markup", found[0])] if found else []
        probe.expect(not found, f"a {answer.status} without HTML", "HTML", *seen)


@requirement(
    "problems.method-not-allowed-names-methods",
    Level.SHOULD,
    "RFC 9110, section 15.5.6",
    every,
    mend="Send Allow with a 405, with the methods that the path has.",
)
@catches(set_header(405, "Allow", None), set_header(405, "Allow", "GET, PATCH"))
def method_not_allowed_names_methods(probe: Probe) -> None:
    """A 405 carries Allow, and the refused method is not in it."""
    request = probe.request()
    path = request.path.partition("?")[0]
    # ``PATCH /things/mine`` may be that of ``/things/{id}``.
    known = {
        one.method
        for one in probe.contract.operations.values()
        if pattern_of(one.path).fullmatch(path)
    }
    method = next(one for one in ("PATCH", "PUT", "DINIE") if one not in known)
    # Without a body and its type it changes nothing, should there be such an operation after all.
    answer = probe.send(replace(request, method=method, headers=(), body=b""))
    if answer.status != HTTPStatus.METHOD_NOT_ALLOWED:
        raise refused_with(
            answer.status, f"the target answered {answer.status} to {method}, not 405"
        )
    allow = answer.header("allow")
    probe.expect(allow is not None, "Allow with a 405", "no such header")
    allowed = {one.strip() for one in (allow or "").split(",")}
    probe.expect(method not in allowed, f"Allow without {method}", f"Allow with {method}")
