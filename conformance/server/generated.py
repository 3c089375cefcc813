"""What no one has thought of: generated requests, by Schemathesis and by Hypothesis.

Schemathesis' engine sends about 40 requests to an operation, once for all requirements that read
its findings; a requirement on Hypothesis' examples sends 40 of its own. Schemathesis accuses,
and a judge of ours must agree: what it calls wrong may be left open by the seed. Then the
request is made smaller for as long as it is answered wrongly.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from http import HTTPStatus
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode

from conformance.applicability import lists, needs_bearer_token
from conformance.exchange import Answer, Request
from conformance.generation.engine import findings
from conformance.instants import instant
from conformance.model import Level
from conformance.own_resources import UNSERVED
from conformance.probe import NAME_PREFIX, NotVerified, Probe
from conformance.registry import requirement
from conformance.sabotage import Forward, Sabotage, Tamper, on_answers, with_body, with_header
from conformance.server.bodies import is_judged, makes_from_json, schema_at
from conformance.server.rate_limits import answer_to
from conformance.strategies import for_all, invalid_bodies, valid_bodies
from openapi.operation import Operation
from openapi.schema import types_of

SEED = "seed: request fields and responses"
SAFETY = "safety: never a 5xx for anything a client sends"

_EXAMPLES = 40
_MOST_REDUCTIONS = 30

Judge = Callable[[Probe, Request, Answer], str]
"""What is wrong with an answer, in a few words; empty where nothing is."""


def _is_generated(operation: Operation) -> bool:
    """The operation may be sent anything: it ends nothing, and no path names a resource."""
    return operation.method in {"GET", "POST"} and "{" not in operation.path


def _is_documented_by_seed(operation: Operation) -> bool:
    """The operation makes or lists resources: its refusals are the seed's, not OAuth 2.0's."""
    return _is_generated(operation) and (makes_from_json(operation) or lists(operation))


def _name(request: Request) -> str:
    name = Answer(0, body=request.body).field("name")
    return name if isinstance(name, str) else ""


def _fail_on(name: str, on: Callable[[Request], object]) -> Sabotage:
    return on_answers(name, lambda request, one: replace(one, status=500) if on(request) else one)


def _now_and_then(name: str, change: Callable[[Answer], Answer]) -> Sabotage:
    """One answer in four with a JSON object is another."""

    def make() -> Tamper:
        number = count()

        def tamper(request: Request, forward: Forward) -> Answer:
            answer = forward(request)
            if answer.json_object() is None or next(number) % 4:
                return answer
            return change(answer)

        return tamper

    return Sabotage(name, make)


def _taking(name: str, is_taken: Callable[[Any], bool]) -> Sabotage:
    """Some wrong bodies are taken for a plain one."""

    def tamper(request: Request, forward: Forward) -> Answer:
        try:
            body = json.loads(request.body)
        except ValueError:
            return forward(request)
        taken = request.method == "POST" and b"grant_type" not in request.body and is_taken(body)
        return forward(request.with_json({"name": "dinie-conformance"}) if taken else request)

    return Sabotage(name, lambda: tamper)


def _member(name: str, *types: type) -> Callable[[Any], bool]:
    return lambda body: isinstance(body, dict) and type(body.get(name)) in types


def _judged(probe: Probe, check: str, judge: Judge, expected: str) -> None:
    plain = answer_to(probe, probe.request()).status
    # A plain request for a token holds a pair that nobody has: 401 is the answer to that.
    refused = plain == HTTPStatus.UNAUTHORIZED and needs_bearer_token(probe.operation)
    if refused or plain in {*UNSERVED, HTTPStatus.FORBIDDEN}:
        raise NotVerified(f"the target answers {plain} to a plain request")
    for finding in findings(probe, check):
        request, answer = finding.request, finding.answer
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS or not judge(probe, request, answer):
            continue
        request, answer = _reduced(probe, judge, request, answer)
        probe.recording.exchanges[:] = [(request, answer)]
        probe.expect(False, expected, judge(probe, request, answer))  # noqa: FBT003 - it is not


def _reduced(
    probe: Probe, judge: Judge, request: Request, answer: Answer
) -> tuple[Request, Answer]:
    """A smaller request that is answered wrongly too, where one is found."""
    sent = 0
    while sent < _MOST_REDUCTIONS:
        for smaller in _smaller(probe, request):
            sent += 1
            found = probe.send(smaller)
            if judge(probe, smaller, found):
                request, answer = smaller, found
                break
            if sent >= _MOST_REDUCTIONS:
                break
        else:
            break
    return request, answer


def _smaller(probe: Probe, request: Request) -> Iterator[Request]:
    for name, _ in request.headers:
        if name.lower() != "content-type":
            yield request.without_header(name)
    path, _, query = request.path.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    for index in range(len(pairs)):
        rest = urlencode(pairs[:index] + pairs[index + 1 :])
        yield replace(request, path=f"{path}?{rest}" if rest else path)
    body = Answer(0, body=request.body).json_object()
    if body is not None:
        yield from map(request.with_json, _smaller_bodies(body, probe.plain_body()))


def _smaller_bodies(body: dict[str, Any], plain: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in body:
        yield {key: value for key, value in body.items() if key != name}
    for name, value in body.items():
        if isinstance(value, (list, str)) and len(value) > len(NAME_PREFIX):
            yield {**body, name: value[: len(value) // 2]}
        if isinstance(value, (list, dict)) and value:
            yield {**body, name: type(value)()}
        if name in plain and not str(value).startswith(NAME_PREFIX):
            yield {**body, name: plain[name]}


def _server_error(_: Probe, __: Request, answer: Answer) -> str:
    # RFC 9110 section 15.6.4: it may be too busy for now.
    allowed = {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.SERVICE_UNAVAILABLE}
    failed = answer.is_server_error and answer.status not in allowed
    return f"{answer.status}" if failed else ""


_OF_A_GATEWAY = {
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
"""What a gateway answers to requests that it takes for an attack."""


def _undocumented_status(probe: Probe, request: Request, answer: Answer) -> str:
    known = probe.operation.answer(answer.status) or answer.status in _OF_A_GATEWAY
    return f"{answer.status}" if _is_json(request) and not known else ""


def _is_json(request: Request) -> bool:
    """It has the usual media type: a server may have another answer to others, or a gateway."""
    types = [value for name, value in request.headers if name.lower() == "content-type"]
    return types == ["application/json"] or request.method == "GET"


def _undocumented_type(probe: Probe, request: Request, answer: Answer) -> str:
    documented = probe.operation.answer(answer.status)
    if documented is None or not documented.content or not _is_json(request):
        return ""
    wrong = answer.media_type not in documented.content
    return f"{answer.media_type or 'none'} with {answer.status}" if wrong else ""


def _wrong_body(probe: Probe, request: Request, answer: Answer) -> str:
    documented = probe.operation.answer(answer.status)
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


def _wrong_header(probe: Probe, _: Request, answer: Answer) -> str:
    documented = probe.operation.answer(answer.status)
    for header in documented.headers if documented else ():
        value = answer.header(header.name)
        types = types_of(header.schema.outline) if header.schema else ()
        if value is not None and "integer" in types and not re.fullmatch(r"[+-]?\d+", value):
            return f"no integer in {header.name}"
    return ""


def _taken(probe: Probe, request: Request, answer: Answer) -> str:
    if not answer.is_success or not _is_json(request):
        return ""
    try:
        errors = schema_at(probe).errors(json.loads(request.body))
    except ValueError:
        return ""
    wrong = [one for one in errors if one.code != "invalid_format"]
    return f"{answer.status} though {wrong[0].param} {wrong[0].detail}" if wrong else ""


@requirement(
    id="generated.nothing-makes-it-fail",
    level=Level.MUST,
    source=SAFETY,
    applies_to=_is_generated,
    sabotage=(
        _fail_on("fail on extra parameters", lambda one: "unknown-property" in one.path),
        _fail_on("fail on empty parameters", lambda one: "starting_after=&" in f"{one.path}&"),
        _fail_on("fail on a list as a name", lambda one: b'"name": [' in one.body),
        _fail_on("fail on an empty date", lambda one: b'"expires_at": ""' in one.body),
        _fail_on("fail on a body that is false", lambda one: one.body == b"false"),
    ),
)
def nothing_makes_it_fail(probe: Probe) -> None:
    """No generated request, valid or not, is answered with a server error."""
    _judged(probe, "not_a_server_error", _server_error, "no server error")


@requirement(
    id="generated.statuses-are-documented",
    level=Level.MUST,
    source=SEED,
    applies_to=makes_from_json,
    sabotage=(
        on_answers(
            "answer 418 to an array as name",
            lambda request, one: replace(one, status=418) if b'"name": [' in request.body else one,
        ),
        _now_and_then(
            "answer 206 now and then",
            lambda one: replace(one, status=206) if one.status == HTTPStatus.CREATED else one,
        ),
    ),
)
def statuses_are_documented(probe: Probe) -> None:
    """Every generated request is answered with a documented status."""
    _judged(probe, "status_code_conformance", _undocumented_status, "a documented status")


@requirement(
    id="generated.media-types-are-documented",
    level=Level.MUST,
    source=SEED,
    applies_to=_is_documented_by_seed,
    sabotage=(
        _now_and_then(
            "a page now and then", lambda one: with_header(one, "Content-Type", "text/html")
        ),
        on_answers(
            "refuse in JSON",
            lambda _, one: (
                with_header(one, "Content-Type", "application/json") if one.is_refusal else one
            ),
        ),
    ),
)
def media_types_are_documented(probe: Probe) -> None:
    """Every generated request is answered in a documented media type."""
    _judged(probe, "content_type_conformance", _undocumented_type, "a documented media type")


@requirement(
    id="generated.answers-match-their-schemas",
    level=Level.MUST,
    source=SEED,
    applies_to=_is_documented_by_seed,
    sabotage=(
        _now_and_then(
            "a wrong type now and then",
            lambda one: with_body(one, {**one.json(), "status": None, "has_more": None}),
        ),
        on_answers(
            "refuse without a detail",
            lambda _, one: (
                with_body(
                    one, {k: v for k, v in (one.json_object() or {}).items() if k != "detail"}
                )
                if one.is_refusal
                else one
            ),
        ),
    ),
)
def answers_match_their_schemas(probe: Probe) -> None:
    """Every generated request is answered with a body of the documented schema."""
    _judged(probe, "response_schema_conformance", _wrong_body, "a body as documented")


@requirement(
    id="generated.headers-match-their-schemas",
    level=Level.SHOULD,
    source="vendor facts: X-RateLimit-Limit, -Remaining and -Reset (Unix time)",
    applies_to=_is_documented_by_seed,
    sabotage=(
        _now_and_then(
            "no number now and then", lambda one: with_header(one, "X-RateLimit-Reset", "soon")
        ),
    ),
)
def headers_match_their_schemas(probe: Probe) -> None:
    """Every generated request is answered with headers of the documented types."""
    _judged(probe, "response_headers_conformance", _wrong_header, "headers as documented")


@requirement(
    id="generated.invalid-data-is-refused",
    level=Level.MUST,
    source=SEED,
    applies_to=is_judged,
    sabotage=(
        _taking("take an object for a name", _member("name", dict)),
        _taking("take a number for an end", _member("expires_at", int, float)),
        _taking("take any array", lambda body: isinstance(body, list)),
    ),
)
def invalid_data_is_refused(probe: Probe) -> None:
    """What Schemathesis makes invalid is not accepted."""
    _judged(probe, "negative_data_rejection", _taken, "a refusal")


@requirement(
    id="generated.wrong-values-are-refused",
    level=Level.MUST,
    source=SEED,
    applies_to=is_judged,
    sabotage=(
        _taking("take a number as name", _member("name", int, float)),
        _taking("take a list for an end", _member("expires_at", list)),
        _taking("take a body without name", lambda body: isinstance(body, dict) and not body),
    ),
)
def wrong_values_are_refused(probe: Probe) -> None:
    """No value of a wrong type is accepted in any field, and no field may be missing."""
    probe.succeed(probe.request())

    def refused(body: Any) -> None:
        request = probe.request().with_json(body)
        wrong = _taken(probe, request, answer_to(probe, request))
        probe.expect(not wrong, "a refusal", wrong)

    for_all(probe, invalid_bodies(schema_at(probe), probe.plain_body()), refused, _EXAMPLES)


@requirement(
    id="generated.valid-data-is-no-failure",
    level=Level.MUST,
    source=f"{SEED}; {SAFETY}",
    applies_to=makes_from_json,
    sabotage=(
        _fail_on("fail beyond the BMP", lambda one: max(_name(one), default="") > "\uffff"),
        _fail_on(
            "fail on private characters",
            lambda one: any(unicodedata.category(x) in {"Co", "Cn"} for x in _name(one)),
        ),
        _fail_on("fail on fractions", lambda one: re.search(rb"T[0-9:]+\.[0-9]", one.body)),
    ),
)
def valid_data_is_no_failure(probe: Probe) -> None:
    """Valid data is accepted or refused, and never makes the server fail."""
    probe.succeed(probe.request())

    def no_failure(body: dict[str, Any]) -> None:
        probe.expect_no_server_error(answer_to(probe, probe.request().with_json(body)))

    for_all(probe, valid_bodies(probe.contract, schema_at(probe)), no_failure, _EXAMPLES)


@requirement(
    id="generated.accepted-data-comes-back",
    level=Level.MUST,
    source="seed: name, expires_at",
    applies_to=makes_from_json,
    sabotage=(
        on_answers(
            "lose the offset",
            lambda _, one: (
                with_body(one, {**one.json(), "expires_at": f"{one.field('expires_at')[:19]}Z"})
                if _has_end(one)
                else one
            ),
        ),
        on_answers(
            "lose what is no ASCII",
            lambda _, one: (
                with_body(
                    one,
                    {**one.json(), "name": one.field("name").encode("ascii", "replace").decode()},
                )
                if isinstance(one.field("name"), str)
                else one
            ),
        ),
    ),
)
def accepted_data_comes_back(probe: Probe) -> None:
    """What is accepted comes back: texts unchanged, instants the same, null as null."""
    probe.succeed(probe.request())

    def comes_back(body: dict[str, Any]) -> None:
        answer = answer_to(probe, probe.request().with_json(body))
        found = answer.json_object()
        if answer.status != probe.operation.success_status or found is None:
            return
        for name in sorted(body.keys() & found.keys()):
            probe.expect(_is_same(body[name], found[name]), f"{name} as it was sent", "another")

    for_all(probe, valid_bodies(probe.contract, schema_at(probe)), comes_back, _EXAMPLES)


def _has_end(answer: Answer) -> bool:
    """Whether the answer shows a resource that ends."""
    return isinstance(answer.field("expires_at"), str)


def _is_same(sent: Any, found: Any) -> bool:
    first, second = instant(sent), instant(found)
    if first is not None and second is not None:
        # A server may keep whole seconds only.
        return abs(first - second) < 1
    return bool(sent == found)
