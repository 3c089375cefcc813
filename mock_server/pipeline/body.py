"""Reading and parsing of request bodies. Every refusal is a 400."""

from typing import Any
from urllib.parse import parse_qsl

import orjson
from python_multipart.exceptions import MultipartParseError
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from mock_server.exchange.exchange import MAX_BODY_BYTES, Exchange
from mock_server.exchange.problems import Problem, ProblemType
from openapi.operation import MediaType, RequestBody, essence
from openapi.parameters import read_form, read_text
from openapi.schema import Schema, types_of

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
            exchange.body = b"".join(chunks)
            exchange.has_body = True
            return exchange.body


def content_type(exchange: Exchange, request_body: RequestBody) -> tuple[str, MediaType]:
    """The media type of a request, and its description in the contract.

    Refuses a request that names none, several, or one that is not documented.
    """
    given = exchange.header(b"content-type") or ""
    name = essence(given)
    media_type = request_body.accepts(name) if given else None
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
    raise Problem(ProblemType.INVALID_REQUEST, code, detail, param=param)


async def parse_text(exchange: Exchange, name: str, schema: Schema | None) -> Any:
    """The value of a body other than JSON, by its media type: a form, or text."""
    outline = schema.outline if schema else {}
    if name == "application/x-www-form-urlencoded":
        return read_form(_urlencoded_fields(exchange.body), outline)
    if name == "multipart/form-data":
        return read_form(await _multipart_fields(exchange), outline)
    return read_text(exchange.body.decode("utf-8", "replace"), types_of(outline))


def parse_json(body: bytes) -> Any:
    """Parse JSON (RFC 8259); raises a 400 for invalid UTF-8, infinite numbers or deep nesting."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _malformed("The body is not valid JSON.") from None
    if body.count(b"[") + body.count(b"{") > MAX_NESTING and _nesting(value) > MAX_NESTING:
        raise _malformed(f"The body is nested more than {MAX_NESTING} deep.")
    return value


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


def _urlencoded_fields(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"
        )
    except ValueError:
        raise _malformed("The body is not a URL-encoded form in UTF-8.") from None


async def _multipart_fields(exchange: Exchange) -> list[tuple[str, str]]:
    async def replay() -> Message:
        return {"type": "http.request", "body": exchange.body, "more_body": False}

    fields = []
    try:
        async with Request(exchange.scope, replay).form() as form:
            for name, value in form.multi_items():
                text = value if isinstance(value, str) else (await value.read()).decode("latin-1")
                fields.append((name, text))
    except (MultiPartException, MultipartParseError, KeyError, UnicodeError):
        raise _malformed("The body is not a multipart form.") from None
    return fields


def _too_large() -> Problem:
    detail = f"The body is larger than {MAX_BODY_BYTES} bytes."
    return Problem(ProblemType.INVALID_REQUEST, "body_too_large", detail)


def _malformed(detail: str) -> Problem:
    return Problem(ProblemType.INVALID_REQUEST, "malformed_body", detail)
