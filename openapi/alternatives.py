"""Errors of values by a document whose alternatives and references are opened one at a time."""

from collections.abc import Iterator
from functools import cache, reduce
from operator import getitem
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from openapi.assertions import ASSERTED_FORMATS, ASSERTED_KEYWORDS
from openapi.discriminators import KEYWORDS, has_constants, last_step, property_of, values_of
from openapi.document import Document, join
from openapi.references import References, encoded

DOCUMENT = "urn:openapi:contract"
"""The URI under which the whole document is registered, so that local references resolve."""

_UNEVALUATED = (
    ValidationErrorKind.UnevaluatedProperties,
    ValidationErrorKind.UnevaluatedItems,
)

_MOST_REFERENCES = 10_000
"""References whose errors are given, for one value."""

_WITHOUT_ERRORS = {"not", "if", "contains", "propertyNames", "enum", "const"}
"""Keywords whose own error stands for all that is in them."""

_MAPS = {"properties", "patternProperties", "dependentSchemas", "$defs", "definitions", "schemas"}
"""Keywords with schemas by name: a name is no keyword."""


def compiled(pointer: str, registry: jsonschema_rs.Registry) -> jsonschema_rs.Draft202012Validator:
    """Compile the schema at a pointer of the document; its errors do not show the value."""
    return jsonschema_rs.Draft202012Validator(
        {"$ref": DOCUMENT + encoded(pointer)},
        registry=registry,
        validate_formats=True,
        formats=ASSERTED_FORMATS,
        keywords=ASSERTED_KEYWORDS,
        mask="the value",
    )


def compiled_within(
    document: Document, definition: object
) -> jsonschema_rs.Draft202012Validator:  # fmt: skip
    """Compile a schema whose references lead to places of a document."""
    return jsonschema_rs.Draft202012Validator(
        {**document, "allOf": [definition]},
        validate_formats=True,
        formats=ASSERTED_FORMATS,
        keywords=ASSERTED_KEYWORDS,
    )


Kept = TypeVar("Kept")


TYPES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
}
"""The types of JSON Schema in words."""


class Located(NamedTuple):
    """An error, and the path to what it is an error of."""

    path: tuple[str | int, ...]
    error: ValidationError


class Alternatives:
    """The schemas of a document, where ``oneOf``, ``anyOf`` and ``$ref`` have one error each.

    The library gives with it the errors of all branches, of the branches in those, and so on:
    their number is exponential in the depth of a value that a recursive schema describes. So is
    that of a schema that refers to itself twice for one member. So the errors are those of a copy
    of the document, in which ``{"if": {"oneOf": [...]}, "else": false}`` stands for ``oneOf``, and
    likewise for the others: the library asks an ``if`` only for its verdict. What is referred to
    is then asked for its errors, once for each part of a value. A *place* is a pointer in the copy.
    """

    def __init__(self, document: Document) -> None:
        self._places: dict[str, str] = {}
        self._branches: dict[str, list[str]] = {}
        self._required: dict[str, list[str]] = {}
        self._references: dict[str, str] = {}
        self._definitions: dict[str, Any] = {}
        self._choosers: dict[str, tuple[str, dict[str, str]]] = {}
        self._names: dict[str, tuple[str, list[str]]] = {}
        self._resolve = References(document).resolve_schema
        copy = self._copied(document, "#", "#")
        if self._places:
            copy = self._redirected(copy)
        self._registry = jsonschema_rs.Registry(resources=[(DOCUMENT, copy)])
        self._validator = cache(lambda place: compiled(place, self._registry))

    def place(self, pointer: str) -> str:
        """The place of what is at ``pointer`` in the document."""
        steps = pointer.split("/")
        for length in range(len(steps), 0, -1):
            moved = self._places.get("/".join(steps[:length]))
            if moved:
                return "/".join([moved, *steps[length:]])
        return pointer

    def errors(self, place: str, value: object) -> list[Located]:
        """The errors of a value by the schema at a place, those of what it refers to included.

        Raises ValueError for a value that the library does not take.
        """
        if not self._references:
            return list(self._located(place, value, ()))
        found: list[tuple[str, Located]] = []
        opened: set[tuple[str, tuple[str | int, ...]]] = set()
        failed: set[tuple[str, tuple[str | int, ...]]] = set()
        pending = [(place, self._located(place, value, ()))]
        while pending:
            around, errors = pending[-1]
            one = next(errors, None)
            if one is None:
                pending.pop()
                continue
            reference = self._of(one.error, self._references)
            if reference is None or len(opened) == _MOST_REFERENCES:
                found.append((around, one))
                continue
            failed.add((around, one.path))
            if (reference, one.path) not in opened:
                opened.add((reference, one.path))
                part, inner = reduce(getitem, one.path, value), self.place(reference)  # type: ignore[arg-type]
                pending.append((inner, self._located(inner, part, one.path)))
        # What fails in a schema would have evaluated what the library takes for unevaluated there.
        return [
            one
            for around, one in found
            if (around, one.path) not in failed or not isinstance(one.error.kind, _UNEVALUATED)
        ]

    def first_error(self, place: str, value: object) -> list[Located]:
        """The first error alone, in a list: the library finds it at once, and all only together.

        Raises ValueError for a value that the library does not take.
        """
        path: tuple[str | int, ...] = ()
        for _ in range(_MOST_REFERENCES):
            try:
                self._validator(place).validate(value)
            except ValidationError as error:
                path = (*path, *error.instance_path)
                reference = self._of(error, self._references)
                if reference is None:
                    return [Located(path, error)]
                place = self.place(reference)
                value = reduce(getitem, error.instance_path, value)  # type: ignore[arg-type]
            else:
                break
        return []

    def branches(self, error: ValidationError) -> list[str]:
        """The places of the branches, for an error of an alternative; empty for any other."""
        return self._of(error, self._branches) or []

    def required(self, places: list[str]) -> list[list[str]]:
        """The members that each branch requires; empty where a branch says anything else."""
        found = [self._required[place] for place in places if place in self._required]
        return found if len(found) == len(places) else []

    def chosen(self, error: ValidationError, value: object) -> str | None:
        """The place of the branch that the discriminator of a value names; None without one."""
        name, places = self._of(error, self._choosers) or ("", {})
        named = value.get(name) if isinstance(value, dict) else None
        return places.get(named) if isinstance(named, str) else None

    def unnamed(self, error: ValidationError, value: object) -> tuple[str, list[str]] | None:
        """The discriminator of a value that names no branch, and the names of the branches.

        None for any other value, and where the branches have constants for the discriminator.
        """
        name, names = self._of(error, self._names) or ("", [])
        is_wrong = names and isinstance(value, dict) and value.get(name, names[0]) not in names
        return (name, names) if is_wrong else None

    def form(self, place: str) -> str:
        """What a branch describes in words: its name or type, and the members that it requires."""
        definition = self._definitions[place]
        schema = self._resolve(definition)
        if not isinstance(definition, dict) or not isinstance(schema, dict):
            return "anything" if definition is True else "nothing"
        target = self._resolve({"$ref": schema["$ref"]}) if "$ref" in schema else schema
        target = target if isinstance(target, dict) else {}
        reference = definition.get("$ref", schema.get("$ref"))
        named = last_step(reference) if reference else schema.get("title")
        types = target.get("type", ["object"] if "properties" in target else [])
        types = [types] if isinstance(types, str) else types
        kind = named or " or ".join(TYPES[one] for one in types) or "a value"
        required = dict.fromkeys([*schema.get("required", ()), *target.get("required", ())])
        if named or required:
            return f"{kind} with {' and '.join(required)}" if required else str(kind)
        members = " and ".join(target.get("properties", ()))
        return f"{kind} of {members}" if members else kind

    def is_reference(self, error: ValidationError) -> bool:
        """Whether an error is that of a reference beyond those whose errors are given."""
        return self._of(error, self._references) is not None

    def _located(self, place: str, part: object, path: tuple[str | int, ...]) -> Iterator[Located]:
        for error in self._validator(place).iter_errors(part):
            yield Located((*path, *error.instance_path), error)

    @staticmethod
    def _of(error: ValidationError, places: dict[str, Kept]) -> Kept | None:
        place = (error.absolute_keyword_location or "").removeprefix(DOCUMENT)
        return places.get(place) or places.get(unquote(place))

    def _copied(self, node: Any, pointer: str, place: str, *, is_map: bool = False) -> Any:
        if isinstance(node, list):
            return [
                self._copied(one, f"{pointer}/{at}", f"{place}/{at}") for at, one in enumerate(node)
            ]
        if not isinstance(node, dict):
            return node
        copy: dict[str, Any] = {}
        moved: dict[str, Any] = {}
        for name, one in node.items():
            step = join("", name)
            if is_map:
                copy[name] = self._copied(one, pointer + step, place + step)
            elif _is_alternative(name, one) or _is_reference(name, one):
                moved[name] = one
            elif name in _WITHOUT_ERRORS:
                copy[name] = one
            else:
                copy[name] = self._copied(one, pointer + step, place + step, is_map=name in _MAPS)
        parts = copy.setdefault("allOf", []) if moved else []
        for name, inner in moved.items():
            part = f"{place}/allOf/{len(parts)}"
            if name == "$ref":
                self._references[f"{part}/else"] = unquote(inner)
            else:
                there = f"{part}/if/{name}"
                self._places[join(pointer, name)] = there
                branches = {f"{there}/{at}": one for at, one in enumerate(inner)}
                self._branches[f"{part}/else"] = list(branches)
                self._definitions |= branches
                self._note_discriminator(f"{part}/else", node, branches)
                self._required |= {
                    branch: one["required"]
                    for branch, one in branches.items()
                    if isinstance(one, dict) and one.keys() == {"required"}
                }
                inner = self._copied(inner, join(pointer, name), there)  # noqa: PLW2901
            parts.append({"if": {name: inner}, "else": False})
        return copy

    def _note_discriminator(
        self, error_place: str, node: dict[str, Any], branches: dict[str, Any]
    ) -> None:
        chooser = property_of(node)
        if chooser is None:
            return
        values = values_of(node, list(branches.values()))
        named = {value: place for place, own in zip(branches, values, strict=True) for value in own}
        self._choosers[error_place] = chooser, named
        of_objects = [one for one in branches.values() if one != {"type": "null"}]
        have_constants = any(has_constants(self._resolve, one, chooser) for one in of_objects)
        if all(values_of(node, of_objects)) and not have_constants:
            self._names[error_place] = chooser, list(named)

    def _redirected(self, node: Any) -> Any:
        """A node in which references through an alternative lead to its new place."""
        if isinstance(node, list):
            return [self._redirected(one) for one in node]
        if not isinstance(node, dict):
            return node
        copy = {name: self._redirected(one) for name, one in node.items()}
        reference = node.get("$ref")
        if isinstance(reference, str):
            place = self.place(unquote(reference))
            if place != unquote(reference):
                copy["$ref"] = encoded(place)
        return copy


def _is_alternative(name: str, value: object) -> bool:
    return name in KEYWORDS and isinstance(value, list)


def _is_reference(name: str, value: object) -> bool:
    return name == "$ref" and isinstance(value, str) and value.startswith("#/")
