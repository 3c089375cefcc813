"""Deserialization of forms by the schema and the encoding of their properties.

A field that is an object is JSON, as OpenAPI has it, unless it is written in a style of its own. A
part of a multipart form may say its media type itself.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from openapi.field_errors import FieldError
from openapi.media_types import essence, is_json, is_xml, specificity
from openapi.operation import Encoding, Parameter
from openapi.parameters import (
    ABSENT,
    Style,
    UnreadableError,
    check_parameter,
    deep_names,
    read_json,
    read_styled,
    read_text,
)
from openapi.schema import types_of


def form_of(value: Mapping[str, Any], encoding: Mapping[str, Encoding]) -> str:
    """A URL-encoded form with these members, each by its encoding (OpenAPI 3.1, section 4.8.15).

    What is null has no field.
    """
    fields: list[tuple[str, str]] = []
    for name, one in value.items():
        style = encoding[name].style if name in encoding else None
        explode = encoding[name].explode if name in encoding else True
        if isinstance(one, dict) and style == "deepObject":
            fields += [(f"{name}[{key}]", _text(inner)) for key, inner in one.items()]
        elif isinstance(one, list) and explode:
            fields += [(name, _text(inner)) for inner in one]
        elif isinstance(one, list):
            fields.append((name, _DELIMITERS.get(style or "", ",").join(map(_text, one))))
        elif one is not None:
            fields.append((name, _text(one)))
    return urlencode(fields, errors="replace")


_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|"}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a form: its name, its text, and the media type that the request gives it.

    ``headers`` are those of a part of a multipart form, by their names in lower case, and
    ``content`` its bytes; None for a field of any other form.
    """

    name: str
    text: str
    media_type: str | None = None
    headers: Mapping[str, str] | None = None
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """The object that a form describes, and the fields that cannot be read."""

    value: dict[str, Any]
    errors: list[FieldError]


class Documents(Protocol):
    """What reads the fields of a form that are XML."""

    def value(self, name: str, part: Part, *, is_item: bool) -> Any:
        """The value of a field, or of an item of it, which errors call ``name``.

        Raises :class:`~openapi.parameters.UnreadableError` where it is no XML.
        """


def read_form(
    parts: Iterable[Part],
    outline: Mapping[str, Any],
    encoding: Mapping[str, Encoding],
    documents: Documents | None = None,
) -> Form:
    """Read a form; ``outline`` is that of its schema. XML is read where there are ``documents``."""
    by_name: dict[str, list[Part]] = {}
    for part in parts:
        by_name.setdefault(part.name, []).append(part)
    form = _Form(by_name, outline.get("properties", {}), encoding, documents)
    form.check_headers()
    form.read_styled()
    form.read_parts()
    return Form(form.value, form.errors)


class _Form:
    def __init__(
        self,
        parts: dict[str, list[Part]],
        properties: Mapping[str, Any],
        encoding: Mapping[str, Encoding],
        documents: Documents | None,
    ) -> None:
        self._parts = parts
        self._properties = properties
        self._encoding = encoding
        self._documents = documents
        self.value: dict[str, Any] = {}
        self.errors: list[FieldError] = []

    def check_headers(self) -> None:
        """Look for what is wrong with the headers of parts."""
        for name, encoding in self._encoding.items():
            for index, part in enumerate(self._parts.get(name, ()) if encoding.headers else ()):
                own = name if len(self._parts[name]) == 1 else f"{name}[{index}]"
                for header in encoding.headers if part.headers is not None else ():
                    self._check_header(own, header, part.headers or {})

    def _check_header(self, name: str, header: Parameter, sent: Mapping[str, str]) -> None:
        texts = {header.key: [sent[header.key]]} if header.key in sent else {}
        for error in check_parameter(header, texts)[1][:1]:
            detail = f"has the header {error.param}, which {error.detail}"
            if not texts:
                detail = f"must have the header {header.name}"
            self.errors.append(FieldError(name, detail, error.code))

    def read_styled(self) -> None:
        """Read the properties that are written as query parameters are."""
        texts = {name: [one.text for one in parts] for name, parts in self._parts.items()}
        styled = {
            name: Style(one.style, one.explode) for name, one in self._encoding.items() if one.style
        }
        for name in sorted(deep_names(iter(texts)) - styled.keys() - texts.keys()):
            if "object" in types_of(self._properties.get(name, {})):
                styled[name] = Style("deepObject", explode=True)
        for name, style in styled.items():
            known = self._properties.get(name, {})
            try:
                value = read_styled(name, texts, style, known)
            except UnreadableError as error:
                self._refuse(name, str(error))
                continue
            if value is not ABSENT:
                self.value[name] = value
            is_spread = style == Style("form", explode=True) and "object" in types_of(known)
            used = known.get("properties", ()) if is_spread else ()
            for key in list(self._parts):
                if key == name or key in used or key.startswith(f"{name}["):
                    self._parts.pop(key)

    def read_parts(self) -> None:
        """Read the other properties, each by its media type."""
        for name, parts in self._parts.items():
            known = self._properties.get(name, {})
            own = [name] if len(parts) == 1 else [f"{name}[{index}]" for index in range(len(parts))]
            for one, part in zip(own, parts, strict=True):
                self._check_type(one, part)
            if "array" not in types_of(known):
                self.value[name] = self._read(name, parts[-1], known)
                continue
            items = known.get("items", {})
            values = [
                self._read(one, part, items, is_item=True)
                for one, part in zip(own, parts, strict=True)
            ]
            # A part may be the whole array.
            is_whole = len(values) == 1 and isinstance(values[0], list)
            self.value[name] = values[0] if is_whole else values

    def _check_type(self, name: str, part: Part) -> None:
        encoding = self._encoding.get(part.name)
        if encoding is None or not encoding.content_types or part.media_type is None:
            return
        sent = essence(part.media_type)
        if not any(specificity(one, sent) for one in encoding.content_types):
            self._refuse(name, f"must be sent as {' or '.join(encoding.content_types)}")

    def _read(
        self, name: str, part: Part, known: Mapping[str, Any], *, is_item: bool = False
    ) -> Any:  # fmt: skip
        types = types_of(known)
        declared = self._encoding.get(part.name)
        own = (part.media_type,) if part.media_type else declared.content_types if declared else ()
        is_declared = any(map(is_json, own))
        if self._documents and any(map(is_xml, own)) and not {"object", "array"}.isdisjoint(types):
            try:
                return self._documents.value(name, part, is_item=is_item)
            except UnreadableError as error:
                self._refuse(name, str(error))
                return None
        if not is_declared and "object" not in types:
            return read_text(part.text, types)
        # A file is a text by its schema, whatever is in it.
        is_json_text = declared is not None and any(map(is_json, declared.content_types))
        may_be_file = "string" in types and "object" not in types and not is_json_text
        try:
            value = read_json(part.text)
        except ValueError:
            if is_declared and not may_be_file:
                self._refuse(name, "must be JSON")
            return read_text(part.text, types)
        if may_be_file and not isinstance(value, (str, list) if is_item else str):
            return part.text
        # A text that looks like JSON is a text, where it is not declared as anything else.
        return value if is_declared or isinstance(value, dict | list) else part.text

    def _refuse(self, name: str, detail: str) -> None:
        self.errors.append(FieldError(name, detail, "invalid_format"))
