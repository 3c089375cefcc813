"""The texts of a made-up error that no name tells: codes by their enumerations, and free texts.

An error without an example is made of "text"; what the refusal says is put where its schema leaves
a text free, and a code is the one of its enumeration that fits the status best.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mock_server.documented.error_codes import Fault, code_of
from mock_server.documented.error_names import LISTS
from mock_server.documented.error_places import WHOLE_REQUEST, Place, put_at
from mock_server.documented.free_texts import may_be_sentence
from mock_server.exchange.problems import Problem
from openapi.field_errors import FieldError
from openapi.item_members import Members
from openapi.names import spelt
from openapi.schema import Schema

_SAYING = {"enum", "const", "pattern", "format", "example", "examples", "default"}
"""Keywords of a text that is not free."""

_MADE = re.compile("textx*")

_LEVELS = 2
"""How many levels of objects are around them: deeper ones are of other things than the error."""

_SUCCESSES = ("success", "successful", "succeeded", "issuccess", "issuccessful", "ok", "isok")
"""What a flag is called that no refusal sets."""


def told(value: Any, schema: Schema, problem: Problem, path: str) -> Any:
    """The made-up body with the problem at these places, as far as it satisfies its schema."""
    made = _MadeError(Members(schema.resolve), problem, path)
    return _put_at_all(value, schema, made.places(value, schema))


def with_codes(value: Any, schema: Schema, status: int) -> Any:
    """The made-up body of an error with the codes of its enumerations that fit its status."""
    found = _codes(Members(schema.resolve), value, schema.definition, (), Fault.of_status(status))
    return _put_at_all(value, schema, found)


def _codes(
    reader: Members, value: Any, definition: Any, path: tuple[str, ...], fault: Fault
) -> Iterator[Place]:
    """The places of codes by their enumerations, and of flags of a success."""
    for name, one, inner in _members(reader, value, definition):
        if isinstance(one, str):
            code = code_of(inner.get("enum", ()), fault, one)
            if code is not None:
                yield (*path, name), (code,)
        elif one is True and spelt(name) in _SUCCESSES:
            yield (*path, name), (False,)
        elif len(path) < _LEVELS:
            yield from _codes(reader, one, inner, (*path, name), fault)


def _members(
    reader: Members, value: Any, definition: Any
) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    if isinstance(value, dict):
        members = reader.of(definition)
        yield from ((name, one, members.get(name, {})) for name, one in value.items())


def _put_at_all(value: Any, schema: Schema, places: Iterator[Place]) -> Any:
    for place, wanted in places:
        changed = next(filter(schema.is_valid, (put_at(value, place, one) for one in wanted)), None)
        value = value if changed is None else changed
    return value


class _MadeError:
    """Finds the places in one made-up body."""

    def __init__(self, reader: Members, problem: Problem, path: str) -> None:
        self._reader = reader
        self._problem = problem
        self._path = path

    def places(self, value: Any, schema: Schema) -> Iterator[Place]:
        """The places in a body, and what to put there."""
        problem, definition = self._problem, schema.definition
        yield from _codes(self._reader, value, definition, (), Fault.of(problem, self._path))
        if isinstance(value, list):
            yield from self._list((), value, definition, is_named=True)
        yield from self._lists(value, definition, ())
        said = {problem.detail, *_sentences(problem.errors)}
        if said.isdisjoint(texts_in(value)):
            free = self._free(value, definition, ())
            said_at = (one for one in free if may_be_sentence(one[-1]))
            yield from ((one, (problem.detail,)) for one in list(said_at)[:1])

    def _free(
        self, value: Any, definition: Any, path: tuple[str, ...]
    ) -> Iterator[tuple[str, ...]]:
        """The texts that were made up, and that the schema leaves free."""
        for name, one, inner in _members(self._reader, value, definition):
            if isinstance(one, str) and _MADE.fullmatch(one) and not _SAYING & inner.keys():
                yield (*path, name)
            elif isinstance(one, dict) and len(path) < _LEVELS:
                yield from self._free(one, inner, (*path, name))

    def _lists(self, value: Any, definition: Any, path: tuple[str, ...]) -> Iterator[Place]:
        """Lists of objects: one for each bad field, and none where no field is at fault."""
        for name, one, inner in _members(self._reader, value, definition):
            if isinstance(one, dict) and len(path) < _LEVELS:
                yield from self._lists(one, inner, (*path, name))
            elif isinstance(one, list):
                is_named = spelt(name) in LISTS
                yield from self._list((*path, name), one, inner, is_named=is_named)

    def _list(
        self, path: tuple[str, ...], value: list[Any], definition: Any, *, is_named: bool
    ) -> Iterator[Place]:
        if not value or not all(isinstance(item, dict) for item in value):
            return
        form, errors = self._reader.items(definition), self._problem.errors
        if not is_named and not any(self._free(value[0], form, ())):
            return
        items = value if is_named else [value[0]] * len(errors)
        whole = FieldError(WHOLE_REQUEST, self._problem.detail, self._problem.code)
        errors = errors or [whole] * len(items)
        if len(items) == len(errors):
            pairs = zip(items, errors, strict=True)
            items = [self._item(item, form, error) for item, error in pairs]
        elif is_named:
            items = [self._coded(item, form, whole) for item in items]
        yield path, (items,)

    def _item(self, item: Any, form: Any, error: FieldError) -> Any:
        """An item of a list, with one bad field at its first free text and its last."""
        item = self._coded(item, form, error)
        free = [*self._free(item, form, ())]
        texts = {*texts_in(item)}
        if free and texts.isdisjoint({error.detail, *_sentences([error])}):
            sentences = [one for one in free if may_be_sentence(one[-1])]
            place = (sentences or free)[-1]
            free.remove(place)
            has_field = bool(free) or error.param in texts
            item = put_at(item, place, error.detail if has_field else _sentences([error])[0])
            if free and error.param not in texts:
                item = put_at(item, free[0], error.param)
        return item

    def _coded(self, item: Any, form: Any, error: FieldError) -> Any:
        fault = Fault.of(self._problem, self._path, error)
        for place, wanted in _codes(self._reader, item, form, (), fault):
            item = put_at(item, place, wanted[0])
        return item


def _sentences(errors: Sequence[FieldError]) -> list[str]:
    return [f"{one.param} {one.detail}" for one in errors]


def placed_texts(
    value: Any, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:  # fmt: skip
    """The texts in the objects of a body, each with the names that lead to it."""
    for name, one in value.items() if isinstance(value, dict) else ():
        if isinstance(one, str):
            yield (*path, name), one
        elif len(path) < _LEVELS:
            yield from placed_texts(one, (*path, name))


def texts_in(value: Any) -> Iterator[str]:
    """The texts in a body or an example."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_in(one)
    elif isinstance(value, str):
        yield value
