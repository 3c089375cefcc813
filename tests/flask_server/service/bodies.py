"""From the bytes of a request to a JSON value."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from flask import Request
from werkzeug.http import parse_options_header

from tests.flask_server.service.answers import Refusal

# Where a decoder runs out of stack, CPython 3.11 may end the process, and the tests with it.
MOST_BRACKETS = 500


@dataclass(frozen=True)
class Number:
    """A number as it was written: nothing here needs its value."""

    text: str


def is_json(content_type: str) -> bool:
    media_type, options = parse_options_header(content_type)
    return media_type.lower() == "application/json" and (
        options.get("charset", "utf-8").lower() in {"utf-8", "utf8"}
    )


def as_text(data: bytes, content_type: str) -> str:
    return data.decode("utf-8")


def no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def parse(text: str) -> Any:
    if text.count("[") + text.count("{") > MOST_BRACKETS:
        raise RecursionError
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=no_constant)


@dataclass
class Bodies:
    """Each step of reading a body is a seam."""

    most: int = 1024 * 1024
    allowed: Callable[[str], bool] = is_json
    as_text: Callable[[bytes, str], str] = as_text
    parse: Callable[[str], Any] = parse

    def read(self, request: Request) -> Any:
        content_type = request.headers.get("Content-Type", "")
        if not self.allowed(content_type):
            raise Refusal(400, "invalid_content_type", "Send the body as application/json.")
        data = request.get_data()
        if len(data) > self.most:
            raise Refusal(400, "body_too_large", f"A body has {self.most} bytes at most.")
        try:
            return self.parse(self.as_text(data, content_type))
        except (ValueError, RecursionError) as error:
            raise Refusal(400, "malformed_body", "The body is not JSON in UTF-8.") from error
