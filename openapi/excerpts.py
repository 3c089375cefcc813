"""The part of a document that one schema leads to.

The library copies the document of a schema before it compiles it. The copy of a large contract
takes more memory than the contract itself, and most starts compile few of its schemas.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from openapi.document import Document, name_of
from openapi.errors import ContractError
from openapi.references import References


class Excerpts:
    """The parts of one document that its schemas lead to; they share its values."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._next: dict[str, frozenset[str]] = {}

    def of(self, pointer: str) -> Document:
        """A document with what is at a pointer, and all that this leads to, at their places.

        It is the whole document where something leads to no place of its own.
        """
        return self._excerpt({pointer})

    def for_definition(self, definition: object) -> Document:
        """A document with all that a schema leads to, which need not be in the document."""
        return self._excerpt(_references_of([definition]))

    def _excerpt(self, start: Iterable[str]) -> Document:
        pointers, pending = {*start}, [*start]
        while pending:
            found = self._references_in(pending.pop()) - pointers
            pointers |= found
            pending += found
        if _ANYWHERE in pointers:
            document: Document = self._references.at(_ANYWHERE)
            return document
        excerpt: Document = {}
        for one in sorted(pointers, key=len):  # what is around another is shorter, and has it
            self._put(excerpt, one, pointers)
        return excerpt

    def _put(self, excerpt: Document, pointer: str, pointers: set[str]) -> None:
        *above, last = pointer.split("/")
        place, around = excerpt, above[0]
        for step in above[1:]:
            around = f"{around}/{step}"
            if around in pointers:
                return
            place = place.setdefault(name_of(step), {})
        for value in self._at(pointer):
            place[name_of(last)] = value

    def _references_in(self, pointer: str) -> frozenset[str]:
        """The pointers that what is at a pointer leads to."""
        if pointer not in self._next:
            self._next[pointer] = _references_of(self._at(pointer))
        return self._next[pointer]

    def _at(self, pointer: str) -> list[Any]:
        """What is at a pointer, in a list; empty where that is nothing."""
        try:
            return [self._references.at(pointer)]
        except ContractError:
            return []


_ANYWHERE = "#"
"""The pointer to the whole document."""


def _references_of(values: list[Any]) -> frozenset[str]:
    """The pointers that references anywhere in some values lead to."""
    found: set[str] = set()
    pending = [*values]
    while pending:
        one = pending.pop()
        if isinstance(one, list):
            pending += one
        elif isinstance(one, dict):
            pending += one.values()
            if isinstance(one.get("$ref"), str):
                pointer = unquote(one["$ref"])
                if pointer.startswith("#"):
                    # A name in place of a pointer may be that of any schema.
                    found.add(pointer if pointer.startswith("#/") else _ANYWHERE)
            if "$dynamicRef" in one:
                found.add(_ANYWHERE)
    return frozenset(found)
