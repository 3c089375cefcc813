"""The fields of submitted forms: URL-encoded ones, and the parts of multipart ones."""

import logging
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from openapi.forms import Part
from openapi.media_types import is_xml

# What it finds wrong with a form is in the refusal, and names no place in the log.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)

_MOST_PARTS = 1000


def urlencoded_fields(body: bytes) -> list[Part]:
    """The fields of a URL-encoded form; raises ValueError where it is none, or not in UTF-8."""
    pairs = parse_qsl(
        body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"
    )
    return [Part(name, text) for name, text in pairs]


def multipart_fields(body: bytes, content_type: str) -> list[Part]:
    """The parts of a multipart form; raises ValueError where it is none.

    A file is a text of one character for each of its bytes, as its length is that in bytes.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise ValueError("no boundary")
    reading = _Reading()
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": reading.begin,
            "on_header_field": reading.add_name,
            "on_header_value": reading.add_value,
            "on_header_end": reading.end_header,
            "on_part_data": reading.add_data,
            "on_part_end": reading.end,
            "on_end": reading.finish,
        },
    )
    try:
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise ValueError(str(error)) from error
    if not reading.is_finished:
        raise ValueError("the last boundary is missing")
    return reading.parts


class _Reading:
    """The parts that a parser has found so far."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.is_finished = False
        self.begin()

    def begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value, self._data = b"", b"", b""

    def add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def end_header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def add_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if b"name" not in options or len(self.parts) == _MOST_PARTS:
            raise ValueError("a part without a name, or too many of them")
        headers = {
            name.decode("latin-1"): value.decode("latin-1").strip()
            for name, value in self._headers.items()
        }
        media_type = headers.get("content-type") or None
        is_text = b"filename" not in options or (media_type or "").startswith(
            ("text/", "application/json", "application/xml")
        )
        if is_text and (b"filename" in options or is_xml(media_type or "")):
            text = self._data.decode("utf-8", "replace")
        else:
            text = self._data.decode("utf-8" if is_text else "latin-1")
        name = options[b"name"].decode("utf-8", "replace")
        self.parts.append(Part(name, text, media_type, headers, self._data))

    def finish(self) -> None:
        self.is_finished = True
