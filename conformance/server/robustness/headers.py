"""Malformed, unknown or contradictory headers do not make the server fail."""

from collections.abc import Mapping, Sequence

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.applicability import every
from conformance.probe.probe import Probe, without_token
from conformance.server.robustness.sabotage import fail_on_header
from conformance.server.robustness.survival import (
    SAFETY,
    request_with_empty_body,
    send_expecting_no_server_error,
)

_HEADERS: Mapping[str, Sequence[str]] = {
    "Accept": ("text/html", "*/*;q=0", "application/json;q=x;;", "a/b/c", "", ",", "x" * 2000),
    "Accept-Charset": ("utf-16", "unknown;q=x"),
    "Accept-Encoding": ("identity;q=0, *;q=0", "unknown", ";;q"),
    "Accept-Language": ("xx-unknown", ";;q=x", "\xe9", "a" * 2000),
    "Cookie": ("=", "a", "a=\xe9; ;b", "session=" + "x" * 2000),
    "Expect": ("unknown",),
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
# RFC 9110 section 10.1.1: a client must not expect this where it sends no content.
_WITH_CONTENT = ("Expect", "100-continue")
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


@requirement(
    "robustness.strange-headers",
    Level.MUST,
    SAFETY,
    every,
    mend=(
        "Ignore headers that the contract does not know, and refuse what contradicts"
        " the request with a 4xx."
    ),
)
@catches(
    fail_on_header("Accept", "other types", lambda value: value in {"text/html", "*/*;q=0"}),
    fail_on_header("Expect", "unknown values", lambda value: value == "unknown"),
    fail_on_header("If-Modified-Since", "any date", bool),
    fail_on_header("Cookie", "an accent", lambda value: "\xe9" in value),
)
def strange_headers(probe: Probe) -> None:
    """Headers that are broken, unknown or contradict the request do not make the server fail."""
    request = request_with_empty_body(probe)
    headers = [(name, value) for name, values in _HEADERS.items() for value in values]
    if request.body:
        headers.append(_WITH_CONTENT)
    send_expecting_no_server_error(probe, (request.with_header(*header) for header in headers))


@requirement(
    "robustness.strange-authorization",
    Level.MUST,
    SAFETY,
    every,
    mend=(
        "Parse the Authorization header inside the error handling, and answer 401 where that fails."
    ),
)
@catches(
    fail_on_header("Authorization", "an accent", lambda value: "\xe9" in value),
    fail_on_header("Authorization", "a broken JWT", lambda value: value.count(".") == 2),  # noqa: PLR2004 - the dots of a JWT
    fail_on_header("Authorization", "no token", lambda value: value == "Bearer"),
    fail_on_header("Authorization", "no UTF-8", lambda value: value == "Basic /w=="),
)
def strange_authorization(probe: Probe) -> None:
    """An Authorization header that is broken in any way does not make the server fail."""
    request = without_token(request_with_empty_body(probe))
    send_expecting_no_server_error(
        probe, [request.with_header("Authorization", one) for one in _AUTHORIZATIONS]
    )
