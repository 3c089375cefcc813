"""Errors of values by a document whose alternatives are opened one at a time."""

from functools import cache
from typing import Any
from urllib.parse import quote, unquote

import jsonschema_rs
from jsonschema_rs import ValidationError

from openapi.document import Document, join

DOCUMENT = "urn:openapi:contract"
"""The URI under which the whole document is registered, so that local references resolve."""

_KEYWORDS = ("oneOf", "anyOf")

_WITHOUT_ERRORS = {"not", "if", "contains", "propertyNames", "enum", "const"}
"""Keywords whose own error stands for all that is in them."""

_MAPS = {"properties", "patternProperties", "dependentSchemas", "$defs", "definitions", "schemas"}
"""Keywords with schemas by name: a name is no keyword."""


def compiled(pointer: str, registry: jsonschema_rs.Registry) -> jsonschema_rs.Draft202012Validator:
    """Compile the schema at a pointer of the document; its errors do not show the value."""
    return jsonschema_rs.Draft202012Validator(
        {"$ref": DOCUMENT + quote(pointer, safe="#/~")},
        registry=registry,
        validate_formats=True,
        mask="the value",
    )


class Alternatives:
    """The schemas of a document, where ``oneOf`` and ``anyOf`` have one error each.

    The library gives with it the errors of all branches, of the branches in those, and so on:
    their number is exponential in the depth of a value that a recursive schema describes. So the
    errors are those of a copy of the document, in which ``{"if": {"oneOf": [...]}, "else": false}``
    stands for ``oneOf``: the library asks an ``if`` only for its verdict. A *place* is a pointer
    in the copy.
    """

    def __init__(self, document: Document) -> None:
        self._places: dict[str, str] = {}
        self._branches: dict[str, list[str]] = {}
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

    def errors(self, place: str, value: object) -> list[ValidationError]:
        """The errors of a value by the schema at a place.

        Raises ValueError for a value that the library does not take.
        """
        return list(self._validator(place).iter_errors(value))

    def branches(self, error: ValidationError) -> list[str]:
        """The places of the branches, for an error of an alternative; empty for any other."""
        place = (error.absolute_keyword_location or "").removeprefix(DOCUMENT)
        return self._branches.get(place) or self._branches.get(unquote(place), [])

    def _copied(self, node: Any, pointer: str, place: str, *, is_map: bool = False) -> Any:
        if isinstance(node, list):
            return [
                self._copied(one, f"{pointer}/{at}", f"{place}/{at}") for at, one in enumerate(node)
            ]
        if not isinstance(node, dict):
            return node
        copy: dict[str, Any] = {}
        moved: dict[str, list[Any]] = {}
        for name, one in node.items():
            step = join("", name)
            if is_map:
                copy[name] = self._copied(one, pointer + step, place + step)
            elif name in _KEYWORDS and isinstance(one, list):
                moved[name] = one
            elif name in _WITHOUT_ERRORS:
                copy[name] = one
            else:
                copy[name] = self._copied(one, pointer + step, place + step, is_map=name in _MAPS)
        parts = copy.setdefault("allOf", []) if moved else []
        for name, branches in moved.items():
            part = f"{place}/allOf/{len(parts)}"
            there = f"{part}/if/{name}"
            self._places[join(pointer, name)] = there
            self._branches[f"{part}/else"] = [f"{there}/{at}" for at in range(len(branches))]
            inner = self._copied(branches, join(pointer, name), there)
            parts.append({"if": {name: inner}, "else": False})
        return copy

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
                copy["$ref"] = quote(place, safe="#/~")
        return copy
