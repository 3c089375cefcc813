"""Documented response headers, written by OpenAPI's style ``simple`` or in a media type."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mock_server.documented.bodies import text_of
from openapi.media_types import is_json
from openapi.operation import Header
from openapi.parameters import Style, read_styled

_COMPUTED = (
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
    "idempotent-replayed",
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "date",
    "keep-alive",
    "server",
    "trailer",
    "upgrade",
)
"""Headers that the pipeline or the server computes."""

_SAYING = {"example", "examples", "default", "const", "enum"}
"""The keywords of a schema that say which value is documented."""

_CONTROLS = re.compile(r"[\x00-\x20\x7f]+")


def is_sent(header: Header) -> bool:
    """Whether an answer has a documented header: with an example, or because it must."""
    return header.name.lower() not in _COMPUTED and bool(header.examples or header.required)


def with_values(header: Header) -> Header:
    """The header with values as its examples, where they are texts as they are sent."""
    if header.schema is None:
        return header
    examples = tuple(_value_of(header, one) for one in header.examples)
    return replace(header, examples=examples)


def wait(header: Header) -> int | str | None:
    """The second that a ``Retry-After`` without a documented value has; None for any other header.

    No wait, or a text that is none, would put no client to the test.
    """
    schema = header.schema
    if header.name.lower() != "retry-after" or header.examples or schema is None:
        return None
    if _SAYING & {*schema.resolve(schema.definition)}:
        return None
    return next((one for one in (1, "1") if schema.is_valid(one)), None)


def _value_of(header: Header, example: Any) -> Any:
    schema, media_type = header.schema, header.media_type
    if schema is None or not isinstance(example, str) or schema.is_valid(example):
        return example
    if media_type is None:
        style = Style("simple", header.explode, is_header=True)
        value = read_styled("", {"": [example]}, style, schema.outline)
    else:
        value = _parsed(example) if is_json(media_type) else example
    return value if schema.is_valid(value) else example


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def header_text(header: Header, value: Any) -> str:
    """The value of a header on one line: ASCII, or UTF-8 as an HTTP server takes it."""
    if header.media_type is not None and is_json(header.media_type):
        text = json.dumps(value, separators=(",", ":"))
    elif isinstance(value, dict):
        between = "=" if header.explode else ","
        text = ",".join(f"{name}{between}{text_of(one)}" for name, one in value.items())
    else:
        text = text_of(value)
    return _CONTROLS.sub(" ", text).strip().encode("utf-8", "replace").decode("latin-1")


def merged(*headers: Mapping[str, str]) -> dict[str, str]:
    """All headers: of those with one name, however it is spelt, the last."""
    pairs = (pair for one in headers for pair in one.items())
    return dict({pair[0].lower(): pair for pair in pairs}.values())
