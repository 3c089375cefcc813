"""Deserialization of request parameters by their style (OpenAPI 3.1, section 4.8.12).

A string that has the form of no declared type stays a string: validation accepts or refuses it.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from openapi.field_errors import FieldError
from openapi.media_types import is_json
from openapi.operation import Parameter
from openapi.schema import types_of

_INTEGER = re.compile(r"-?\d{1,300}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,300}(\.\d{1,300})?([eE][+-]?\d{1,3})?", re.ASCII)
_DEEP_KEY = re.compile(r"(?P<name>[^\[\]]+)(?P<keys>(?:\[[^\[\]]*\]){1,20})")
_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_PREFIXES = {"label": ".", "matrix": ";"}
_SPREAD = ("form", "deepObject")
_IN_ONE_TEXT = ("simple", *_PREFIXES)
_SCALARS = {"string", "integer", "number", "boolean"}

Texts = Mapping[str, Sequence[str]]
"""All texts of each name in one part of a request, in order."""

ABSENT = object()
"""The value of a parameter that the request does not have."""


class Style(NamedTuple):
    """How a value is written in a part of a request."""

    name: str
    explode: bool
    is_header: bool = False


class UnreadableError(ValueError):
    """A text that is not written as its parameter is; the message says what it must be."""


def check_parameter(parameter: Parameter, values: Texts) -> tuple[Any, list[FieldError]]:
    """The value of ``parameter``, or :data:`ABSENT`, and what is wrong with it.

    ``values`` maps the names in the parameter's location (header names in lower case) to all
    strings sent for them, in order.
    """
    name, location = parameter.name, parameter.location
    try:
        value = read_parameter(parameter, values)
    except UnreadableError as error:
        return None, [FieldError(name, str(error), "invalid_format", location)]
    if value is ABSENT and parameter.required and _is_written_as_nothing(parameter):
        return {}, []
    if value is ABSENT:
        missing = FieldError(name, "is required", "missing_required_field", location)
        return value, [missing] if parameter.required else []
    if parameter.allows_empty and value == "":
        return value, []
    errors = parameter.schema.errors(value, name)
    return value, [replace(one, location=location) for one in errors] if errors else errors


def _is_written_as_nothing(parameter: Parameter) -> bool:
    """Whether an object without members, which is spread over a query, is a valid value."""
    if parameter.media_type is not None or parameter.allows_empty:
        return False
    is_spread = parameter.explode and parameter.style in _SPREAD
    is_object = parameter.location == "query" and "object" in parameter.types
    return is_spread and is_object and parameter.schema.is_valid({})


def read_parameter(parameter: Parameter, values: Texts) -> Any:
    """Return the value of ``parameter``, or :data:`ABSENT`; raises UnreadableError."""
    texts = values.get(parameter.key)
    if texts and len(texts) > 1 and parameter.is_sent_once:
        raise UnreadableError("must be sent once")
    if parameter.is_single:
        return read_text(texts[-1], parameter.types) if texts else ABSENT
    if parameter.allows_empty and texts and not any(texts):
        return ""
    if parameter.media_type is not None:
        return _read_content(parameter.media_type, texts[-1]) if texts else ABSENT
    style = Style(parameter.style, parameter.explode, parameter.location == "header")
    value = read_styled(parameter.key, values, style, parameter.schema.outline)
    may_be_single = isinstance(value, list | dict) and not _SCALARS.isdisjoint(parameter.types)
    if may_be_single and texts and len(texts) == 1 and not parameter.schema.is_valid(value):
        # ``?ids=all``, where ``?ids=1,2`` may be sent too.
        single = read_text(_without_prefix(texts[0], parameter.key, style), parameter.types)
        return single if len(value) == 1 or parameter.schema.is_valid(single) else value
    return value


def _read_content(media_type: str, text: str) -> Any:
    """The value of a parameter that is written in a media type."""
    if not is_json(media_type):
        return text
    try:
        return read_json(text)
    except ValueError as error:
        raise UnreadableError("must be JSON") from error


def read_json(text: str) -> Any:
    """Parse JSON within a request's text; raises ValueError, also for what is nested too deeply."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number (RFC 8259, section 6)")


def read_styled(name: str, values: Texts, style: Style, outline: Mapping[str, Any]) -> Any:
    """The value that texts have in a style, or :data:`ABSENT`; raises UnreadableError."""
    types, texts = types_of(outline), values.get(name)
    if style.name == "deepObject":
        return _deep_object(name, values, outline)
    # Only in a query, a form or a cookie can a value be spread over several pairs.
    spread = style.explode and style.name not in _IN_ONE_TEXT
    if "object" in types and spread:
        fields = {key: values[key] for key in outline.get("properties", {}) if key in values}
        if fields:
            return _typed(fields, outline)
    if not texts:
        return ABSENT
    if "array" in types:
        items = texts if spread else _parts(name, texts, style)
        item_types = types_of(outline.get("items", {}))
        return [read_text(item, item_types) for item in items]
    if "object" in types and not spread:
        parts = _parts(name, texts, style, is_object=True)
        return _flat_object(parts, outline, explode=style.explode)
    return read_text(_without_prefix(texts[-1], name, style), types)


def read_text(text: str, types: Sequence[str]) -> Any:
    """Convert ``text`` to the narrowest of ``types`` that it has the form of."""
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    if "boolean" in types and text in {"true", "false"}:
        return text == "true"
    return text


def _parts(name: str, texts: Sequence[str], style: Style, *, is_object: bool = False) -> list[str]:
    """The parts of a value that is written in one text."""
    prefix = _PREFIXES.get(style.name)
    if prefix is None:
        delimiter = _DELIMITERS.get(style.name, ",")
        parts = [part for text in texts for part in text.split(delimiter)]
        # Whitespace around the commas of a header is not part of its values (RFC 9110 5.6.1).
        return [part.strip() for part in parts] if style.is_header else parts
    text = texts[-1]
    if style.explode and (is_object or style.name == "matrix"):
        parts = _without(prefix, text).split(prefix)
        return parts if is_object else [_without(f"{name}=", part) for part in parts]
    text = _without_prefix(text, name, style)
    # OpenAPI 3.0 writes points for both values of ``explode``, 3.1 commas for false.
    is_pointed = style.name == "label" and (style.explode or "," not in text)
    return text.split("." if is_pointed else ",")


def _without_prefix(text: str, name: str, style: Style) -> str:
    """The text of a value after what its style begins with: ``.`` or ``;name=``."""
    if style.name == "label":
        return _without(".", text)
    if style.name == "matrix":
        # RFC 6570 section 3.2.7: an empty value has no equals sign.
        return "" if text == f";{name}" else _without(f";{name}=", text)
    return text


def _without(prefix: str, text: str) -> str:
    if not text.startswith(prefix):
        raise UnreadableError(f'must begin with "{prefix}"')
    return text.removeprefix(prefix)


def _deep_object(name: str, values: Texts, outline: Mapping[str, Any]) -> Any:
    found = {
        tuple(part["keys"][1:-1].split("][")): texts
        for key, texts in values.items()
        if (part := _DEEP_KEY.fullmatch(key)) and part["name"] == name
    }
    return _deep_value(found, outline) if found else ABSENT


def _deep_value(
    found: Mapping[tuple[str, ...], Sequence[str]], outline: Mapping[str, Any]
) -> Any:  # fmt: skip
    """The value of bracketed names, by the keys in their brackets.

    OpenAPI leaves open what is in a member: brackets again (``[age][gt]``), and of a list an index
    or nothing in them.
    """
    types = types_of(outline)
    if () in found:
        texts = found[()]
        if "array" not in types:
            return read_text(texts[-1], types)
        return [read_text(text, types_of(outline.get("items", {}))) for text in texts]
    groups: dict[str, dict[tuple[str, ...], Sequence[str]]] = {}
    for (first, *rest), texts in found.items():
        groups.setdefault(first, {})[tuple(rest)] = texts
    if "array" not in types or not all(one == "" or one.isdecimal() for one in groups):
        return {key: _deep_value(one, _member(outline, key)) for key, one in groups.items()}
    items: list[Any] = []
    item = outline.get("items", {})
    for key, one in sorted(groups.items(), key=lambda pair: int(pair[0] or 0)):
        several = one[()] if key == "" and () in one else ()
        items += [read_text(text, types_of(item)) for text in several] or [_deep_value(one, item)]
    return items


def _member(outline: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What is said of a member: as a property, or of members by other names."""
    others = outline.get("additionalProperties", {})
    found: Mapping[str, Any] = outline.get("properties", {}).get(name, others)
    return found


def deep_names(names: Iterator[str]) -> set[str]:
    """The names of the objects that bracketed names (``addr[city]``) are members of."""
    return {part["name"] for name in names if (part := _DEEP_KEY.fullmatch(name))}


def _flat_object(parts: list[str], outline: Mapping[str, Any], *, explode: bool) -> Any:
    """Parse ``a=1,b=2`` if exploded, else ``a,1,b,2``."""
    if explode:
        pairs = [part.partition("=")[::2] for part in parts]
    else:
        pairs = list(zip(parts[::2], parts[1::2], strict=False))
    return _typed({key: [text] for key, text in pairs}, outline)


def _typed(texts: Texts, outline: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the strings of each property: all of them for an array, else the last."""
    value: dict[str, Any] = {}
    for key, given in texts.items():
        known = _member(outline, key)
        if "array" in types_of(known):
            item_types = types_of(known.get("items", {}))
            value[key] = [read_text(text, item_types) for text in given]
        else:
            value[key] = read_text(given[-1], types_of(known))
    return value
