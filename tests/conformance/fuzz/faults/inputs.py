"""Faults on one kind of input: a character, a number, a date, a header, a way to send."""

import json
import re
from contextlib import suppress
from typing import Any

from conformance.catalogue.sabotage import Sabotage, on_answers, with_body, with_header
from conformance.server.generated.sabotage import sent_name
from conformance.target.errors import ConnectionClosed
from conformance.target.exchange import Answer, Forward, Request

_LEAP_SECOND = re.compile(rb":60(\.[0-9]+)?[+-]")
_LOW_HALF = re.compile(rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def _on_a_plane(request: Request, forward: Forward) -> Answer:
    fails = any(0x30000 <= ord(one) < 0x40000 for one in sent_name(request))
    return Answer(500) if fails else forward(request)


def _beyond_64_bits(request: Request, forward: Forward) -> Answer:
    """The first integer that a signed one of 64 bits cannot hold, and no other."""
    numbers: list[str] = []

    def kept(text: str) -> Any:
        numbers.append(text)
        return 0

    with suppress(ValueError):
        json.loads(request.body, parse_int=kept)
    return Answer(500) if str(2**63) in numbers else forward(request)


def _leap_second(request: Request, forward: Forward) -> Answer:
    """A leap second where the offset is not zero."""
    return Answer(500) if _LEAP_SECOND.search(request.body) else forward(request)


def _hang_up(request: Request, forward: Forward) -> Answer:
    """The second half of a character without the first."""
    if _LOW_HALF.search(_PAIR.sub(b"", request.body)):
        raise ConnectionClosed("the connection was closed")
    return forward(request)


def _odd_header(request: Request, answer: Answer) -> Answer:
    languages = [value for name, value in request.headers if name.lower() == "accept-language"]
    wrong = "x-klingon" in languages and answer.is_success
    return with_header(answer, "Content-Type", "text/plain") if wrong else answer


def _renamed(answer: Answer, name: str) -> Answer:
    has_name = isinstance(answer.field("name"), str)
    return with_body(answer, {**answer.json(), "name": name}) if has_name else answer


def _escaped_solidus(request: Request, answer: Answer) -> Answer:
    """Its backslash is taken for a part of the name."""
    name = sent_name(request)
    wrong = rb"\/" in request.body and answer.field("name") == name
    return _renamed(answer, name.replace("/", r"\/")) if wrong else answer


def _split_character(request: Request, answer: Answer) -> Answer:
    """Each chunk is decoded by itself, as if no character could stand in two of them."""
    parts, start = [], 0
    for size in (*request.chunks, len(request.body)):
        parts.append(request.body[start : start + size].decode("utf-8", "replace"))
        start += size
    name = sent_name(Request("POST", "", body="".join(parts).encode()))
    wrong = request.chunks and answer.field("name") == sent_name(request) != name
    return _renamed(answer, name) if wrong else answer


ON_A_PLANE = Sabotage("a 5xx on one Unicode plane", lambda: _on_a_plane)
BEYOND_64_BITS = Sabotage("a 5xx on one number", lambda: _beyond_64_bits)
LEAP_SECOND = Sabotage("a 5xx on a leap second with an offset", lambda: _leap_second)
HANG_UP = Sabotage("a closed connection on half a character", lambda: _hang_up)
ODD_HEADER = on_answers("another media type on one odd header", _odd_header)
ESCAPED_SOLIDUS = on_answers("another name where a solidus is escaped", _escaped_solidus)
SPLIT_CHARACTER = on_answers("another name where a chunk ends in a character", _split_character)
