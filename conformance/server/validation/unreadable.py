"""Unreadable bodies (seed: response 400), and readable ones in any spelling.

Safe ground: a MUST is only about what no reader of JSON could take, however lenient it is.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.mends import PARSE_FIRST, STRICT_JSON
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import on_requests, set_status
from conformance.probe.applicability import both, tells_invalid_from_unreadable
from conformance.probe.bodies import (
    SEED,
    VENDOR,
    expect_accepted,
    expect_refusal,
    is_judged,
    makes_from_json,
)
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.server.validation.sabotage import ACCEPT_ALL, ANY_TYPE, answer_if, content_type
from conformance.target.exchange import Request

_TELLS_APART = both(is_judged, tells_invalid_from_unreadable)

UNREADABLE = {
    "an empty body": b"",
    "white space only": b" \n",
    "an object that does not end": b'{"name": "dinie-conformance"',
    "a member without a value": b'{"name": }',
    "a member without a colon": b'{"name" "dinie-conformance"}',
    "text that does not end": b'{"name": "dinie-conformance}',
    "the wrong bracket at the end": b'{"name": "dinie-conformance"]',
    "plain text": b"name is dinie-conformance",
    "a form": b"name=dinie-conformance",
    "XML": b"<name>dinie-conformance</name>",
    "bytes that are no text": b"\x80\x81\xfe\xff\x00",
    "a compressed body": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
}
"""Bodies that no reader of JSON could take for an object, however lenient it is."""


def _in_name(text: bytes) -> Callable[[bytes], bytes]:
    prefix = NAME_PREFIX.encode()
    return lambda body: body.replace(prefix, prefix + text)


def _with_member(value: bytes) -> Callable[[bytes], bytes]:
    return lambda body: body[:-1] + b', "conformance": ' + value + b"}"


BEYOND_JSON: dict[str, Callable[[bytes], bytes]] = {
    "a comma at the end": lambda body: body[:-1] + b",}",
    "one bracket too many": lambda body: body + b"}",
    "two objects": lambda body: body + b" " + body,
    "a comment": lambda body: body + b" // comment",
    "single quotes": lambda body: body.replace(b'"', b"'"),
    "names without quotes": lambda body: re.sub(rb'"(\w+)":', rb"\1:", body),
    "a control character": _in_name(b"\n"),
    "an unknown escape": _in_name(b"\\x41"),
    "text that is not UTF-8": _in_name(b"\xe9"),
    "NaN": _with_member(b"NaN"),
    "Infinity": _with_member(b"-Infinity"),
    "UTF-16": lambda body: body.decode().encode("utf-16-le"),
}
"""What some readers take in addition (RFC 8259 section 9 lets them), made of a valid body."""


@requirement(
    "validation.json-may-be-spelt-differently",
    Level.SHOULD,
    "RFC 8259 sections 2 and 7",
    makes_from_json,
    mend=PARSE_FIRST,
)
@catches(
    answer_if(b"\\u00", 422, "do not read escapes in names"),
    answer_if(b"\r\n", 400, "do not read white space"),
)
def json_may_be_spelt_differently(probe: Probe) -> None:
    """White space between the parts and escaped characters make no difference."""
    body = probe.request().body
    probe.make()
    spellings = {
        "white space": f"\r\n\t {json.dumps(probe.plain_body(), indent=1)}\r\n".encode(),
        "an escaped name": re.sub(rb'"(\w)(\w*)":', _escaped, body),
    }
    for what, text in spellings.items():
        request = replace(probe.request(), body=text)
        expect_accepted(probe, request, f"a body with {what}")


def _escaped(found: re.Match[bytes]) -> bytes:
    return b'"\\u%04x%b":' % (ord(found[1]), found[2])


@requirement(
    "validation.media-type-may-be-spelt-differently",
    Level.SHOULD,
    "RFC 9110 section 8.3.1",
    makes_from_json,
    mend=PARSE_FIRST,
)
@catches(
    answer_if(b";", 400, "refuse parameters of the media type", content_type),
    answer_if(b"JSON", 400, "know one spelling of the media type", content_type),
)
def media_type_may_be_spelt_differently(probe: Probe) -> None:
    """A Content-Type of JSON is accepted in any case and with a charset."""
    probe.make()
    [own] = [text for name, text in probe.request().headers if name == "Content-Type"]
    kind, _, subtype = own.partition("/")
    for text in (f"{own}; charset=utf-8", f"{kind.title()}/{subtype.upper()}"):
        request = probe.request().with_header("Content-Type", text)
        expect_accepted(probe, request, f"Content-Type {text}")


@requirement("validation.unreadable-body-is-refused", Level.MUST, SEED, is_judged, mend=STRICT_JSON)
@catches(ACCEPT_ALL, set_status(400, 500), set_status(400, 418), set_status(400, 201))
def unreadable_body_is_refused(probe: Probe) -> None:
    """A body that is not JSON is refused with a documented status."""
    for what, request in _unreadable(probe):
        expect_refusal(probe, request, what)


def _unreadable(probe: Probe) -> Iterator[tuple[str, Request]]:
    body = probe.operation.request_body
    for what, text in UNREADABLE.items():
        if text.strip() or (body and body.required):
            yield what, replace(probe.request(), body=text)


@requirement(
    "validation.unreadable-body-is-400", Level.SHOULD, VENDOR, _TELLS_APART, mend=STRICT_JSON
)
@catches(set_status(400, 422))
def unreadable_body_is_400(probe: Probe) -> None:
    """A body that is not JSON gets 400, which is for what cannot be read."""
    for what, request in _unreadable(probe):
        expect_refusal(probe, request, what, HTTPStatus.BAD_REQUEST)


@requirement(
    "validation.more-than-json-is-refused",
    Level.SHOULD,
    f"{VENDOR}; RFC 8259",
    is_judged,
    mend=STRICT_JSON,
)
@catches(
    ACCEPT_ALL,
    on_requests(
        "read a comma at the end", lambda one: replace(one, body=one.body.replace(b",}", b"}"))
    ),
    on_requests(
        "read the first of two objects",
        lambda one: replace(one, body=one.body.partition(b"}")[0] + b"}"),
    ),
    on_requests("read NaN", lambda one: replace(one, body=one.body.replace(b"NaN", b"null"))),
    on_requests(
        "read Latin-1", lambda one: replace(one, body=one.body.replace(b"\xe9", b"\xc3\xa9"))
    ),
)
def more_than_json_is_refused(probe: Probe) -> None:
    """Comments, commas at the end, other encodings and the like are not JSON either."""
    for what, change in BEYOND_JSON.items():
        request = probe.request()
        changed = replace(request, body=change(request.body))
        if changed != request:
            expect_refusal(probe, changed, what)


@requirement(
    "validation.other-content-type-is-400",
    Level.SHOULD,
    VENDOR,
    _TELLS_APART,
    mend="Answer 400 to a body whose media type is not documented.",
)
@catches(ANY_TYPE, set_status(400, 415))
def other_content_type_is_400(probe: Probe) -> None:
    """A body without a Content-Type, or with one that is not documented, gets 400."""
    request = probe.request()
    what = "a body without Content-Type"
    expect_refusal(probe, request.without_header("Content-Type"), what, HTTPStatus.BAD_REQUEST)
    body = probe.operation.request_body
    for name in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "json"):
        if body and body.accepts(name) is None:
            other = request.with_header("Content-Type", name)
            expect_refusal(probe, other, f"Content-Type {name}", HTTPStatus.BAD_REQUEST)
