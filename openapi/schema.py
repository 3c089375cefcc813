"""Validation of values against the contract's schemas, with one error for each invalid field."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import jsonschema_rs

from openapi.alternatives import DOCUMENT, Alternatives, compiled, compiled_within
from openapi.combinations import Combinations
from openapi.document import Document, join
from openapi.errors import ContractError
from openapi.excerpts import Excerpts
from openapi.field_errors import (
    MOST_LEVELS_OPENED,
    UNTRUE,
    FieldError,
    InvalidFields,
    detail_and_code,
    field_name,
)
from openapi.references import References, member_names, outline

_ANNOTATIONS = {"title", "description", "default", "example", "examples", "deprecated", "$comment"}
"""Keywords that assert nothing."""

_LEVELS = 3
"""How many levels of members an outline has."""


class Schema:
    """A schema of the document, identified by its JSON pointer, and compiled on first use.

    ``format`` is an assertion: a field that is declared as a ``date-time`` must be one. Whatever
    needs a schema that cannot be used raises :class:`ContractError`; ``flaw`` is one that is known
    already.
    """

    def __init__(
        self,
        pointer: str,
        definition: object,
        owner: "Schemas",
        flaw: ContractError | None = None,
    ) -> None:
        self.pointer = pointer
        self.definition: dict[str, Any] = definition if isinstance(definition, dict) else {}
        self._owner = owner
        self.flaw = flaw

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        if self.flaw:
            raise ContractError(self.flaw.place, self.flaw.reason)
        try:
            return self._owner.compiled(self)
        except ContractError as error:
            self.flaw = error
            raise

    def check(self) -> None:
        """Compile the schema; raises :class:`ContractError` where that is impossible."""
        _ = self._validator

    def compiled_part(self, definition: object) -> jsonschema_rs.Draft202012Validator:
        """Compile a schema that is made of parts of this one."""
        return compiled_within(self._owner.excerpt_for(definition), definition)

    @property
    def is_usable(self) -> bool:
        """Whether the schema can be compiled."""
        try:
            self.check()
        except ContractError:
            return False
        return True

    @cached_property
    def outline(self) -> dict[str, Any]:
        """Types, items and properties of the schema, with references resolved.

        Empty for a schema that cannot be used.
        """
        return self._outlined(_LEVELS)

    @cached_property
    def deep_outline(self) -> dict[str, Any]:
        """The outline with one level more: ``errors[0].source.pointer``."""
        return self._outlined(_LEVELS + 1)

    def _outlined(self, levels: int) -> dict[str, Any]:
        try:
            self._owner.check_combinations(self.definition, self.pointer)
            return outline(self._owner.resolve, self.definition, levels)
        except (ContractError, AttributeError, TypeError, ValueError):
            return {}

    def names(self, inside: Collection[str] = ()) -> frozenset[str]:
        """The names of the properties of the schema and of its parts, of alternatives too.

        They are also those of what is in a property that ``inside`` names in lower case.
        """
        return member_names(self._owner.resolve, self.definition, inside)

    def resolve(self, definition: Any) -> Any:
        """Resolve a schema that is only a reference; any other is returned as it is."""
        return self._owner.resolve(definition)

    @property
    def document(self) -> Document:
        """The document that it is of."""
        return self._owner.document

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

    def first_error(self, value: object) -> str:
        """The first error of an invalid value in words, and where in the value it is.

        It needs none of the work that :meth:`errors` does once for a document.
        """
        try:
            self._validator.validate(validatable(value))
        except jsonschema_rs.ValidationError as error:
            detail, _ = detail_and_code(error)
            return f"{field_name(error.instance_path, '')} {detail}".strip()
        return ""

    @cached_property
    def _alternatives(self) -> Alternatives:
        """The errors of its alternatives: made for the first value that is invalid."""
        return Alternatives(self._owner.excerpt(self.pointer))

    @cached_property
    def _place(self) -> str:
        return self._alternatives.place(self.pointer)

    def errors(self, value: object, root: str = "body") -> list[FieldError]:
        """Return the first error of each invalid field of ``value``; empty if it is valid.

        ``root`` is the field name of the value itself. Of a value of very many parts, or with very
        many errors, some errors are left out, but never all.
        """
        if self.is_valid(value):
            return []
        alternatives, place = self._alternatives, self._place
        is_large = _has_more_parts(value, _MOST_PARTS)
        # All errors of a large value take the library minutes, in which no other thread runs.
        errors_of = alternatives.first_error if is_large else alternatives.errors
        try:
            errors = errors_of(place, value)
        except ValueError:
            value = validatable(value)
            errors = errors_of(place, value)
        fields = InvalidFields(alternatives, root)
        found: dict[str, FieldError] = {}
        level = MOST_LEVELS_OPENED if is_large else 0
        for field in chain.from_iterable(fields.of(one, value, [], level) for one in errors):
            found.setdefault(field.param, field)
            if len(found) == _MOST_ERRORS:
                break
        return list(found.values()) or [FieldError(root, *UNTRUE)]


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


def is_read_only(definition: Any) -> bool:
    """Whether requests set no such value: a server may ignore it (OpenAPI 3.0.3, 4.7.24)."""
    return isinstance(definition, dict) and definition.get("readOnly") is True


class Schemas:
    """The schemas of a document by JSON pointer, each compiled on first use.

    ``view`` has what stands for a value of the document.
    """

    def __init__(self, document: Document, view: Callable[[Any], Any] = lambda node: node) -> None:
        self.document = document
        self._references = References(document, view)
        self._known: dict[str, Schema] = {}
        self._combinations = Combinations(self._references.resolve_schema)
        self.resolve = self._references.resolve_schema
        self.check_combinations = self._combinations.check
        excerpts = Excerpts(self._references)
        self.excerpt, self.excerpt_for = excerpts.of, excerpts.for_definition

    def at(self, pointer: str) -> Schema:
        """Return the schema at ``pointer``, or the one that it is only a reference to."""
        try:
            definition, target = self._references.follow(
                self._references.at(pointer), pointer, alone=True
            )
        except ContractError as error:
            return Schema(pointer, {}, self, error)
        if target not in self._known:
            self._known[target] = Schema(target, definition, self)
        return self._known[target]

    def compiled(self, schema: Schema) -> jsonschema_rs.Draft202012Validator:
        """Compile a schema; raises :class:`ContractError` where that is impossible."""
        self.check_combinations(schema.definition, schema.pointer)
        try:
            excerpt = self.excerpt(schema.pointer)
            registry = jsonschema_rs.Registry(resources=[(DOCUMENT, excerpt)])
            return compiled(schema.pointer, registry)
        except jsonschema_rs.ValidationError as error:
            # For an unresolvable reference the error has no path within the document.
            place = join("#", *error.instance_path) if error.instance_path else schema.pointer
            raise ContractError(place, f"is no usable schema: {error.message}") from error
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            reason = f"is no usable schema: {str(error).splitlines()[0]}"
            raise ContractError(schema.pointer, reason) from error
