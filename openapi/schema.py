"""Validation of values against the contract's schemas, with one error for each invalid field."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain, islice
from operator import getitem
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from openapi.alternatives import DOCUMENT, Alternatives, Located, compiled
from openapi.document import ContractError, Document, join
from openapi.references import References, outline

_ANNOTATIONS = {"title", "description", "default", "example", "examples", "deprecated", "$comment"}
"""Keywords that assert nothing."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """An invalid field: its path (``items[0].name``), the violated rule, a machine-readable code.

    ``detail`` never contains the value, which may be long, hostile or secret.
    """

    param: str
    detail: str
    code: str


class Schema:
    """A compiled schema of the document, identified by its JSON pointer.

    ``format`` is an assertion: a field that is declared as a ``date-time`` must be one. Raises
    :class:`ContractError` for a schema that cannot be compiled.
    """

    def __init__(
        self,
        pointer: str,
        definition: object,
        registry: jsonschema_rs.Registry,
        resolve: Callable[[Any], Any],
        alternatives: Callable[[], Alternatives],
    ) -> None:
        self.pointer = pointer
        self.definition: dict[str, Any] = definition if isinstance(definition, dict) else {}
        self._resolve = resolve
        self._alternatives = alternatives
        try:
            validator = compiled(pointer, registry)
        except jsonschema_rs.ValidationError as error:
            # For an unresolvable reference the error has no path within the document.
            place = join("#", *error.instance_path) if error.instance_path else pointer
            raise ContractError(place, f"is no usable schema: {error.message}") from error
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            reason = f"is no usable schema: {str(error).splitlines()[0]}"
            raise ContractError(pointer, reason) from error
        self._validator = validator

    @cached_property
    def outline(self) -> dict[str, Any]:
        """Types, items and properties of the schema, with references resolved."""
        return outline(self._resolve, self.definition)

    @property
    def accepts_any_string(self) -> bool:
        """Whether ``type``, with string among the types, is the only assertion."""
        assertions = set(self.definition) - _ANNOTATIONS
        return assertions == {"type"} and "string" in types_of(self.definition)

    def is_valid(self, value: object) -> bool:
        """Whether a JSON value is valid."""
        try:
            return self._validator.is_valid(value)
        except ValueError:  # the library does not take the value
            return self._validator.is_valid(validatable(value))

    def errors(self, value: object, root: str = "body") -> list[FieldError]:
        """Return the first error of each invalid field of ``value``; empty if it is valid.

        ``root`` is the field name of the value itself. Of a value of very many parts, or with very
        many errors, some errors are left out, but never all.
        """
        if self.is_valid(value):
            return []
        alternatives = self._alternatives()
        place = alternatives.place(self.pointer)
        is_large = _has_more_parts(value, _MOST_PARTS)
        # All errors of a large value take the library minutes, in which no other thread runs.
        errors_of = alternatives.first_error if is_large else alternatives.errors
        try:
            errors = errors_of(place, value)
        except ValueError:
            value = validatable(value)
            errors = errors_of(place, value)
        fields = _Fields(alternatives, root)
        found: dict[str, FieldError] = {}
        level = _MOST_LEVELS_OPENED if is_large else 0
        for field in chain.from_iterable(fields.of(one, value, [], level) for one in errors):
            found.setdefault(field.param, field)
            if len(found) == _MOST_ERRORS:
                break
        return list(found.values()) or [FieldError(root, *_NO_FORM)]


_MOST_PARTS, _MOST_ERRORS = 2000, 1000
"""The parts of a value whose errors are all looked for, and the most errors of a value."""


def _has_more_parts(value: object, most: int) -> bool:
    """Whether a value has more members and items than so many, at any depth."""
    left = [value]
    while left and most >= 0:
        one = left.pop()
        if isinstance(one, dict | list):
            most -= len(one)
            left += (one.values() if isinstance(one, dict) else one) if most >= 0 else ()
    return most < 0


_MOST_LEVELS = 200
"""The levels of a value that are validated: the library refuses values of more than 255."""


def validatable(value: Any, levels: int = _MOST_LEVELS) -> Any:
    """A value as far as the library takes it: not too deep, and with texts that can be encoded."""
    if isinstance(value, dict):
        members = value.items() if levels else ()
        return {_encodable(name): validatable(one, levels - 1) for name, one in members}
    if isinstance(value, list):
        return [validatable(one, levels - 1) for one in (value if levels else ())]
    return _encodable(value) if isinstance(value, str) else value


def _encodable(text: str) -> str:
    """The text with another character for each half of one (RFC 8259 section 8.2)."""
    return text.encode("utf-8", "replace").decode()


def types_of(outline: Mapping[str, Any]) -> Sequence[str]:
    """Return the types of a schema or outline; empty where it has no ``type``."""
    types: Sequence[str] = outline.get("type", ())
    return (types,) if isinstance(types, str) else types


class Schemas:
    """The schemas of a document by JSON pointer, compiled on first use."""

    def __init__(self, document: Document) -> None:
        self._references = References(document)
        self._document = document
        self._registry = jsonschema_rs.Registry(resources=[(DOCUMENT, document)])
        self._compiled: dict[str, Schema] = {}
        self.resolve = self._references.resolve_schema

    def at(self, pointer: str) -> Schema:
        """Return the schema at ``pointer``, or the one that it is only a reference to."""
        definition, target = self._references.follow(
            self._references.at(pointer), pointer, alone=True
        )
        if target not in self._compiled:
            self._compiled[target] = Schema(
                target, definition, self._registry, self.resolve, lambda: self._alternatives
            )
        return self._compiled[target]

    @cached_property
    def _alternatives(self) -> Alternatives:
        """Made for the first value that is invalid."""
        return Alternatives(self._document)


_MOST_LEVELS_OPENED = 8
"""Alternatives in alternatives whose errors are given: each validates what is in it once more."""

_MOST_OPENED = 10_000
"""Branches whose errors are given, for one value."""

_NO_FORM = ("does not have any of the documented forms", "invalid_value")
_MANY_FORMS = ("must have just one of the documented forms", "invalid_value")


class _Fields:
    """The invalid fields of one value, by the library's errors.

    An error is that of a part of the value: ``path`` leads to the part, and the path of the error
    leads on from there. ``level`` counts the alternatives around it.
    """

    def __init__(self, alternatives: Alternatives, root: str) -> None:
        self._alternatives = alternatives
        self._root = root
        self._opened = 0

    def of(
        self, located: Located, part: object, path: list[str | int], level: int = 0
    ) -> Iterator[FieldError]:
        """Yield the invalid fields that an error stands for."""
        error = located.error
        field, kind = [*path, *located.path], error.kind
        match kind:
            case ValidationErrorKind.Required():
                name = _field_name([*field, kind.property], self._root)
                yield FieldError(name, "is required", "missing_required_field")
            case (
                ValidationErrorKind.AdditionalProperties()
                | ValidationErrorKind.UnevaluatedProperties()
            ):
                for unexpected in kind.unexpected:
                    name = _field_name([*field, unexpected], self._root)
                    yield FieldError(name, "is not a known field", "unknown_field")
            case ValidationErrorKind.PropertyNames():
                name = _field_name([*field, str(kind.error.instance)], self._root)
                yield FieldError(name, "does not have a documented name", "unknown_field")
            case ValidationErrorKind.FalseSchema() if places := self._alternatives.branches(error):
                inner = reduce(getitem, located.path, part)  # type: ignore[arg-type]
                yield from self._of_branches(places, inner, field, level)
            case ValidationErrorKind.FalseSchema() if self._alternatives.is_reference(error):
                yield FieldError(_field_name(field, self._root), *_NO_FORM)
            case _:
                yield FieldError(_field_name(field, self._root), *_detail_and_code(error))

    def _of_branches(
        self, places: list[str], part: object, path: list[str | int], level: int
    ) -> Iterator[FieldError]:
        """Yield the errors of the branch that the value matches by type and constants, if one."""
        name = _field_name(path, self._root)
        if level == _MOST_LEVELS_OPENED or self._opened + len(places) > _MOST_OPENED:
            yield FieldError(name, *_NO_FORM)
            return
        self._opened += len(places)
        branches = [self._alternatives.errors(place, part) for place in places]
        required = self._alternatives.required(places) if isinstance(part, dict) else []
        choices = [" with ".join(one) for one in required]
        if not all(branches):  # the value has several of the forms
            yield FieldError(name, *_several_forms(choices, branches))
            return
        if choices:
            yield FieldError(name, f"must have one of {_listed(choices)}", "invalid_value")
            return
        matching = [branch for branch in branches if not _is_other_type(branch)]
        if len(matching) > 1:
            matching = [branch for branch in matching if not _is_other_kind(branch)]
        if len(matching) != 1:
            yield FieldError(name, *_NO_FORM)
            return
        for cause in matching[0]:
            yield from self.of(cause, part, path, level + 1)


def _several_forms(choices: list[str], branches: list[list[Located]]) -> tuple[str, str]:
    """The detail and the code for a value that has several of the forms, each with its errors."""
    if not choices:
        return _MANY_FORMS
    given = [one for one, errors in zip(choices, branches, strict=True) if not errors]
    allowed = f"must have just one of {_listed(choices)}"
    return f"has {_listed(given)} together, and {allowed}", "invalid_value"


_MOST_LISTED = 100
_LONGEST_LIST = 4000
"""Limits on the options that a detail lists, and on their characters."""


def _detail_and_code(error: ValidationError) -> tuple[str, str]:
    """Return the detail and the code for an error of the value itself."""
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
            detail = f"must be one of {_listed(kind.options)}"
        case ValidationErrorKind.AnyOf() | ValidationErrorKind.OneOfNotValid():
            return _NO_FORM
        case ValidationErrorKind.OneOfMultipleValid():
            return _MANY_FORMS
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


def _listed(options: list[Any]) -> str:
    """The options in one line, the first of them where they are many or long."""
    shown: list[str] = []
    left = _LONGEST_LIST
    for one in islice(options, _MOST_LISTED):
        text = one if isinstance(one, str) else json.dumps(one)
        left -= len(text)
        if left < 0:
            break
        shown.append(text)
    more = len(options) - len(shown)
    return ", ".join([*shown, f"{more} more"] if shown and more else shown or [f"{more} values"])


def _is_other_type(branch: list[Located]) -> bool:
    """Whether an alternative is for values of another type."""
    return any(
        isinstance(one.error.kind, ValidationErrorKind.Type) and not one.path for one in branch
    )


def _is_other_kind(branch: list[Located]) -> bool:
    """Whether an alternative has a constant (``kind: card``) that the value differs from."""
    return any(
        isinstance(one.error.kind, ValidationErrorKind.Constant | ValidationErrorKind.Enum)
        and len(one.path) == 1
        for one in branch
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
