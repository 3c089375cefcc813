"""Deserialization of request parameters by their style (OpenAPI 3.1, section 4.8.12).

A string that has the form of no declared type stays a string: validation accepts or refuses it.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from openapi.operation import Parameter
from openapi.schema import types_of

_INTEGER = re.compile(r"-?\d{1,300}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,300}(\.\d{1,300})?([eE][+-]?\d{1,3})?", re.ASCII)
_DEEP_KEY = re.compile(r"(?P<name>[^\[\]]+)\[(?P<key>[^\[\]]*)\]")
_DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}

ABSENT = object()
"""The value of a parameter that the request does not have."""


def read_parameter(parameter: Parameter, values: Mapping[str, Sequence[str]]) -> Any:
    """Return the value of ``parameter``, or :data:`ABSENT`.

    ``values`` maps the names in the parameter's location (header names in lower case) to all
    strings sent for them, in order.
    """
    texts = values.get(parameter.key)
    if parameter.is_single:
        return read_text(texts[-1], parameter.types) if texts else ABSENT
    return _read_composite(parameter, texts, values)


def _read_composite(
    parameter: Parameter, texts: Sequence[str] | None, values: Mapping[str, Sequence[str]]
) -> Any:
    """Return the value of a parameter that may be an array or an object."""
    outline, types = parameter.schema.outline, parameter.types
    # Only in a query or a cookie can a value be spread over several pairs.
    spread = parameter.explode and parameter.style != "simple"
    if parameter.style == "deepObject":
        return _deep_object(parameter.key, values, outline)
    if "object" in types and spread:
        fields = {key: values[key] for key in outline.get("properties", {}) if key in values}
        if fields:
            return _typed(fields, outline)
    if not texts:
        return ABSENT
    if "array" in types:
        items = texts if spread else _parts(parameter, texts)
        item_types = types_of(outline.get("items", {}))
        return [read_text(item, item_types) for item in items]
    if "object" in types and not spread:
        return _flat_object(_parts(parameter, texts), outline, explode=parameter.explode)
    return read_text(texts[-1], types)


def read_text(text: str, types: Sequence[str]) -> Any:
    """Convert ``text`` to the narrowest of ``types`` that it has the form of."""
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    if "boolean" in types and text in {"true", "false"}:
        return text == "true"
    return text


def read_form(fields: Sequence[tuple[str, str]], outline: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the fields of a submitted form to an object, by the outline of its schema."""
    texts: dict[str, list[str]] = {}
    for name, text in fields:
        texts.setdefault(name, []).append(text)
    return _typed(texts, outline)


def _parts(parameter: Parameter, texts: Sequence[str]) -> list[str]:
    delimiter = _DELIMITERS.get(parameter.style, ",")
    parts = [part for text in texts for part in text.split(delimiter)]
    # Whitespace around the commas of a header is not part of its values (RFC 9110 section 5.6.1).
    return [part.strip() for part in parts] if parameter.location == "header" else parts


def _deep_object(name: str, values: Mapping[str, Sequence[str]], outline: Mapping[str, Any]) -> Any:
    found = {}
    for key, texts in values.items():
        part = _DEEP_KEY.fullmatch(key)
        if part and part["name"] == name:
            found[part["key"]] = texts
    return _typed(found, outline) if found else ABSENT


def _flat_object(parts: list[str], outline: Mapping[str, Any], *, explode: bool) -> Any:
    """Parse ``a=1,b=2`` if exploded, else ``a,1,b,2``."""
    if explode:
        pairs = [part.partition("=")[::2] for part in parts]
    else:
        pairs = list(zip(parts[::2], parts[1::2], strict=False))
    return _typed({key: [text] for key, text in pairs}, outline)


def _typed(texts: Mapping[str, Sequence[str]], outline: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the strings of each property: all of them for an array, else the last."""
    value: dict[str, Any] = {}
    for key, given in texts.items():
        known = outline.get("properties", {}).get(key, {})
        if "array" in types_of(known):
            item_types = types_of(known.get("items", {}))
            value[key] = [read_text(text, item_types) for text in given]
        else:
            value[key] = read_text(given[-1], types_of(known))
    return value
