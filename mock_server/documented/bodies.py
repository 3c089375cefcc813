"""Bodies of documented media types: JSON, XML, text, or a file."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from mock_server.documented.xml import is_xml_document, xml_text
from openapi.file_bodies import file_of, is_binary
from openapi.media_types import is_json, is_xml
from openapi.operation import MediaType
from openapi.schema import types_of

_OF_RANGES = {
    "*/*": ("application/json", "application/xml", "text/plain"),
    "application/*": ("application/json", "application/xml"),
    "application/*+json": ("application/vnd.any+json",),
    "application/*+xml": ("application/vnd.any+xml",),
    "text/*": ("text/plain", "text/csv", "text/html"),
    "image/*": ("image/png", "image/jpeg", "image/gif", "image/webp"),
    "audio/*": ("audio/wav",),
    "video/*": ("video/mp4",),
    "font/*": ("font/woff2",),
}
"""Media types that stand for ranges, as a response must name one; the first by default."""

_FILES_OF_ANY = ("application/octet-stream", *_OF_RANGES["image/*"], "application/pdf")
_JSON_LINES = (
    "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
)  # fmt: skip
_TABLES = {"text/csv": ",", "application/csv": ",", "text/tab-separated-values": "\t"}


def concrete_types(content: Mapping[str, MediaType]) -> dict[str, MediaType]:
    """The media types in which bodies can be written, JSON first; ranges replaced by types."""
    found: dict[str, MediaType] = {}
    for name, one in sorted(content.items(), key=lambda pair: "*" in pair[0]):
        names = _OF_RANGES.get(name, (name,))
        for concrete in _FILES_OF_ANY if one.is_file and name == "*/*" else names:
            found.setdefault(concrete, one)
    return {name: found[name] for name in sorted(found, key=lambda name: not is_json(name))}


def is_file(name: str, media_type: MediaType) -> bool:
    """Whether a body of a media type is bytes that no value stands for."""
    definition = media_type.schema.definition if media_type.schema else {}
    is_described = definition.get("format") == "binary" or "contentMediaType" in definition
    is_any = name.startswith("application/") and not is_json(name) and not is_xml(name)
    return is_binary(name) or (is_described and is_any)


def is_written(name: str, media_type: MediaType, example: object) -> bool:
    """Whether an example is the text of a body already, and no value to be written."""
    if not isinstance(example, str) or is_json(name):
        return False
    if is_xml(name):
        return is_xml_document(example)
    outline = media_type.schema.outline if media_type.schema else {}
    return "string" not in types_of(outline)


def written(name: str, media_type: MediaType, value: Any, resolve: Callable[[Any], Any]) -> bytes:
    """A value, or the text of an example, as a body; ``resolve`` resolves a schema."""
    if is_json(name):
        return _json(value).encode()
    if is_xml(name):
        if media_type.schema is None or (isinstance(value, str) and is_xml_document(value)):
            return text_of(value).encode()
        return xml_text(value, media_type.schema, resolve).encode()
    return _as_text(name, value).encode("utf-8", "replace")


def file_body(name: str, media_type: MediaType) -> bytes:
    """The body of a media type that is a file."""
    texts = [one for one in media_type.examples if isinstance(one, str)]
    return file_of(name, texts[0] if texts else None)


def _as_text(name: str, value: Any) -> str:
    if name == "text/event-stream":
        is_written = isinstance(value, str) and ":" in value
        return value if is_written else "".join(f"data: {_json(one)}\n\n" for one in _listed(value))
    if isinstance(value, str) or value is None:
        return value or ""
    if name in _JSON_LINES:
        return "".join(f"{_json(one)}\n" for one in _listed(value))
    if name in _TABLES:
        return _table(_listed(value), _TABLES[name])
    if name == "application/x-www-form-urlencoded" and isinstance(value, dict):
        return urlencode({key: text_of(one) for key, one in value.items()})
    # JSON is YAML too.
    return _json(value) if name.endswith(("yaml", "yml")) else text_of(value)


def _table(rows: Sequence[Any], delimiter: str) -> str:
    """Rows of a table, after a line of names where they are objects (RFC 4180)."""
    names = list(dict.fromkeys(key for row in rows if isinstance(row, dict) for key in row))
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter)
    if names:
        writer.writerow(names)
    for row in rows:
        cells = [row.get(name) for name in names] if isinstance(row, dict) else _listed(row)
        writer.writerow([text_of(one) for one in cells])
    return file.getvalue()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def text_of(value: Any) -> str:
    """A value outside of JSON: lists are joined with commas (OpenAPI's style ``simple``)."""
    if isinstance(value, list):
        return ",".join(text_of(one) for one in value)
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)
