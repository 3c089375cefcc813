"""Errors are problem documents (seed: Responses 400, 401 and 422; RFC 9457), and give nothing away.

Each check provokes the errors that can be had by asking for them, and judges those answers that
the contract documents for the operation: what stands in front of a target may answer others in
its own way. An operation that a target does not serve at all is not verified.
"""

import base64
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from conformance.applicability import every, needs_bearer_token, takes_json
from conformance.exchange import Answer, Request
from conformance.model import Level
from conformance.probe import NotVerified, Probe, without_token
from conformance.registry import requirement
from conformance.sabotage import (
    Sabotage,
    drop_field,
    edit_body,
    on_answers,
    on_status,
    set_field,
    set_header,
    set_status,
)
from conformance.server.authentication import UNSERVED, own_request
from openapi.contract import PATH_PARAMETER
from openapi.operation import Operation
from openapi.schema import FieldError, types_of

SEED = "seed: Responses 400, 401, 422 (application/problem+json)"
SAFETY = "safety: an error tells a client nothing that it must not know"

_CLIENT_ERROR = 4
_SHORTEST_SECRET = 12
_UNKNOWN_TOKEN = "dinie-conformance-unknown"  # noqa: S105 - nobody's token

# RFC 3986 section 2: what a URI is written with, a percent sign only before two hex digits.
_URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")

_MARKUP = re.compile(r"<(?:!doctype|html|head|body|title|pre|h1)\b", re.IGNORECASE)

_INTERNALS = {
    "a stack trace": r"(?m)^\s+at [\w.$<>`]+ ?\(.*\)",
    "a Python stack trace": r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d",
    "a Java stack trace": r"\bat [\w.$<>]+\([\w$]+\.(?:java|kt|scala):\d+\)"
    r"|\bjava\.lang\.\w+(?:Exception|Error)\b",
    "a Node stack trace": r"\bat .*\.(?:[cm]?[jt]s|[jt]sx):\d+:\d+|\bnode:internal/",
    "a Go stack trace": r"\bgoroutine \d+ \[|/\w+\.go:\d+",
    "a PHP stack trace": r"\.php on line \d|\.php\(\d+\): |\.php:\d+",
    "a Ruby stack trace": r"\.rb:\d+:in ",
    "a .NET stack trace": r"\bat [\w.`<>\[\]]+\(.*\) in .+:line \d+",
    "a database's own message": r"\bSQLSTATE\[|\bORA-\d{5}:|\bpsycopg2?\.|\bsqlite3\.\w+Error\b",
    "a path of the server": r"/usr/(?:lib|local|share|src)/|\bsite-packages/|\bnode_modules/"
    r"|(?<![\w/.])/(?:home|Users|root|opt|srv|var/www|var/task)/[\w.\-]+/"
    r"|\b[A-Za-z]:\\(?:\w|\\)",
}
"""What no error may show, as patterns that ordinary words do not match."""


def _provocations(probe: Probe) -> Iterator[Request]:
    """Requests that are wrong in ways that the contract has an error for, token or not."""
    operation, request = probe.operation, probe.request()
    if takes_json(operation):
        yield replace(request, body=b"{")
        yield replace(request.with_header("Content-Type", "text/plain"), body=b"name")
        yield request.with_json([])
        yield request.with_json({})
        yield request.with_json(_wrong_everywhere(operation))
    if PATH_PARAMETER.search(operation.path):
        own = own_request(probe)
        # An instance that repeats the last path must still be written as a URI.
        yield from (own, own, request, replace(request, path=f"{request.path}%20%C3%BC%3C%22%7B"))
    for parameter in operation.parameters:
        if parameter.location == "query":
            yield replace(request, path=f"{request.path}?{parameter.name}=-1")
    if not needs_bearer_token(operation) or not operation.request_body:
        yield request
    if needs_bearer_token(operation):
        yield without_token(request)
        yield without_token(request).with_header("Authorization", f"Bearer {_UNKNOWN_TOKEN}")


def _errors(probe: Probe) -> Iterator[Answer]:
    """The answers that are errors and that the contract documents for the operation."""
    served, found = False, False
    for request in _provocations(probe):
        answer = probe.send(request)
        documented = probe.operation.answer(answer.status)
        # "Not found" can also mean that there is no such operation, until it answered otherwise.
        is_its_own = documented and answer.status not in {*UNSERVED, HTTPStatus.TOO_MANY_REQUESTS}
        served = served or bool(request.partner == 0 and is_its_own)
        if served and documented and documented.content and answer.status // 100 == _CLIENT_ERROR:
            found = True
            yield answer
    if not found:
        raise NotVerified(f"{probe.operation.name} gave no error that is documented for it")


def _is_error(answer: Answer) -> bool:
    return answer.status >= HTTPStatus.BAD_REQUEST


def _problems(probe: Probe) -> Iterator[tuple[Answer, dict[str, Any]]]:
    """Those errors that hold a JSON object, with it."""
    for answer in _errors(probe):
        problem = _object(answer)
        if problem is not None:
            yield answer, problem


def _object(answer: Answer) -> dict[str, Any] | None:
    try:
        value = answer.json()
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _complaints(probe: Probe, answer: Answer, value: object) -> list[FieldError]:
    """What the contract's own schema says of an error's body, but for how its texts look."""
    documented = probe.operation.answer(answer.status)
    schemas = documented.content.values() if documented else ()
    schema = next((one.schema for one in schemas if one.schema), None)
    found = schema.errors(value) if schema else []
    return [one for one in found if one.code != "invalid_format"]


def _properties(operation: Operation) -> Mapping[str, Mapping[str, Any]]:
    body = operation.request_body
    media_type = body.accepts("application/json") if body else None
    outline = media_type.schema.outline if media_type and media_type.schema else {}
    found: Mapping[str, Mapping[str, Any]] = outline.get("properties", {})
    return found


def _wrong_everywhere(operation: Operation) -> dict[str, Any]:
    """A body in which every field that has a type is of another type."""
    return {
        name: [] if "array" not in types_of(outline) else {}
        for name, outline in _properties(operation).items()
        if types_of(outline)
    }


def _texts(value: object) -> Iterator[str]:
    """Every text in a JSON value."""
    match value:
        case str():
            yield value
        case dict():
            for name, member in value.items():
                yield name
                yield from _texts(member)
        case list():
            for member in value:
                yield from _texts(member)


def _all_texts(answer: Answer) -> str:
    """All that an answer says: its headers, and its body with the JSON escapes read."""
    try:
        body = list(_texts(answer.json()))
    except (ValueError, RecursionError):
        body = [answer.body.decode("utf-8", "replace")]
    return "\n".join([*body, *(value for _, value in answer.headers)])


def _send_as(status: int, value: str | None) -> Sabotage:
    sabotage = set_header(status, "Content-Type", value)
    return replace(sabotage, name=f"send {status} as {value or 'nothing at all'}")


@requirement(
    id="problems.media-type",
    level=Level.MUST,
    source=SEED,
    applies_to=every,
    sabotage=(
        _send_as(4, "text/html"),
        _send_as(4, "application/json"),
        _send_as(4, None),
        _send_as(401, "text/plain"),
        _send_as(422, "application/json"),
        _send_as(404, "text/html"),
    ),
)
def media_type(probe: Probe) -> None:
    """An error has the documented media type, application/problem+json."""
    for answer in _errors(probe):
        documented = probe.operation.answer(answer.status)
        names = documented.content if documented else {}
        expected = f"{' or '.join(names)} with a {answer.status}"
        # RFC 9110 section 8.3.1: parameters such as a charset do not make it another type.
        probe.expect(answer.media_type in names, expected, answer.media_type or "no Content-Type")


@requirement(
    id="problems.body-is-an-object",
    level=Level.MUST,
    source=SEED,
    applies_to=every,
    sabotage=(
        on_status(4, "answer nothing", lambda one: replace(one, body=b"")),
        on_status(4, "answer text", lambda one: replace(one, body=b"Bad Request")),
        on_status(4, "answer a list", lambda one: replace(one, body=b"[" + one.body + b"]")),
        on_status(4, "cut the body", lambda one: replace(one, body=one.body[:-1])),
    ),
)
def body_is_an_object(probe: Probe) -> None:
    """The body of an error is a JSON object."""
    for answer in _errors(probe):
        expected = f"a JSON object with a {answer.status}"
        probe.expect(_object(answer) is not None, expected, "something else")


@requirement(
    id="problems.required-members",
    level=Level.MUST,
    source=SEED,
    applies_to=every,
    sabotage=tuple(drop_field(4, name) for name in ("type", "title", "status", "detail")),
)
def required_members(probe: Probe) -> None:
    """An error has type, title, status and detail."""
    for answer, problem in _problems(probe):
        complaints = _complaints(probe, answer, problem)
        missing = [one.param for one in complaints if one.code == "missing_required_field"]
        missing = [name for name in missing if not name.startswith("errors[")]
        expected = f"all required members with a {answer.status}"
        probe.expect(not missing, expected, f"no {', '.join(missing)}")


@requirement(
    id="problems.member-types",
    level=Level.MUST,
    source=SEED,
    applies_to=every,
    sabotage=(
        edit_body(4, "write the status as text", lambda one: one.update(status=str(one["status"]))),
        set_field(4, "title", None),
        set_field(4, "detail", {"message": "wrong"}),
        set_field(4, "instance", None),
        set_field(4, "code", 17),
        set_field(422, "param", ["name"]),
        set_field(422, "errors", {"name": "wrong"}),
    ),
)
def member_types(probe: Probe) -> None:
    """The members of an error have their documented types."""
    for answer, problem in _problems(probe):
        for one in _complaints(probe, answer, problem):
            wrong = one.code != "missing_required_field" and not one.param.startswith("errors[")
            probe.expect(not wrong, f"{one.param} {one.detail}", f"another {one.param}")


@requirement(
    id="problems.status-matches",
    level=Level.MUST,
    source="seed: status, HTTP status code",
    applies_to=every,
    sabotage=(set_field(4, "status", 500), set_field(422, "status", 400), set_status(422, 400)),
)
def status_matches(probe: Probe) -> None:
    """The status in an error is the status of the answer."""
    for answer, problem in _problems(probe):
        given = problem.get("status")
        # A status of another type is for problems.member-types to tell.
        if isinstance(given, int | float):
            probe.expect(given == answer.status, f"status {answer.status}", f"status {given}")


@requirement(
    id="problems.type-is-uri",
    level=Level.MUST,
    source="seed: type, URI identifying the error type",
    applies_to=every,
    sabotage=(
        set_field(4, "type", "validation failed"),
        set_field(4, "type", ""),
        set_field(401, "type", "https://api.dinie.com.br/errors/<401>"),
    ),
)
def type_is_uri(probe: Probe) -> None:
    """The type of an error is a URI reference."""
    _expect_uri(probe, "type", empty=False)


@requirement(
    id="problems.instance-is-uri",
    level=Level.MUST,
    source="seed: instance, URI identifying this specific occurrence",
    applies_to=every,
    sabotage=(
        set_field(4, "instance", "/v3/auth/credentials/a b"),
        set_field(4, "instance", "the request <1>"),
        edit_body(
            404,
            "write the path unescaped",
            lambda one: one.update(instance=str(one["instance"]).replace("%20", " ")),
        ),
    ),
)
def instance_is_uri(probe: Probe) -> None:
    """The instance of an error, where there is one, is a URI reference."""
    _expect_uri(probe, "instance", empty=True)


def _expect_uri(probe: Probe, name: str, *, empty: bool) -> None:
    for answer, problem in _problems(probe):
        given = problem.get(name)
        if isinstance(given, str):
            holds = _URI_REFERENCE.fullmatch(given) and (given or empty)
            probe.expect(holds, f"a URI as {name} of a {answer.status}", "a text that is none")


@requirement(
    id="problems.errors-items",
    level=Level.MUST,
    source="seed: errors.param and errors.detail, required",
    applies_to=lambda one: one.answer(HTTPStatus.UNPROCESSABLE_ENTITY) is not None,
    sabotage=(
        edit_body(422, "drop errors.param", lambda one: one["errors"][0].pop("param")),
        edit_body(422, "drop errors.detail", lambda one: one["errors"][-1].pop("detail")),
        edit_body(422, "number errors.detail", lambda one: one["errors"][0].update(detail=1)),
        edit_body(422, "null errors.code", lambda one: one["errors"][0].update(code=None)),
        set_field(422, "errors", ["name is required"]),
    ),
)
def errors_items(probe: Probe) -> None:
    """Every item of errors, where there are any, has param and detail as texts."""
    for answer, problem in _problems(probe):
        for one in _complaints(probe, answer, problem):
            wrong = one.param.startswith("errors[")
            probe.expect(not wrong, f"{one.param} {one.detail}", "an item without that")


@requirement(
    id="problems.every-bad-field-is-named",
    level=Level.SHOULD,
    source="vendor facts: 422 has one errors[] item for each field",
    applies_to=lambda one: takes_json(one) and one.answer(422) is not None,
    sabotage=(
        edit_body(
            422, "name the first field only", lambda one: one.update(errors=one["errors"][:1])
        ),
        drop_field(422, "errors"),
        set_field(422, "errors", []),
    ),
)
def every_bad_field_is_named(probe: Probe) -> None:
    """A 422 names every bad field in errors, not only the first."""
    body = _wrong_everywhere(probe.operation)
    answer = probe.send(probe.request().with_json(body))
    if answer.status != HTTPStatus.UNPROCESSABLE_ENTITY:
        raise NotVerified(f"the target answered {answer.status} to fields of wrong types, not 422")
    errors = (_object(answer) or {}).get("errors")
    items = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    # Servers write name, body.name, /name or $.name: the last part counts.
    named = {re.split(r"[./\[\]'\"]+", str(one.get("param")).rstrip("]'\""))[-1] for one in items}
    missing = sorted(set(body) - named)
    probe.expect(not missing, f"{', '.join(body)} in errors", f"no {', '.join(missing)}")


@requirement(
    id="problems.types-tell-kinds-apart",
    level=Level.SHOULD,
    source="vendor facts: each status has a type of its own",
    applies_to=every,
    sabotage=(set_field(4, "type", "https://api.dinie.com.br/errors/error"),),
)
def types_tell_kinds_apart(probe: Probe) -> None:
    """Errors with different statuses have different types."""
    statuses: dict[str, set[int]] = {}
    for answer, problem in _problems(probe):
        if isinstance(problem.get("type"), str):
            statuses.setdefault(problem["type"], set()).add(answer.status)
    # RFC 9457 section 4.2.1: about:blank leaves it to the status to tell them apart.
    statuses.pop("about:blank", None)
    for seen in statuses.values():
        together = " and ".join(map(str, sorted(seen)))
        probe.expect(len(seen) == 1, "one type for each status", f"one for {together}")


def _canaries(probe: Probe) -> Iterator[tuple[str, str, Request]]:
    """What must not come back, what it is, and a refused request that holds it."""
    request = probe.request()
    canary = f"dinie-conformance-{secrets.token_hex(12)}"
    basic = base64.b64encode(f"dinie-conformance:{canary}".encode()).decode()
    for value, header in ((canary, f"Bearer {canary}"), (basic, f"Basic {basic}")):
        sent = without_token(request).with_header("Authorization", header)
        yield value, "the Authorization header", sent
        if takes_json(probe.operation):
            yield value, "the Authorization header", replace(sent, body=b"{")
    secret = [name for name in _properties(probe.operation) if re.search("secret|password", name)]
    for name in secret:
        body = {**probe.plain_body(), name: canary}
        yield canary, name, request.with_json(body)
        yield canary, name, request.with_json({**dict.fromkeys(body, 5), name: canary})
        yield canary, name, replace(request, body=json.dumps(body).encode()[:-1])
    for sent in _provocations(probe):
        yield probe.target.tokens[0], "the token", sent


def _repeat(header: str) -> Sabotage:
    def repeat(request: Request, answer: Answer) -> Answer:
        value = dict(request.headers).get(header, "")
        problem = _object(answer)
        if not value or problem is None or not _is_error(answer):
            return answer
        problem["detail"] = f"Cannot use {value}."
        return replace(answer, body=json.dumps(problem).encode())

    return on_answers(f"repeat {header}", repeat)


def _repeat_body(request: Request, answer: Answer) -> Answer:
    return replace(answer, body=answer.body + request.body) if _is_error(answer) else answer


def _repeat_in_header(request: Request, answer: Answer) -> Answer:
    value = dict(request.headers).get("Authorization", "")
    return replace(answer, headers=(*answer.headers, ("x-request-authorization", value)))


@requirement(
    id="problems.no-secret-comes-back",
    level=Level.MUST,
    source=SAFETY,
    applies_to=every,
    sabotage=(
        _repeat("Authorization"),
        on_answers("repeat Authorization in a header", _repeat_in_header),
        on_answers("repeat the body", _repeat_body),
    ),
)
def no_secret_comes_back(probe: Probe) -> None:
    """An error repeats neither the token nor a secret that was sent."""
    for value, name, request in _canaries(probe):
        answer = probe.send(request)
        # A very short token could stand in any text.
        told = len(value) >= _SHORTEST_SECRET and value in _all_texts(answer)
        leaked = told and _is_error(answer)
        probe.expect(not leaked, f"an error without {name}", f"{answer.status} that repeats it")


def _suspects(probe: Probe) -> Iterator[Request]:
    """Wrong requests that careless servers fail on, besides the ordinary errors."""
    yield from _provocations(probe)
    request = probe.request()
    yield replace(request, path=f"{request.path}/dinie-conformance-unknown")
    if takes_json(probe.operation):
        name = next(iter(_properties(probe.operation)), "name")
        for text in (b'"\\u0000"', b'"\\ud800"', b'"\xff"', b"1e999", b"[" * 5000):
            yield replace(request, body=b'{"%s": %s}' % (name.encode(), text))


def _tell(detail: str) -> Sabotage:
    return set_field(4, "detail", detail)


@requirement(
    id="problems.no-internals",
    level=Level.MUST,
    source=SAFETY,
    applies_to=every,
    sabotage=(
        _tell('Traceback (most recent call last):\n  File "app.py", line 3, in f'),
        _tell("at br.dinie.Keys.create(Keys.java:42)"),
        _tell("TypeError: x is undefined\n    at create (/srv/api/keys.js:10:5)"),
        _tell("goroutine 12 [running]:\nmain.create"),
        _tell("Fatal error: Uncaught Error in /var/www/api/keys.php on line 12"),
        _tell(r"at Dinie.Keys.Create(Request r) in C:\api\Keys.cs:line 12"),
        _tell("/usr/lib/python3.11/json/decoder.py"),
        _tell("see site-packages/api/keys.py"),
        set_header(4, "X-Error-File", "/home/api/current/keys.rb"),
    ),
)
def no_internals(probe: Probe) -> None:
    """An error shows no stack trace and no path of the server's files."""
    base_path = urlsplit(probe.target.base_url).path
    for request in _suspects(probe):
        answer = probe.send(request)
        if answer.status < HTTPStatus.BAD_REQUEST:
            continue
        text = _all_texts(answer)
        if base_path:
            # Under which path the target is reached is no secret.
            text = text.replace(base_path, "")
        for what, pattern in _INTERNALS.items():
            shown = re.search(pattern, text)
            probe.expect(not shown, "an error for clients only", f"{answer.status} with {what}")


@requirement(
    id="problems.no-markup",
    level=Level.MUST,
    source=SEED,
    applies_to=every,
    sabotage=(
        on_status(4, "answer a page", lambda one: replace(one, body=b"<!DOCTYPE html><html>")),
        _tell("<html><body><h1>Bad Request</h1></body></html>"),
    ),
)
def no_markup(probe: Probe) -> None:
    """An error is no web page and holds none."""
    for answer in _errors(probe):
        found = _MARKUP.search(_all_texts(answer))
        probe.expect(not found, f"a {answer.status} without HTML", "HTML")


@requirement(
    id="problems.method-not-allowed-names-methods",
    level=Level.SHOULD,
    source="RFC 9110, section 15.5.6",
    applies_to=every,
    sabotage=(set_header(405, "Allow", None), set_header(405, "Allow", "GET, PATCH")),
)
def method_not_allowed_names_methods(probe: Probe) -> None:
    """A 405 carries Allow, and the refused method is not in it."""
    known = {
        one.method for one in probe.contract.operations.values() if one.path == probe.operation.path
    }
    method = next(one for one in ("PATCH", "PUT", "DINIE") if one not in known)
    answer = probe.send(replace(probe.request(), method=method, headers=(), body=b""))
    if answer.status != HTTPStatus.METHOD_NOT_ALLOWED:
        raise NotVerified(f"the target answered {answer.status} to {method}, not 405")
    allow = answer.header("allow")
    probe.expect(allow is not None, "Allow with a 405", "no such header")
    allowed = {one.strip() for one in (allow or "").split(",")}
    probe.expect(method not in allowed, f"Allow without {method}", f"Allow with {method}")
