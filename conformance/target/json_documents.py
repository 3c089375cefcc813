"""JSON documents of others, parsed within bounds.

The module uses the standard library only: an exported test holds a copy.
"""

import json
import re

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, whose brackets mean nothing. One without an end goes on to that of the text.

So each sign of a text is looked at once, whatever a target sends.
"""
_BRACKETS = re.compile(r"[\[{]+|[\]}]+")

MOST_DEPTH = 100
"""The deepest nesting that is read (RFC 8259 section 9): whatever walks a document may recurse."""

_MOST_VALUES = 200_000
"""The most values that are read, by their signs: each takes many times the memory of its text."""

_MOST_DIGITS = 1000
"""The digits of the longest integer that is read exactly; a longer one is infinite."""


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


_DECODER = json.JSONDecoder(parse_int=_integer, parse_constant=_no_constant)


def parse(body: bytes) -> object:
    """A JSON document in any Unicode encoding, as :func:`parse_text`."""
    return parse_text(body.decode(json.detect_encoding(body), "surrogatepass"))


def parse_text(text: str) -> object:
    """A JSON document; raises ValueError where ``text`` is none, too deep or of too many values.

    Without ``NaN`` and ``Infinity``, which Python reads and JSON does not have.
    """
    if _brackets(text) + text.count(",") > _MOST_VALUES:
        raise ValueError("too many values")
    if is_too_deep(text):
        raise ValueError("nested too deeply")
    value: object = _DECODER.decode(text)
    return value


def _brackets(text: str) -> int:
    return text.count("[") + text.count("{")


def is_too_deep(text: str) -> bool:
    """Whether a JSON document is nested too deeply for a decoder to be given it.

    CPython 3.11 ends the process where a decoder runs out of stack while garbage is collected and
    somebody asked to be told of it, as Hypothesis does. It lowers the recursion limit, too.
    """
    # No document is deeper than it has brackets, and most have few.
    if _brackets(text) <= MOST_DEPTH:
        return False
    # Without escapes, every second part between quotation marks is a string.
    plain = _STRING.sub('""', text) if "\\" in text else " ".join(text.split('"')[::2])
    depth = 0
    for found in _BRACKETS.finditer(plain):
        depth += len(found[0]) if found[0][0] in "[{" else -len(found[0])
        if depth > MOST_DEPTH:
            return True
    return False
