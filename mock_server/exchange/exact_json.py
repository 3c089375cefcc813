"""JSON with integers of more than 64 bits, which orjson does not write and reads as floats.

A client may send any number: it is an integer of as many digits as it has.
"""

import json
import re
from contextlib import suppress
from typing import Any

import orjson

_LONG = re.compile(rb"[0-9]{19}")


def write_json(value: Any) -> bytes:
    """A value as JSON; raises TypeError or ValueError for what JSON has not."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def read_json(body: bytes) -> Any:
    """The value of JSON that the mock has written, its integers as they are."""
    return json.loads(body) if _LONG.search(body) else orjson.loads(body)


def parse_json(body: bytes) -> Any:
    """The value of JSON of a client, its integers as they are; raises orjson.JSONDecodeError."""
    value = orjson.loads(body)
    if _LONG.search(body):
        with suppress(RecursionError):  # such a body is refused for its depth
            return json.loads(body)
    return value
