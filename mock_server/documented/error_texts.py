"""The texts of a made-up error that no name tells: codes by their enumerations, and free texts.

An error without an example is made of "text"; what the refusal says is put where its schema leaves
a text free, and a code is the one of its enumeration that fits the status best.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

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

_OF_STATUS: Mapping[int, Sequence[str]] = {
    400: ("badrequest", "malformed", "request", "argument", "bad", "valid", "unfit", "unprocess"),
    401: ("unauth", "authenticat", "token", "credential", "login", "signin"),
    403: ("forbidden", "permission", "denied", "scope"),
    404: ("notfound", "nothing", "unknown", "missing", "nosuch", "notexist", "absent"),
    405: ("method",),
    406: ("accept",),
    409: ("conflict", "duplicate", "already", "exist", "taken"),
    410: ("gone", "notfound", "nothing"),
    413: ("large", "size"),
    415: ("media", "contenttype"),
    422: ("valid", "unfit", "unprocess", "semantic", "argument"),
    429: ("toomany", "rate", "throttl", "quota"),
    500: ("internal", "unexpected", "server"),
    503: ("unavailable", "overload", "busy"),
}
"""What is in the codes that APIs have for a status, without underscores."""

_OF_CLIENT = ("invalidrequest", "badrequest", "requesterror", "client")
"""What is in a code for all that a client does wrong."""

_OF_SIGNING_IN = ("invalidclient", "unauthorizedclient")
"""Codes of RFC 6749, section 5.2, for a client that has not shown who it is."""

_FAILURES = ("failure", "failed", "fail", "error")
"""What an outcome is called that is none of success."""

_SUCCESSES = ("success", "successful", "succeeded", "issuccess", "issuccessful", "ok", "isok")
"""What a flag is called that no refusal sets."""

_GENERAL = {"not", "invalid", "missing", "required", "field", "error", "too", "is"}
"""Words of the mock's codes that are in others of another meaning."""


def told(value: Any, schema: Schema, problem: Problem) -> Any:
    """The made-up body with the problem at these places, as far as it satisfies its schema."""
    for place, wanted in _MadeError(Members(schema.resolve), problem).places(value, schema):
        changed = next(filter(schema.is_valid, (put_at(value, place, one) for one in wanted)), None)
        value = value if changed is None else changed
    return value


class _MadeError:
    """Finds the places in one made-up body."""

    def __init__(self, reader: Members, problem: Problem) -> None:
        self._reader = reader
        self._problem = problem

    def places(self, value: Any, schema: Schema) -> Iterator[Place]:
        """The places in a body, and what to put there."""
        problem, definition = self._problem, schema.definition
        yield from self._codes(value, definition, ())
        if isinstance(value, list):
            yield from self._list((), value, definition, is_named=True)
        yield from self._lists(value, definition, ())
        said = {problem.detail, *_sentences(problem.errors)}
        if said.isdisjoint(texts_in(value)):
            free = self._free(value, definition, ())
            said_at = (one for one in free if may_be_sentence(one[-1]))
            yield from ((one, (problem.detail,)) for one in list(said_at)[:1])

    def _codes(self, value: Any, definition: Any, path: tuple[str, ...]) -> Iterator[Place]:
        for name, one, inner in self._members(value, definition):
            if isinstance(one, str):
                code = _code(inner.get("enum", ()), self._problem)
                if code is not None:
                    yield (*path, name), (code,)
            elif one is True and spelt(name) in _SUCCESSES:
                yield (*path, name), (False,)
            elif len(path) < _LEVELS:
                yield from self._codes(one, inner, (*path, name))

    def _free(
        self, value: Any, definition: Any, path: tuple[str, ...]
    ) -> Iterator[tuple[str, ...]]:
        """The texts that were made up, and that the schema leaves free."""
        for name, one, inner in self._members(value, definition):
            if isinstance(one, str) and _MADE.fullmatch(one) and not _SAYING & inner.keys():
                yield (*path, name)
            elif isinstance(one, dict) and len(path) < _LEVELS:
                yield from self._free(one, inner, (*path, name))

    def _lists(self, value: Any, definition: Any, path: tuple[str, ...]) -> Iterator[Place]:
        """Lists of objects: one for each bad field, and none where no field is at fault."""
        for name, one, inner in self._members(value, definition):
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
            items = [self._coded(item, form) for item in items]
        yield path, (items,)

    def _item(self, item: Any, form: Any, error: FieldError) -> Any:
        """An item of a list, with one bad field at its first free text and its last."""
        item = self._coded(item, form)
        free = [*self._free(item, form, ())]
        texts = {*texts_in(item)}
        if free and texts.isdisjoint({error.detail, *_sentences([error])}):
            place = free.pop()
            has_field = bool(free) or error.param in texts
            item = put_at(item, place, error.detail if has_field else _sentences([error])[0])
            if free and error.param not in texts:
                item = put_at(item, free[0], error.param)
        return item

    def _coded(self, item: Any, form: Any) -> Any:
        for place, wanted in self._codes(item, form, ()):
            item = put_at(item, place, wanted[0])
        return item

    def _members(self, value: Any, definition: Any) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
        if isinstance(value, dict):
            members = self._reader.of(definition)
            yield from ((name, one, members.get(name, {})) for name, one in value.items())


_PHRASES = {spelt(one.phrase) for one in HTTPStatus if one >= HTTPStatus.BAD_REQUEST}


def _code(options: Sequence[Any], problem: Problem) -> str | None:
    """The option that fits a problem best; None where none is of it."""
    is_of_token = problem.status == HTTPStatus.UNAUTHORIZED
    texts = {one: plain for one in options if isinstance(one, str)
             if (plain := spelt(one)) not in _OF_SIGNING_IN or is_of_token}  # fmt: skip
    for exact in (problem.code, HTTPStatus(problem.status).phrase):
        for one, plain in texts.items():
            if plain == spelt(exact):
                return one
    own = {*problem.code.split("_")} - _GENERAL
    parts = _OF_STATUS.get(problem.status, ())

    def fitness(one: str) -> int:
        plain = texts[one]
        # A word of the problem may be in what is called as another status is.
        words = own if plain not in _PHRASES else ()
        return 2 * sum(word in plain for word in words) + sum(part in plain for part in parts)

    best = max(texts, key=fitness, default=None)
    if best is not None and fitness(best):
        return best
    if problem.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        named = (one for word in _OF_CLIENT for one, plain in texts.items() if word in plain)
        if (of_client := next(named, None)) is not None:
            return of_client
    return next((one for one, plain in texts.items() if plain in _FAILURES), None)


def _sentences(errors: Sequence[FieldError]) -> list[str]:
    return [f"{one.param} {one.detail}" for one in errors]


def texts_in(value: Any) -> Iterator[str]:
    """The texts in a body or an example."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_in(one)
    elif isinstance(value, str):
        yield value
