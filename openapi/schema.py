"""Judging values against the contract's schemas, one line for every bad field."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from openapi.errors import ContractError
from openapi.reading import Document
from openapi.references import References, join, outline

DOCUMENT = "urn:openapi:contract"
"""The name under which the whole document is registered, so that local references resolve."""


_REMARKS = {"title", "description", "default", "example", "examples", "deprecated", "$comment"}
"""Keywords that judge nothing."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One bad field: its path (``items[0].name``), what it must be, and a machine-readable code.

    ``detail`` never repeats the value: it may be long, hostile or secret.
    """

    param: str
    detail: str
    code: str


class Schema:
    """One schema of the document, addressed by its JSON pointer and compiled once.

    Formats are asserted: a contract that calls a field a ``date-time`` means it.
    """

    def __init__(
        self,
        pointer: str,
        definition: object,
        registry: jsonschema_rs.Registry,
        resolve: Callable[[Any], Any],
    ) -> None:
        self.pointer = pointer
        self.definition: dict[str, Any] = definition if isinstance(definition, dict) else {}
        self._resolve = resolve
        try:
            validator = jsonschema_rs.Draft202012Validator(
                {"$ref": DOCUMENT + quote(pointer, safe="#/~")},
                registry=registry,
                validate_formats=True,
                mask="the value",
            )
        except jsonschema_rs.ValidationError as error:
            # Of a bad reference only the schema is known, of anything else the exact place.
            place = join("#", *error.instance_path) if error.instance_path else pointer
            raise ContractError(place, f"is no usable schema: {error.message}") from error
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            reason = f"is no usable schema: {str(error).splitlines()[0]}"
            raise ContractError(pointer, reason) from error
        self.is_valid = validator.is_valid
        self._iter_errors = validator.iter_errors

    @cached_property
    def outline(self) -> dict[str, Any]:
        """Types, items and properties, references resolved: what text is to be read as."""
        return outline(self._resolve, self.definition)

    @property
    def takes_any_text(self) -> bool:
        """Whether it says no more than that the value is a text."""
        said = set(self.definition) - _REMARKS
        return said == {"type"} and "string" in types_of(self.definition)

    def errors(self, value: object, root: str = "body") -> list[FieldError]:
        """Every bad field of ``value``, the first complaint about each; empty when it conforms.

        ``root`` names the value itself, where it is not one of its fields that is wrong.
        """
        if self.is_valid(value):
            return []
        found: dict[str, FieldError] = {}
        for error in self._iter_errors(value):
            for field in _field_errors(error, root):
                found.setdefault(field.param, field)
        return list(found.values())


def types_of(outline: Mapping[str, Any]) -> Sequence[str]:
    """The types that an outline names, one or several."""
    types: Sequence[str] = outline.get("type", ())
    return (types,) if isinstance(types, str) else types


class Schemas:
    """The schemas of one document by their JSON pointers."""

    def __init__(self, document: Document) -> None:
        self._references = References(document)
        self._registry = jsonschema_rs.Registry(resources=[(DOCUMENT, document)])
        self._compiled: dict[str, Schema] = {}

    def at(self, pointer: str) -> Schema:
        """The schema at ``pointer``, or the one that it only refers to."""
        definition, target = self._references.follow_schema(self._references.at(pointer), pointer)
        if target not in self._compiled:
            self._compiled[target] = Schema(target, definition, self._registry, self.resolve)
        return self._compiled[target]

    def resolve(self, definition: Any) -> Any:
        """What a schema that is only a reference stands for; any other is given back as it is."""
        return self._references.follow_schema(definition, "#")[0]


def _field_errors(error: ValidationError, root: str) -> Iterator[FieldError]:
    path, kind = error.instance_path, error.kind
    match kind:
        case ValidationErrorKind.Required():
            name = _field_name([*path, kind.property], root)
            yield FieldError(name, "is required", "missing_required_field")
        case (
            ValidationErrorKind.AdditionalProperties() | ValidationErrorKind.UnevaluatedProperties()
        ):
            for unexpected in kind.unexpected:
                name = _field_name([*path, unexpected], root)
                yield FieldError(name, "is not a known field", "unknown_field")
        case ValidationErrorKind.PropertyNames():
            name = _field_name([*path, str(kind.error.instance)], root)
            yield FieldError(name, "does not have a documented name", "unknown_field")
        case ValidationErrorKind.AnyOf() | ValidationErrorKind.OneOfNotValid():
            yield from _errors_of_meant(kind.context, path, root)
        case _:
            yield FieldError(_field_name(path, root), *_complaint(error))


def _errors_of_meant(
    branches: list[list[ValidationError]], path: list[str | int], root: str
) -> Iterator[FieldError]:
    """The errors of the one alternative that was meant, where that can be told."""
    meant = [branch for branch in branches if not _is_other_type(branch, path)]
    if len(meant) > 1:
        meant = [branch for branch in meant if not _is_other_kind(branch, path)]
    if len(meant) == 1:
        for cause in meant[0]:
            yield from _field_errors(cause, root)
    else:
        detail = "does not have any of the documented forms"
        yield FieldError(_field_name(path, root), detail, "invalid_value")


def _complaint(error: ValidationError) -> tuple[str, str]:
    """What the value itself must be, and the code for it."""
    match error.kind:
        case ValidationErrorKind.Type() as kind:
            names = [_TYPES[name] for name in kind.types]
            return f"must be {' or '.join(names)}", "invalid_type"
        case ValidationErrorKind.Format() as kind:
            return _FORMATS.get(
                kind.format, f"must have the format {kind.format}"
            ), "invalid_format"
        case ValidationErrorKind.Pattern() as kind:
            return f"must match the pattern {kind.pattern}", "invalid_format"
        case ValidationErrorKind.Enum() as kind:
            options = [one if isinstance(one, str) else json.dumps(one) for one in kind.options]
            detail = f"must be one of {', '.join(options)}"
        case ValidationErrorKind.OneOfMultipleValid():
            detail = "must have just one of the documented forms"
        case ValidationErrorKind.FalseSchema():
            detail = "is not allowed here"
        case _:
            detail = error.message.removeprefix("the value ")
    return detail, "invalid_value"


_TYPES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
}

_FORMATS = {
    "date-time": 'must be a date-time with an offset (RFC 3339), such as "2027-03-04T00:00:00Z"',
    "date": 'must be a date (RFC 3339), such as "2027-03-04"',
    "uuid": "must be a UUID (RFC 9562)",
    "email": "must be an e-mail address",
    "uri": "must be a URI (RFC 3986)",
    "uri-reference": "must be a URI reference (RFC 3986)",
}


def _is_other_type(branch: list[ValidationError], path: list[str | int]) -> bool:
    """Whether a branch of ``anyOf`` was not meant at all: the value is of another type."""
    return any(
        isinstance(error.kind, ValidationErrorKind.Type) and len(error.instance_path) <= len(path)
        for error in branch
    )


def _is_other_kind(branch: list[ValidationError], path: list[str | int]) -> bool:
    """Whether a branch is told apart by a constant (``kind: card``) that the value has not."""
    return any(
        isinstance(error.kind, ValidationErrorKind.Constant | ValidationErrorKind.Enum)
        and len(error.instance_path) == len(path) + 1
        for error in branch
    )


def _field_name(path: list[str | int], root: str) -> str:
    name = ""
    for step in path:
        if isinstance(step, int):
            name += f"[{step}]"
        else:
            name += f".{step}" if name else step
    if root and root != "body":
        return f"{root}{name}" if name.startswith("[") or not name else f"{root}.{name}"
    return name or root
