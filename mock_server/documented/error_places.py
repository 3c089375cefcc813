"""The places of an error body for the detail, the field and the status of a refusal.

Contracts name these as they like: ``error_names`` has the names in use. A body keeps what it has at
all other places, and at each of these where the schema allows nothing else.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from copy import deepcopy
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from mock_server.documented.error_maps import is_map, maps_of
from mock_server.documented.error_names import (
    CODES,
    DETAILS,
    FIELD_LISTS,
    FIELDS,
    LISTS,
    SECOND_DETAILS,
    SECOND_FIELDS,
    STATUSES,
    TAKEN,
)
from mock_server.documented.free_texts import reason_in, text_of
from mock_server.exchange.problems import Problem
from mock_server.partners.clock import timestamp
from openapi.names import spelt
from openapi.schema import Schema, types_of

_MOST_DEPTH = 6

_PLAIN_TEXT = "text"
"""What a generated text is, where its schema allows any."""

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:")

_Path = tuple[str, ...]

Place = tuple[_Path, tuple[Any, ...]]
"""A path in a body, and what to put there, the best first."""

_REMOVED = object()
"""What is put at a place that is to be left out."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """What there is to say at one level of a body: of the whole request, or of one field."""

    detail: str
    field: str | None
    code: str
    status: int
    path: str
    now: float
    items: Sequence["_Refused"] = ()
    is_item: bool = False
    location: str = ""
    """The location of the parameter at fault; empty for a field of the body."""
    keeps_reason: bool = False
    """Whether a text of an example stays that only its place tells to be the reason."""
    keeps_code: bool = False
    """Whether a made-up code stays, as that of an enumeration."""
    keeps_detail: bool = False
    """Whether a made-up detail stays, where it is a code."""
    is_told: bool = False
    """Whether the body has a place for the detail around this level."""

    @classmethod
    def of(cls, problem: Problem, path: str, now: float) -> "_Refused":
        """What a problem says."""
        items = [
            cls(
                *(one.detail, one.param, one.code, problem.status, path, now),
                is_item=True,
                location=one.location,
            )
            for one in problem.errors
        ]
        own = problem.detail, problem.param, problem.code, problem.status, path, now, items
        return cls(*own, location=problem.location)

    @property
    def fields(self) -> set[str]:
        """The names of all fields at fault."""
        return {one.field for one in self.items if one.field}

    def is_field(self, plain: str) -> bool:
        """Whether a name is one for the field at this level."""
        return plain in FIELDS or (self.is_item and plain in SECOND_FIELDS)


def filled(
    value: Any, schema: Schema | None, problem: Problem, path: str, now: float, *, is_example: bool
) -> Any:
    """The body with the problem at its places, as far as it satisfies its schema."""
    refused = _Refused.of(problem, path, now)
    outline = schema.deep_outline if schema else {}
    for place, wanted in [*_Places(is_example=is_example).of(value, outline, refused)]:
        for one in wanted:
            changed = put_at(value, place, one)
            if schema is None or schema.is_valid(changed):
                value = changed
                break
    return value


class _Places:
    """Finds the places in one body; ``is_example`` says that it is one, and no generated data."""

    def __init__(self, *, is_example: bool) -> None:
        self._is_example = is_example

    def of(
        self, value: Any, outline: Mapping[str, Any], refused: _Refused, path: _Path = ()
    ) -> Iterator[Place]:
        """The places in a value of the body."""
        if len(path) > _MOST_DEPTH:
            return
        if isinstance(value, str) and not path:
            yield path, (refused.detail,)
        elif isinstance(value, list):
            yield from self._of_list(value, outline.get("items", {}), refused, path)
        elif isinstance(value, dict) and not path and self._is_map("", value, outline, refused):
            yield self._of_map(value, outline, refused, path)
        elif isinstance(value, dict):
            members = outline.get("properties", {})
            details = _details(value, members) or self._reason(value, members, refused, path)
            for name in () if refused.keeps_detail else details:
                yield (*path, name), (refused.detail,)
            source = _source({*map(spelt, (*value, *members))}, refused)
            within = replace(refused, is_told=True) if details else refused
            for name, one in value.items():
                plain = spelt(name)
                if wanted := _at_field(plain, one, source, refused, has_detail=bool(details)):
                    yield (*path, name), wanted
                elif name not in details:
                    inner = members.get(name, {})
                    yield from self._of_member(name, one, inner, within, (*path, name))
            yield from self._of_missing(value, members, refused, path, source)

    def _reason(
        self,
        value: Mapping[str, Any],
        members: Mapping[str, Any],
        refused: _Refused,
        path: _Path,
    ) -> list[str]:
        """The name for the detail beside the field, or in an item: it may be any name."""
        names = {*map(spelt, value)}
        has_better = not {*map(spelt, members)}.isdisjoint(DETAILS)
        if not self._is_example or refused.keeps_reason or has_better:
            return []
        is_named = any(map(refused.is_field, names)) or (not path and "source" in names)
        if not is_named and (path or not refused.is_item):
            return []
        others = {
            name: one
            for name, one in value.items()
            if not refused.is_field(plain := spelt(name)) and plain not in (*CODES, *STATUSES)
        }
        found = reason_in(others, is_named=is_named)
        return [found] if found else []

    def _of_member(
        self, name: str, value: Any, outline: Mapping[str, Any], refused: _Refused, place: _Path
    ) -> Iterator[Place]:
        plain = spelt(name)
        match value:
            case str():
                yield from self._of_text(plain, value, refused, place)
            case bool():
                pass
            case int():
                is_status = not self._is_example or value in range(100, 600)
                if plain in STATUSES and is_status:
                    yield place, (refused.status,)
            case list() if refused.is_field(plain):
                steps = None if refused.field is None else _steps(refused.field, outline)
                yield place, (_REMOVED if steps is None else steps,)
            case list() if plain in LISTS:
                yield from self.of(value, outline, refused, place)
            case dict() if self._is_map(plain, value, outline, refused):
                yield self._of_map(value, outline, refused, place)
            case dict() if plain in DETAILS and (words := text_of(value)):
                yield (*place, words), (refused.detail,)
            case dict():
                yield from self.of(value, outline, refused, place)

    @staticmethod
    def _is_map(
        plain: str, value: Mapping[str, Any], outline: Mapping[str, Any], refused: _Refused
    ) -> bool:
        """Whether an object is a map: by its name, as all of a body, or by its lists of texts.

        All of a body has no name.
        """
        others = outline.get("additionalProperties", {})
        is_told = bool(others or outline.get("properties"))
        is_told = is_told or any(isinstance(one, list) for one in value.values())
        has_texts = "string" in types_of(others.get("items", {}))
        is_named = plain in LISTS or has_texts or (is_told and not plain)
        return is_named and is_map(value, outline, refused.fields, TAKEN)

    def _of_map(
        self, value: Any, outline: Mapping[str, Any], refused: _Refused, path: _Path
    ) -> Place:
        """An object with what is wrong with each field; in a body it may have nothing."""
        whole = replace(refused, items=(), is_item=True)
        wrong = refused.items or ([] if path else [whole])
        keeping = [replace(one, keeps_reason=True) for one in wrong]
        found = (
            one for items in (wrong, keeping) for one in maps_of(value, outline, items, self._item)
        )
        return path, (*found, {}) if path else (*found,)

    def _of_text(self, plain: str, text: str, refused: _Refused, place: _Path) -> Iterator[Place]:
        is_path = plain == "path" and not refused.is_item
        if plain == "instance" or (is_path and (text[:1] == "/" or not self._is_example)):
            yield place, (refused.path,)
        elif refused.is_field(plain):
            # Without a field, that of an example is another request's.
            left = (_REMOVED,) if self._is_example else (_REMOVED, None, _as_field(plain, ""))
            yield place, left if refused.field is None else (_as_field(plain, refused.field),)
        elif self._is_status(plain, text):
            yield place, (str(refused.status),)
        elif not self._is_example and plain in CODES and not refused.keeps_code:
            spellings = (refused.code, refused.code.upper(), refused.code.replace("_", "-"))
            yield place, spellings
        elif not self._is_example and plain in SECOND_DETAILS:
            yield place, (HTTPStatus(refused.status).phrase,)
        elif not self._is_example and _DATE_TIME.match(text):
            yield place, (timestamp(refused.now),)

    def _is_status(self, plain: str, text: str) -> bool:
        """Whether a text is a status, or has the place of one and says nothing."""
        if plain in STATUSES and re.fullmatch(r"[1-5]\d\d", text):
            return True
        return "status" in plain and not self._is_example and text == _PLAIN_TEXT

    def _of_list(
        self, value: Sequence[Any], outline: Mapping[str, Any], refused: _Refused, path: _Path
    ) -> Iterator[Place]:
        """A list with one item for each bad field, in the form of its first item."""
        form = value[0] if value else {}
        if isinstance(form, dict) and is_map(form, outline, refused.fields, TAKEN):
            wrong = refused.items or (replace(refused, items=(), is_item=True),)
            found = [next(maps_of(form, outline, [one], self._item)) for one in wrong]
            yield path, (found, found[:1])
        elif isinstance(form, str) or (not value and "string" in types_of(outline)):
            yield path, (_sentences(refused), _sentences(refused)[:1])
        elif isinstance(form, dict):
            whole = replace(refused, items=(), is_item=True)
            wrong = refused.items or (whole,)
            keeping = [replace(one, keeps_reason=True) for one in wrong]
            closed = [replace(one, keeps_code=True) for one in wrong]
            named_only = [replace(one, keeps_detail=True) for one in closed]
            tried = (wrong, keeping, closed, named_only)
            lists = [[self._item(form, outline, one) for one in some] for some in tried]
            others: list[Any] = [one[:1] for one in lists]
            if not refused.items:
                # The form may need a field, and the request has none that is at fault.
                says_nothing = ({},) if self._is_example else ({}, form)
                lists = [one for one in lists if not any(item in says_nothing for item in one)]
                # A made-up code may be one of an enumeration, as in these.
                unnamed = [replace(one, field="") for one in (*wrong, *closed, *named_only)]
                named = [[self._item(form, outline, one)] for one in unnamed]
                others = [[], _REMOVED, *named] if refused.is_told else [*named, []]
            yield path, (*lists, *others)

    def _item(self, form: Any, outline: Mapping[str, Any], one: _Refused) -> Any:
        item = deepcopy(form)
        places = [*self.of(item, outline, one)]
        names = [spelt(str(place[-1])) for place, _ in places if place]
        is_sentence = one.detail[:1].isupper()
        if one.field and not is_sentence and not any(map(one.is_field, names)):
            # There is no other place for the field.
            places = [*self.of(item, outline, replace(one, detail=f"{one.field} {one.detail}"))]
        for place, wanted in places:
            item = put_at(item, place, wanted[0])
        return item

    def _of_missing(
        self,
        value: Mapping[str, Any],
        members: Mapping[str, Any],
        refused: _Refused,
        path: _Path,
        source: str | None,
    ) -> Iterator[Place]:
        """The places that the schema has, and the body leaves out."""
        held = set(map(spelt, value))
        places: list[tuple[Sequence[str], str | None]] = [
            (DETAILS, refused.detail),
            ((source,) if source else FIELDS, refused.field),
        ]
        if not value:
            places.append((CODES, refused.code))
        for names, wanted in places:
            if wanted is None or not held.isdisjoint(names):
                continue
            for name, outline in members.items():
                plain = spelt(name)
                if plain in names and "string" in types_of(outline):
                    yield (*path, name), (_as_field(plain, wanted),)
                    break
        if refused.items and held.isdisjoint(LISTS):
            for name, outline in members.items():
                if spelt(name) in LISTS and "array" in types_of(outline):
                    yield from self._of_list([], outline.get("items", {}), refused, (*path, name))
                    break


def _source(names: AbstractSet[str], refused: _Refused) -> str | None:
    """The name for the field among those of the parts of a request (``source`` of JSON:API).

    None where the names tell no such parts apart.
    """
    others = names & {*_SOURCES[1:]}
    if "pointer" not in names or not others:
        return None
    if not refused.location:
        return "pointer"
    return "header" if "header" in others & {refused.location} else "parameter"


_SOURCES = ("pointer", "parameter", "header")


def _at_field(
    plain: str, value: Any, source: str | None, refused: _Refused, *, has_detail: bool
) -> tuple[Any, ...]:
    """What a member has whose name says that it tells the fields; nothing for any other."""
    if source and plain in _SOURCES and isinstance(value, str):
        return (_at_source(plain, source, refused),)
    if has_detail and plain in FIELD_LISTS and _has_texts(value):
        return (_fields_at_fault(refused), _REMOVED, [WHOLE_REQUEST])
    return ()


def _at_source(plain: str, source: str, refused: _Refused) -> Any:
    if plain != source or refused.field is None:
        return _REMOVED
    return _as_field(plain, refused.field)


def _details(value: Mapping[str, Any], members: Mapping[str, Any]) -> list[str]:
    """The names for the detail that hold a text, or else one of the second choice."""
    held = {spelt(name): name for name, one in value.items() if isinstance(one, str)}
    names = [held[one] for one in DETAILS if one in held]
    has_better = any(
        spelt(name) in DETAILS and "string" in types_of(one) for name, one in members.items()
    )
    return names or [held[one] for one in SECOND_DETAILS if one in held and not has_better][:1]


def _has_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _fields_at_fault(refused: _Refused) -> list[str]:
    named = (one.field for one in refused.items or (refused,))
    return list(dict.fromkeys(one for one in named if one))


def _steps(field: str, outline: Mapping[str, Any]) -> list[str | int]:
    """The names and positions that lead to a field, where a list has its place."""
    takes_numbers = "integer" in types_of(outline.get("items", {}))
    parts = re.findall(r"[^.\[\]]+", field)
    return [int(one) if takes_numbers and one.isdecimal() else one for one in parts]


def _sentences(refused: _Refused) -> list[str]:
    return [f"{one.field} {one.detail}" for one in refused.items] or [refused.detail]


WHOLE_REQUEST = "request"
"""What stands for the field where one must be named, and none is at fault."""


def _as_field(plain: str, field: str) -> str:
    """A field as a JSON pointer, where the place is for one (RFC 6901); that of none is empty."""
    if plain != "pointer":
        return field or WHOLE_REQUEST
    if not field:
        return field
    return "/" + re.sub(r"\[(\d+)\]", r".\1", field).lstrip(".").replace(".", "/")


def put_at(value: Any, path: _Path, wanted: Any) -> Any:
    """A copy of a body with something else at one place."""
    if not path:
        return wanted
    changed = value.copy()
    first, *rest = path
    if rest:
        changed[first] = put_at(changed[first], tuple(rest), wanted)
    elif wanted is _REMOVED:
        changed.pop(first, None)
    else:
        changed[first] = wanted
    return changed
