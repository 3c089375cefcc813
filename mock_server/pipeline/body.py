"""Reading and parsing of request bodies."""

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson

from mock_server.documented.xml_reading import parse_xml, read_xml
from mock_server.exchange import exact_json
from mock_server.exchange.exchange import MAX_BODY_BYTES, Exchange
from mock_server.exchange.problems import Problem, ProblemType
from mock_server.pipeline.codings import (
    ACCEPTED,
    DecodedSizeError,
    UnknownCodingError,
    decoded,
)
from mock_server.pipeline.forms import multipart_fields, urlencoded_fields
from mock_server.pipeline.xml_parts import XmlParts
from openapi.field_errors import FieldError
from openapi.forms import Part, read_form
from openapi.media_types import essence, is_xml
from openapi.operation import MediaType, RequestBody
from openapi.parameters import read_text
from openapi.schema import types_of

MAX_NESTING = 100
"""Limit on the nesting of objects and arrays; real requests have a handful."""


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


async def read_body(exchange: Exchange) -> bytes:
    """Read the whole body, refusing one of more than 1 MiB without keeping it.

    The body stays in ``exchange.body``, so that several stages can call this.
    """
    if exchange.has_body:
        return exchange.body
    announced = (exchange.header(b"content-length") or "").strip()
    if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
        raise _too_large()  # before 100 Continue, so it need not be sent
    chunks = []
    size = 0
    while True:
        message = await exchange.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise _too_large()
        chunks.append(chunk)
        if not message.get("more_body", False):
            exchange.has_body = True
            body = b"".join(chunks)
            codings = exchange.header(b"content-encoding")
            exchange.body = _decoded(body, codings) if codings else body
            return exchange.body


def content_type(exchange: Exchange, request_body: RequestBody) -> tuple[str, MediaType]:
    """The media type of a request, and its description in the contract.

    Refuses a request that names none, several, or one that is not documented.
    """
    given = exchange.header(b"content-type") or ""
    name = essence(given)
    media_type = request_body.accepts(given) if given else None
    names = [key for key, _ in exchange.scope["headers"]] if "," in given else []
    several = names.count(b"content-type") > 1
    if media_type is not None and not several:
        return name, media_type
    known = " or ".join(request_body.content)
    detail = f"Send the body as {known}."
    if several or not given:
        has = "more than one" if several else "no"
        detail = f"The request has {has} Content-Type; send {known}."
    code, param = "invalid_content_type", "Content-Type"
    kind = ProblemType.INVALID_CONTENT_TYPE
    raise Problem(kind, code, detail, param=param, location="header")


def parse_other(
    exchange: Exchange, name: str, media_type: MediaType
) -> tuple[Any, list[FieldError]]:
    """The value of a body other than JSON, by its media type, and what is wrong with it.

    A body that is neither a form nor XML, and no text by its schema, is taken as it is.
    """
    outline = media_type.schema.outline if media_type.schema else {}
    try:
        if name == "application/x-www-form-urlencoded":
            parts = urlencoded_fields(exchange.body)
            return _read_fields(parts, outline, media_type)
        if name == "multipart/form-data":
            parts = multipart_fields(exchange.body, exchange.header(b"content-type") or "")
            return _read_fields(parts, outline, media_type)
        if is_xml(name):
            root = parse_xml(exchange.body, MAX_NESTING)
    except ValueError as error:
        kind, reason = _KINDS.get(name, "XML"), f": {error}" if is_xml(name) else ""
        raise _malformed(f"The body is not {kind}{reason}.") from None
    if is_xml(name):
        return read_xml(root, media_type.schema) if media_type.schema else (None, [])
    types = types_of(outline)
    if types and "string" not in types and not name.startswith("text/"):
        return None, []
    value = read_text(_text(exchange.body), types)
    return value, media_type.schema.errors(value) if media_type.schema else []


def _text(body: bytes) -> str:
    """The text of a body; one character for each byte where it is no UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1")


_KINDS = {
    "application/x-www-form-urlencoded": "a URL-encoded form in UTF-8",
    "multipart/form-data": "a multipart form",
}


def _read_fields(
    parts: list[Part], outline: Mapping[str, Any], media_type: MediaType
) -> tuple[Any, list[FieldError]]:
    documents = XmlParts(media_type.schema, MAX_NESTING)
    form = read_form(parts, outline, media_type.encoding, documents)
    unreadable = {one.param for one in form.errors}
    found = media_type.schema.errors(form.value) if media_type.schema else []
    others = [one for one in documents.judged(found) if one.param not in unreadable]
    return form.value, form.errors + others


def parse_json(body: bytes) -> Any:
    """Parse JSON (RFC 8259); raises a 400 for invalid UTF-8, infinite numbers or deep nesting."""
    try:
        value = exact_json.parse_json(body)
    except orjson.JSONDecodeError:
        raise _malformed("The body is not valid JSON.") from None
    if body.count(b"[") + body.count(b"{") > MAX_NESTING and _nesting(value) > MAX_NESTING:
        raise _malformed(f"The body is nested more than {MAX_NESTING} deep.")
    return value


def infinite_numbers(body: bytes, media_type: MediaType) -> list[FieldError]:
    """What is wrong by its schema with a body that :func:`parse_json` refuses for its numbers.

    Empty for any other body, and where the schema does not mind such numbers.
    """
    if media_type.schema is None:
        return []
    beyond = 0

    def number(text: str) -> float:
        nonlocal beyond
        value = float(text)
        if math.isfinite(value):
            return value
        beyond += 1
        return _BEYOND if value > 0 else -_BEYOND

    try:
        value = json.loads(
            body.decode(), parse_float=number, parse_int=number, parse_constant=_no_number
        )
    except (ValueError, RecursionError):
        return []
    is_judged = beyond and _nesting(value) <= MAX_NESTING
    return media_type.schema.errors(value) if is_judged else []


_BEYOND = 2**1024
"""An integer that no double holds, in place of any number that none holds."""


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number (RFC 8259 section 6)")


def _nesting(value: Any) -> int:
    level, depth = [value], 0
    while level:
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        depth += 1
    return depth - 1


def _decoded(body: bytes, codings: str) -> bytes:
    """The body without its content codings."""
    try:
        return decoded(body, codings, MAX_BODY_BYTES)
    except DecodedSizeError:
        raise _too_large() from None
    except UnknownCodingError:
        raise Problem(
            ProblemType.UNSUPPORTED,
            "unsupported_content_encoding",
            f"The Content-Encoding is not accepted here; send {ACCEPTED.replace(',', ' or')}"
            ", or a body without one.",
            param="Content-Encoding",
            location="header",
            headers={"Accept-Encoding": ACCEPTED},
        ) from None
    except ValueError:
        raise _malformed("The body is not of its Content-Encoding.") from None


def _too_large() -> Problem:
    detail = f"The body is larger than {MAX_BODY_BYTES} bytes."
    return Problem(ProblemType.BODY_TOO_LARGE, "body_too_large", detail)


def _malformed(detail: str) -> Problem:
    return Problem(ProblemType.INVALID_REQUEST, "malformed_body", detail)
