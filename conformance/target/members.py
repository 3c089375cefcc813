"""JSON that a target answered with: parsed within bounds, its members read by their type."""

import json
import math
import re
from collections.abc import Iterator, Mapping

from openapi.item_members import value_at

JsonObject = dict[str, object]

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


def pointer(place: str, name: str) -> str:
    """The JSON pointer of a member of the object at ``place`` (RFC 6901)."""
    return f"{place}/{name.replace('~', '~0').replace('/', '~1')}"


def strings_in(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """The strings of a document, its names of members aside, each with its JSON pointer."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from strings_in(one, pointer(place, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from strings_in(one, f"{place}/{number}")


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


def text_in(members: Mapping[str, object], name: str) -> str | None:
    """A member that is a string; None for any other."""
    value = members.get(name)
    return value if isinstance(value, str) else None


def identifier_in(members: Mapping[str, object], name: str) -> str | None:
    """A member that names something, as a text: a string or an integer; None for any other.

    It may stand in a member: ``metadata/name``.
    """
    value = value_at(members, name)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # an integer as well (JSON Schema 2020-12 validation, 6.1.1)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def number_in(members: Mapping[str, object], name: str) -> float | None:
    """A member that is a number, infinite where it is too large; None for any other."""
    value = members.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def objects_in(members: Mapping[str, object], name: str) -> list[JsonObject]:
    """The objects in a member that is an array; none where it is anything else."""
    value = members.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
