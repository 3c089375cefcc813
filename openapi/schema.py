"""Judging values against the contract's schemas, one line for every bad field."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from openapi.errors import ContractError

DOCUMENT = "urn:openapi:contract"
"""The name under which the whole document is registered, so that local references resolve."""


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

    def __init__(self, pointer: str, definition: object, registry: jsonschema_rs.Registry) -> None:
        self.pointer = pointer
        self.definition: dict[str, Any] = definition if isinstance(definition, dict) else {}
        try:
            validator = jsonschema_rs.Draft202012Validator(
                {"$ref": DOCUMENT + quote(pointer, safe="#/~")},
                registry=registry,
                validate_formats=True,
                mask="the value",
            )
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            raise ContractError(pointer, f"is no usable schema: {_first_line(error)}") from error
        self.is_valid = validator.is_valid
        self._iter_errors = validator.iter_errors

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


def _field_errors(error: ValidationError, root: str) -> Iterator[FieldError]:
    path, kind = error.instance_path, error.kind
    match kind:
        case ValidationErrorKind.Required():
            name = _field_name([*path, kind.property], "")
            yield FieldError(name, "is required", "missing_required_field")
        case (
            ValidationErrorKind.AdditionalProperties() | ValidationErrorKind.UnevaluatedProperties()
        ):
            for unexpected in kind.unexpected:
                name = _field_name([*path, unexpected], "")
                yield FieldError(name, "is not a known field", "unknown_field")
        case ValidationErrorKind.AnyOf() | ValidationErrorKind.OneOfNotValid():
            meant = [branch for branch in kind.context if not _is_other_type(branch, path)]
            if len(meant) == 1:
                for cause in meant[0]:
                    yield from _field_errors(cause, root)
            else:
                detail = "does not have any of the documented forms"
                yield FieldError(_field_name(path, root), detail, "invalid_value")
        case ValidationErrorKind.Type():
            detail = f"must be {' or '.join(_TYPES[name] for name in kind.types)}"
            yield FieldError(_field_name(path, root), detail, "invalid_type")
        case ValidationErrorKind.Format():
            detail = _FORMATS.get(kind.format, f"must have the format {kind.format}")
            yield FieldError(_field_name(path, root), detail, "invalid_format")
        case ValidationErrorKind.Pattern():
            detail = f"must match the pattern {kind.pattern}"
            yield FieldError(_field_name(path, root), detail, "invalid_format")
        case _:
            detail = error.message.removeprefix("the value ")
            yield FieldError(_field_name(path, root), detail, "invalid_value")


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


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
