"""Whatever a client sends, the server itself does not fail (safety: never a 5xx).

One requirement for each family of bad input, so that a report says which. A refusal of any kind
is fine. A connection that is closed without an answer counts as one for requests that are absurd
as such (megabytes, thousands of levels), as long as the next plain request is answered.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from conformance.applicability import every, takes_json
from conformance.exchange import Answer, Request
from conformance.model import Level
from conformance.probe import NotVerified, Probe, Violation, without_token
from conformance.registry import requirement
from conformance.sabotage import Sabotage, on_answers, set_status
from conformance.server.authentication import UNSERVED
from conformance.target import TargetError
from openapi.contract import PATH_PARAMETER
from openapi.operation import Operation

SAFETY = "safety: never a 5xx for anything a client sends"

_WRONG_VALUES: Sequence[Any] = (None, True, 0, -1.5, "", [], {}, [[None]], {"": {}})
_BROKEN_JSON = (b"", b"{", b'{"', b'{"name"', b'{"name":', b"[1,]", b"nul", b"NaN", b"'a'", b"{}{}")
_NUMBERS = ("1e400", "-1e400", "1" * 5000, "1e-5000", "-0", "1e999999999", "0." + "1" * 5000)
_CONTROLS = (
    "\\u0000",
    "a\\u0000b",
    "\\u0001",
    "\\u001b[2J",
    "\\u007f",
    "\\u2028",
    "\\ufffe",
    "\x00",
)
_SURROGATES = ("\\ud800", "\\udfff", "\\udc00\\ud800", "a\\ud83d", "\\ud83dx", "\\ude00")
_MEMBERS = ("__proto__", "constructor", "toString", "__class__", "$where", "", "\\u0000", "a.b[0]")
_DATES = (
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:60Z",
    "2027-02-30T00:00:00Z",
    "99999-01-01T00:00:00Z",
    "-2027-01-01T00:00:00Z",
    "2027-01-01T00:00:00+99:99",
    "2027-01-01T00:00:00.{}Z".format("9" * 400),
    "\uff12\uff10\uff12\uff17-01-01T00:00:00Z",
    "9" * 400,
    "",
)
_MEDIA_TYPES = (
    None,
    "",
    "text/plain",
    "application/json; charset=utf-16",
    "application/json; charset=unknown",
    "application/json;;=;",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/xml",
    "*/*",
    "a/b/c",
    "\xe9/json",
    "x" * 2000,
)
_HEADERS: Mapping[str, Sequence[str]] = {
    "Accept": ("text/html", "*/*;q=0", "application/json;q=x;;", "a/b/c", "", ",", "x" * 2000),
    "Accept-Charset": ("utf-16", "unknown;q=x"),
    "Accept-Encoding": ("identity;q=0, *;q=0", "unknown", ";;q"),
    "Accept-Language": ("xx-unknown", ";;q=x", "\xe9", "a" * 2000),
    "Cookie": ("=", "a", "a=\xe9; ;b", "session=" + "x" * 2000),
    "Expect": ("unknown", "100-continue"),
    "Forwarded": ("for=;by=\xe9", ";;"),
    "If-Match": ("*", '"unknown"', "\xe9"),
    "If-Modified-Since": ("yesterday", "Thu, 99 Jan 9999 99:99:99 GMT"),
    "Origin": ("null", "not a URL"),
    "Range": ("bytes=0-0", "bytes=-1", "x=9-1"),
    "Referer": ("not a URL",),
    "Traceparent": ("00-00-00-00", "\xe9"),
    "User-Agent": ("", "\xe9", "x" * 2000),
    "X-Forwarded-For": ("unknown", "999.999.999.999, ::", "\xe9"),
    "X-Request-Id": ("", "\xe9", "x" * 2000),
}
_ENCODINGS = ("gzip", "deflate", "br", "zstd", "gzip, gzip", "unknown", "identity", "", ",")
_AUTHORIZATIONS = (
    "",
    "Bearer",
    "Bearer \xe9",
    "Bearer a b c",
    "Bearer " + "x" * 4000,
    "Bearer ..",
    "Bearer a.b.c",
    "Bearer e30.e30.",
    "Bearer eyJhbGciOiJub25lIn0.bnVsbA.",
    "Bearer =,=",
    "Basic",
    "Basic %%%",
    "Basic OjovLw==",
    "Basic /w==",
    'Digest username="',
    "Negotiate",
    ",",
    "\xff\xfe",
)
# Nothing in these may match a resource by accident: the method may be DELETE.
_PATH_VALUES = (
    "%00 a%00 %FF%FE %ED%A0%80 %C0%AE %F0%9F%98%80 %0D%0A %20 a%2Fb a%5Cb a%3Fb%23c %27 %22 a;b=c"
    " %7B%7Bdinie%7D%7D $%7Bdinie%7D %3Cdinie%3E -1 99999999999999999999 null"
)
_QUERY_VALUES = (
    "0 -1 1.5 1e400 NaN true 99999999999999999999 %00 %FF %ED%A0%80 %F0%9F%98%80 % %27 %D9%A3 null"
)
_ABSURD_DEPTHS = (200, 2000, 100_000)
_LARGE, _HUGE = 100_000, 2_000_000


def _answer(probe: Probe, request: Request, *, absurd: bool) -> Answer | None:
    """The answer, or None where the target rather closed the connection.

    Raises :class:`TargetError` where it does not answer a plain request either.
    """
    # What was idle for too long may be closed by accident: ordinary requests get a second try.
    for _ in range(1 if absurd else 2):
        try:
            return probe.send(request)
        except TargetError:
            probe.send(replace(probe.request(), headers=(), body=b""))
    if absurd:
        return None
    probe.recording.add(request, Answer(0))
    raise Violation("an answer", "a closed connection, and again on another try")


def _survive(
    probe: Probe, requests: Iterable[Request], *, absurd: bool = False, odd_method: bool = False
) -> list[Answer]:
    """Send all of them and give the answers; none may make the server fail."""
    operation = probe.operation
    answers, own = [], []
    for request in requests:
        answer = _answer(probe, request, absurd=absurd)
        if answer is not None and answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            # It may be too busy (RFC 9110 section 15.6.4); a fault will show again.
            answer = _answer(probe, request, absurd=absurd)
        if answer is None:
            continue
        # RFC 9110 section 9.1: 501 is the answer to a method that a server does not know.
        unknown = answer.status == HTTPStatus.NOT_IMPLEMENTED
        if not (unknown and (odd_method or _is_not_implemented(probe))):
            failed = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            probe.expect(not failed, "no server error", f"{answer.status}")
        answers.append(answer)
        place = (operation.method, operation.path)
        if (request.method, request.path.partition("?")[0]) == place:
            own.append(answer.status)
    if own and all(status in UNSERVED for status in own):
        raise NotVerified(f"the target does not serve {operation.name}")
    return answers


def _is_not_implemented(probe: Probe) -> bool:
    return probe.send(probe.request()).status == HTTPStatus.NOT_IMPLEMENTED


def _survive_bodies(probe: Probe, bodies: Iterable[bytes], *, absurd: bool = False) -> list[Answer]:
    request = probe.request()
    return _survive(probe, (replace(request, body=one) for one in bodies), absurd=absurd)


def _properties(operation: Operation) -> Mapping[str, Mapping[str, Any]]:
    body = operation.request_body
    media_type = body.accepts("application/json") if body else None
    outline = media_type.schema.outline if media_type and media_type.schema else {}
    found: Mapping[str, Mapping[str, Any]] = outline.get("properties", {})
    return found


def _in_each_field(probe: Probe, *values: str) -> Iterator[bytes]:
    """Bodies that are valid but for one field, which holds each of these JSON texts in turn."""
    for name in _properties(probe.operation) or ("name",):
        rest = {key: one for key, one in probe.plain_body().items() if key != name}
        begin = json.dumps(rest)[:-1] + (", " if rest else "")
        for value in values:
            yield f"{begin}{json.dumps(name)}: {value}}}".encode()


def _with_dates(operation: Operation) -> bool:
    return takes_json(operation) and bool(_date_fields(operation))


def _date_fields(operation: Operation) -> list[str]:
    body = operation.request_body
    media_type = body.accepts("application/json") if body else None
    definition = media_type.schema.definition if media_type and media_type.schema else {}
    properties = definition.get("properties", {})
    return [
        name
        for name, one in properties.items()
        if isinstance(one, dict) and one.get("format") == "date-time"
    ]


def _has_path_parameter(operation: Operation) -> bool:
    return bool(PATH_PARAMETER.search(operation.path))


def _has_query_parameter(operation: Operation) -> bool:
    return any(one.location == "query" for one in operation.parameters)


def _fail(name: str, on: Callable[[Request], object], status: int = 500) -> Sabotage:
    return on_answers(
        f"fail on {name}",
        lambda request, answer: replace(answer, status=status) if on(request) else answer,
    )


def _fail_on_body(name: str, *parts: bytes) -> Sabotage:
    return _fail(name, lambda request: any(part in request.body for part in parts))


def _fail_on_header(name: str, what: str, on: Callable[[str], object]) -> Sabotage:
    def has(request: Request) -> bool:
        values = (value for key, value in request.headers if key.lower() == name.lower())
        return any(on(value) for value in values)

    return _fail(f"{what} in {name}", has)


def _hang_up(name: str, on: Callable[[Request], object]) -> Sabotage:
    def change(request: Request, answer: Answer) -> Answer:
        if on(request):
            raise TargetError("the connection was closed")
        return answer

    return on_answers(f"hang up on {name}", change)


@requirement(
    id="robustness.broken-json",
    level=Level.MUST,
    source=SAFETY,
    applies_to=takes_json,
    sabotage=(
        _fail("empty bodies", lambda request: request.method == "POST" and not request.body),
        _fail("cut JSON", lambda request: request.body == b'{"name"'),
    ),
)
def broken_json(probe: Probe) -> None:
    """A body that is no JSON does not make the server fail."""
    _survive_bodies(probe, _BROKEN_JSON)


@requirement(
    id="robustness.wrong-types",
    level=Level.MUST,
    source=SAFETY,
    applies_to=takes_json,
    sabotage=(
        _fail("bodies that are no object", lambda request: request.body in {b"[]", b"null"}),
        _fail_on_body("lists in fields", b": [[null]]"),
        _fail_on_body("null in fields", b": null}"),
    ),
)
def wrong_types(probe: Probe) -> None:
    """Values of other types, in every field and as the whole body, do not make the server fail."""
    values = [json.dumps(value) for value in _WRONG_VALUES]
    _survive_bodies(probe, [value.encode() for value in values])
    _survive_bodies(probe, _in_each_field(probe, *values))


@requirement(
    id="robustness.huge-numbers",
    level=Level.MUST,
    source=SAFETY,
    applies_to=takes_json,
    sabotage=(_fail_on_body("infinity", b"1e400"), _fail_on_body("many digits", b"1" * 4301)),
)
def huge_numbers(probe: Probe) -> None:
    """Numbers beyond every limit do not make the server fail."""
    _survive_bodies(probe, [one.encode() for one in _NUMBERS])
    _survive_bodies(probe, _in_each_field(probe, *_NUMBERS))


@requirement(
    id="robustness.control-characters",
    level=Level.MUST,
    source=SAFETY,
    applies_to=takes_json,
    sabotage=(
        _fail_on_body("NUL", b"\\u0000"),
        _fail_on_body("raw NUL", b"\0"),
        _hang_up("NUL", lambda request: b"\\u0000" in request.body),
    ),
)
def control_characters(probe: Probe) -> None:
    """NUL and other control characters in texts do not make the server fail."""
    _survive_bodies(probe, _in_each_field(probe, *(f'"{one}"' for one in _CONTROLS)))


@requirement(
    id="robustness.lone-surrogates",
    level=Level.MUST,
    source=SAFETY,
    applies_to=takes_json,
    sabotage=(
        _fail_on_body("lone surrogates", b"\\ud8", b"\\udf"),
        _hang_up("lone surrogates", lambda request: b"\\ud800" in request.body),
    ),
)
def lone_surrogates(probe: Probe) -> None:
    """Escaped halves of characters (RFC 8259 section 8.2) do not make the server fail."""
    _survive_bodies(probe, _in_each_field(probe, *(f'"{one}"' for one in _SURROGATES)))
    _survive_bodies(probe, [f'{{"{one}": 1}}'.encode() for one in _SURROGATES[:2]])


@requirement(
    id="robustness.other-encodings",
    level=Level.MUST,
    source=SAFETY,
    applies_to=takes_json,
    sabotage=(
        _fail_on_body("invalid UTF-8", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80"),
        _fail("a byte order mark", lambda request: request.body.startswith(b"\xef\xbb\xbf")),
        _fail("UTF-16", lambda request: request.body[1:2] == b"\0"),
    ),
)
def other_encodings(probe: Probe) -> None:
    """Bodies in UTF-16, with a byte order mark or no Unicode at all do not make the server fail."""
    plain = json.dumps(probe.plain_body())
    names = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7")
    _survive_bodies(probe, [plain.encode(name) for name in names])
    broken = (
        b"\xff",
        b"\x80",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"caf\xe9",
        b"\xe2",
    )
    _survive_bodies(
        probe,
        [
            body.replace(b"DINIE", one)
            for body in _in_each_field(probe, '"DINIE"')
            for one in broken
        ],
    )
    _survive_bodies(probe, [*broken, b'{"\xff": 1}'])


@requirement(
    id="robustness.unusual-members",
    level=Level.MUST,
    source=SAFETY,
    applies_to=takes_json,
    sabotage=(
        _fail_on_body("__proto__", b"__proto__"),
        _fail(
            "members twice",
            lambda one: one.body.count(b'"name":') + one.body.count(b'"grant_type":') > 1,
        ),
    ),
)
def unusual_members(probe: Probe) -> None:
    """Members that stand twice, or have names with a meaning, do not make the server fail."""
    plain = json.dumps(probe.plain_body())
    member = plain[1:-1]
    bodies = [f"{{{member}, {member}}}", *(f"{{{member}, {one}}}" for one in _twice(plain))]
    bodies += [f'{{{member}, "{name}": {{"a": 1}}}}' for name in _MEMBERS]
    _survive_bodies(probe, [one.encode() for one in bodies])


def _twice(plain: str) -> Iterator[str]:
    for name in json.loads(plain):
        for value in ("5", "null", "{}"):
            yield f"{json.dumps(name)}: {value}"


@requirement(
    id="robustness.extreme-dates",
    level=Level.MUST,
    source=SAFETY,
    applies_to=_with_dates,
    sabotage=(
        _fail_on_body("the end of time", b"9999-12-31T23:59:59-23:59"),
        _fail_on_body("leap seconds", b":60Z"),
        _fail_on_body("the year 0", b"0000-01-01"),
    ),
)
def extreme_dates(probe: Probe) -> None:
    """Dates that do not exist, or lie at the ends of time, do not make the server fail."""
    plain = probe.plain_body()
    fields = _date_fields(probe.operation)
    bodies = [{**plain, field: date} for field in fields for date in _DATES]
    _survive_bodies(probe, [json.dumps(one).encode() for one in bodies])


@requirement(
    id="robustness.deep-nesting",
    level=Level.MUST,
    source=SAFETY,
    applies_to=takes_json,
    sabotage=(
        _fail_on_body("depth", b"[" * 1000),
        _fail_on_body("deep objects", b'{"a":' * 1000),
        _fail_on_body("depth in a field", b": " + b"[" * 1000),
    ),
)
def deep_nesting(probe: Probe) -> None:
    """Lists and objects thousands of levels deep do not make the server fail."""
    for depth in _ABSURD_DEPTHS:
        lists, objects = "[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth
        fields = [f'{{"{name}": {lists}}}' for name in _properties(probe.operation)]
        bodies = [one.encode() for one in (lists, objects, "[" * depth, *fields)]
        _survive_bodies(probe, bodies, absurd=True)


@requirement(
    id="robustness.huge-bodies",
    level=Level.MUST,
    source=SAFETY,
    applies_to=takes_json,
    sabotage=(
        _fail("100 kB", lambda request: len(request.body) >= _LARGE),
        _fail("2 MB", lambda request: len(request.body) >= _HUGE, 502),
        _fail_on_body("long member names", b"x" * 1000 + b'":'),
    ),
)
def huge_bodies(probe: Probe) -> None:
    """Texts of 100 kB and 2 MB, and thousands of members, do not make the server fail."""
    many = json.dumps({f"a{number}": number for number in range(20_000)}).encode()
    long_name = json.dumps({"x" * _LARGE: 1}).encode()
    large = list(_in_each_field(probe, f'"{"x" * _LARGE}"'))
    # Not in a field that a target may keep: every later list would carry it.
    huge = json.dumps({**probe.plain_body(), "dinie_conformance": "x" * _HUGE}).encode()
    _survive_bodies(probe, [*large, long_name, many, b" " * _LARGE, huge], absurd=True)


@requirement(
    id="robustness.media-types",
    level=Level.MUST,
    source=SAFETY,
    applies_to=takes_json,
    sabotage=(
        _fail("no Content-Type", lambda one: one.body and "Content-Type" not in dict(one.headers)),
        _fail_on_header("Content-Type", "a charset", lambda value: "charset=unknown" in value),
        _fail_on_header(
            "Content-Type", "no boundary", lambda value: value == "multipart/form-data"
        ),
    ),
)
def media_types(probe: Probe) -> None:
    """A wrong, broken or missing Content-Type does not make the server fail."""
    request = probe.request().without_header("Content-Type")
    headers = [((("Content-Type", one),) if one is not None else ()) for one in _MEDIA_TYPES]
    _survive(probe, [replace(request, headers=one) for one in headers])


@requirement(
    id="robustness.content-encodings",
    level=Level.MUST,
    source=SAFETY,
    applies_to=takes_json,
    sabotage=(
        _fail_on_header("Content-Encoding", "gzip", lambda value: "gzip" in value),
        _fail_on_header("Content-Encoding", "unknown values", lambda value: value == "unknown"),
    ),
)
def content_encodings(probe: Probe) -> None:
    """A Content-Encoding that is unknown, or that the body has not, does not make it fail."""
    request = probe.request()
    _survive(probe, [request.with_header("Content-Encoding", one) for one in _ENCODINGS])


@requirement(
    id="robustness.strange-headers",
    level=Level.MUST,
    source=SAFETY,
    applies_to=every,
    sabotage=(
        _fail_on_header("Accept", "other types", lambda value: value in {"text/html", "*/*;q=0"}),
        _fail_on_header("Expect", "unknown values", lambda value: value == "unknown"),
        _fail_on_header("If-Modified-Since", "any date", bool),
        _fail_on_header("Cookie", "an accent", lambda value: "\xe9" in value),
    ),
)
def strange_headers(probe: Probe) -> None:
    """Headers that are broken, unknown or contradict the request do not make the server fail."""
    request = _harmless(probe)
    _survive(
        probe,
        (request.with_header(name, value) for name, values in _HEADERS.items() for value in values),
    )


def _harmless(probe: Probe) -> Request:
    """A request that is refused for its body, where it has one: nothing need be made of it."""
    request = probe.request()
    return request.with_json({}) if request.body else request


@requirement(
    id="robustness.many-headers",
    level=Level.MUST,
    source=SAFETY,
    applies_to=every,
    sabotage=(
        _fail("many headers", lambda request: len(request.headers) > 100),  # noqa: PLR2004 - a usual limit
        _fail_on_header("X-Dinie-Long", "a long value", lambda value: len(value) > 8000),  # noqa: PLR2004 - a usual limit
    ),
)
def many_headers(probe: Probe) -> None:
    """Hundreds of headers, and long ones, do not make the server fail."""
    request = _harmless(probe)
    many = tuple((f"X-Dinie-{number}", "x") for number in range(300))
    requests = [
        replace(request, headers=(*request.headers, *many)),
        request.with_header("X-Dinie-Long", "x" * 20_000),
        replace(request, headers=(*request.headers, *(("Accept", "*/*"),) * 150)),
    ]
    _survive(probe, requests, absurd=True)


@requirement(
    id="robustness.strange-authorization",
    level=Level.MUST,
    source=SAFETY,
    applies_to=every,
    sabotage=(
        _fail_on_header("Authorization", "an accent", lambda value: "\xe9" in value),
        _fail_on_header("Authorization", "a broken JWT", lambda value: value.count(".") == 2),  # noqa: PLR2004 - the dots of a JWT
        _fail_on_header("Authorization", "no token", lambda value: value == "Bearer"),
        _fail_on_header("Authorization", "no UTF-8", lambda value: value == "Basic /w=="),
    ),
)
def strange_authorization(probe: Probe) -> None:
    """An Authorization header that is broken in any way does not make the server fail."""
    request = without_token(_harmless(probe))
    _survive(probe, [request.with_header("Authorization", one) for one in _AUTHORIZATIONS])


@requirement(
    id="robustness.odd-methods",
    level=Level.MUST,
    source=SAFETY,
    applies_to=every,
    sabotage=(
        _fail("unknown methods", lambda request: request.method == "DINIE"),
        _fail("HEAD", lambda request: request.method == "HEAD"),
    ),
)
def odd_methods(probe: Probe) -> None:
    """Methods that the contract does not have do not make the server fail."""
    request = replace(probe.request(), headers=(), body=b"")
    methods = ("DINIE", "PROPFIND", "TRACE", "M-SEARCH", "HEAD", "OPTIONS")
    _survive(probe, [replace(request, method=one) for one in methods], odd_method=True)


@requirement(
    id="robustness.long-paths",
    level=Level.MUST,
    source=SAFETY,
    applies_to=every,
    sabotage=(
        _fail("long paths", lambda request: len(request.path) > 4000),  # noqa: PLR2004 - a usual limit
        _fail("long queries", lambda request: request.path.count("&") > 500),  # noqa: PLR2004 - a usual limit
    ),
)
def long_paths(probe: Probe) -> None:
    """Very long paths and queries do not make the server fail."""
    request = _harmless(probe)
    tails = ("/" + "x" * 6000, "/x" * 1000, "?" + "a=1&" * 1000, "?a=" + "x" * 20_000)
    _survive(probe, [replace(request, path=request.path + one) for one in tails], absurd=True)


@requirement(
    id="robustness.strange-path-values",
    level=Level.MUST,
    source=SAFETY,
    applies_to=_has_path_parameter,
    sabotage=(
        _fail("NUL in a path", lambda request: "%00" in request.path),
        _fail("no UTF-8 in a path", lambda request: "%FF" in request.path),
        _fail("a quote in a path", lambda request: "%27" in request.path),
    ),
)
def strange_path_values(probe: Probe) -> None:
    """Anything in place of a path's parameter does not make the server fail."""
    request, path = probe.request(), probe.operation.path
    begin, *rest = PATH_PARAMETER.split(path)[::2]
    paths = [
        begin + "".join(value + part for part in rest)
        for value in (*_PATH_VALUES.split(), "x" * 2000)
    ]
    _survive(probe, [replace(request, path=one) for one in paths])


@requirement(
    id="robustness.strange-query-values",
    level=Level.MUST,
    source=SAFETY,
    applies_to=_has_query_parameter,
    sabotage=(
        _fail("NaN", lambda request: "=NaN" in request.path),
        _fail("NUL in a query", lambda request: "=%00" in request.path),
        _fail("a parameter twice", lambda request: request.path.count("limit=") > 1),
        _fail("many digits", lambda request: "9" * 4301 in request.path),
    ),
)
def strange_query_values(probe: Probe) -> None:
    """Anything as the value of a query parameter does not make the server fail."""
    request = probe.request()
    for parameter in probe.operation.parameters:
        if parameter.location == "query":
            name = parameter.name
            values = (*_QUERY_VALUES.split(), "", "9" * 5000, "x" * 2000)
            queries = [f"{name}={value}" for value in values]
            queries += [
                name,
                f"{name}=1&{name}=2",
                f"{name}[]=1",
                f"{name}[a]=1",
                f"{name}=1&%FF=%",
            ]
            _survive(probe, [replace(request, path=f"{request.path}?{one}") for one in queries])


@requirement(
    id="robustness.bad-bodies-get-documented-statuses",
    level=Level.SHOULD,
    source="seed: Responses 201, 400, 401, 422, 429, 500",
    applies_to=takes_json,
    sabotage=(set_status(400, 418), set_status(422, 406)),
)
def bad_bodies_get_documented_statuses(probe: Probe) -> None:
    """Bad JSON bodies of ordinary size get a status that is documented for the operation."""
    odd = ("null", '"\\u0000"', '"\\ud800"', "[]", "1e400", "5")
    plain = json.dumps(probe.plain_body()).encode()
    bodies = [*_BROKEN_JSON, *_in_each_field(probe, *odd), plain.replace(b'": "', b'": "\xff', 1)]
    for body in bodies:
        for answer in _survive_bodies(probe, [body]):
            documented = probe.operation.answer(answer.status)
            probe.expect(documented, "a documented status", f"{answer.status}")
