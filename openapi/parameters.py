"""Reading parameter values out of a request, by their style (OpenAPI 3.1, section 4.8.12).

Text that does not fit the declared type is left as text: judging it is the schema's business.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from openapi.operation import Parameter

_INTEGER = re.compile(r"-?\d{1,300}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,300}(\.\d{1,300})?([eE][+-]?\d{1,3})?", re.ASCII)
_DEEP_KEY = re.compile(r"(?P<name>[^\[\]]+)\[(?P<key>[^\[\]]*)\]")
_DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}

ABSENT = object()
"""What :func:`read_parameter` gives where the request does not have the parameter."""


def read_parameter(parameter: Parameter, values: Mapping[str, Sequence[str]]) -> Any:
    """The value of ``parameter`` among the ``values`` of its location, or :data:`ABSENT`.

    ``values`` maps names (header names in lower case) to every text given for them, in order.
    """
    name = parameter.name.lower() if parameter.location == "header" else parameter.name
    definition = parameter.schema.definition
    types = _types(definition)
    if parameter.style == "deepObject":
        return _deep_object(name, values, definition)
    texts = values.get(name)
    if not texts:
        return ABSENT
    delimiter = _DELIMITERS.get(parameter.style, ",")
    if "array" in types:
        exploded = parameter.explode and parameter.style == "form"
        items = texts if exploded else [one for text in texts for one in text.split(delimiter)]
        return [read_text(item, definition.get("items", {})) for item in items]
    if "object" in types:
        return _flat_object(texts[-1].split(delimiter), definition, explode=parameter.explode)
    return read_text(texts[-1], definition)


def read_text(text: str, definition: object) -> Any:
    """One text as the narrowest declared type that it can be read as."""
    types = _types(definition)
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    if "boolean" in types and text in {"true", "false"}:
        return text == "true"
    return text


def read_form(fields: Sequence[tuple[str, str]], definition: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a submitted form as the object that ``definition`` describes."""
    properties = definition.get("properties", {})
    form: dict[str, Any] = {}
    for name, text in fields:
        known = properties.get(name, {})
        if "array" in _types(known):
            form.setdefault(name, []).append(read_text(text, known.get("items", {})))
        else:
            form[name] = read_text(text, known)
    return form


def _deep_object(
    name: str, values: Mapping[str, Sequence[str]], definition: Mapping[str, Any]
) -> Any:
    found = {}
    for key, texts in values.items():
        part = _DEEP_KEY.fullmatch(key)
        if part and part["name"] == name:
            found[part["key"]] = texts[-1]
    return _typed(found, definition) if found else ABSENT


def _flat_object(parts: list[str], definition: Mapping[str, Any], *, explode: bool) -> Any:
    """``a=1,b=2`` where exploded, ``a,1,b,2`` where not."""
    if explode:
        pairs = [part.partition("=")[::2] for part in parts]
    else:
        pairs = list(zip(parts[::2], parts[1::2], strict=False))
    return _typed(dict(pairs), definition)


def _typed(texts: Mapping[str, str], definition: Mapping[str, Any]) -> dict[str, Any]:
    properties = definition.get("properties", {})
    return {key: read_text(text, properties.get(key, {})) for key, text in texts.items()}


def _types(definition: object) -> set[str]:
    declared = definition.get("type", ()) if isinstance(definition, Mapping) else ()
    return {declared} if isinstance(declared, str) else set(declared)
