"""The query of a list: the parameters that say which page is asked for, and what filters."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from openapi.names import Role, begins_with_zero, first_asked, is_asked, is_shown, spelt
from openapi.operation import Operation, Parameter
from openapi.schema import types_of

_BRACKETED = re.compile(r"(?:filters?|where)\[([^\[\]]+)\](?:\[\])?", re.IGNORECASE)
"""A filter with the member that it is about: ``filter[state]``."""
_OF_SHOWING = {"fields", "include", "includes", "expand", "select"}
"""What says which members are shown, and filters by none."""
_DATE = re.compile(r"\d{4}-\d\d|\d{9,}$")
_DATES = ("2026-01-31", "2026-01-31T10:20:30Z")

Shown = Mapping[tuple[str, ...], Mapping[str, Any]]
"""The members of a page, and of the objects in it, by the members that lead to them."""

_NOTHING: Shown = {}


class Asked(NamedTuple):
    """One name in a query: the parameter that it is of, its types and its schema.

    ``member`` is the member of an object whose members have names of their own in the query, as
    ``number`` in ``page[number]``.
    """

    parameter: Parameter
    types: Sequence[str]
    schema: Mapping[str, Any]
    member: str | None = None


def asked_in(operation: Operation) -> dict[str, Asked]:
    """All names in the query of an operation."""
    return {
        name: asked
        for one in operation.parameters
        if one.location == "query"
        for name, asked in names_of(one)
    }


def names_of(parameter: Parameter) -> Iterator[tuple[str, Asked]]:
    """The names of a parameter in a query: one, or those of an object's members."""
    resolve, outline = parameter.schema.resolve, parameter.schema.outline
    schema = resolve(parameter.schema.definition)
    is_deep = parameter.style == "deepObject"
    if "object" not in parameter.types or not (is_deep or parameter.explode):
        yield parameter.name, Asked(parameter, parameter.types, schema)
        return
    members = schema.get("properties", {})
    for member, one in outline.get("properties", {}).items():
        name = f"{parameter.name}[{member}]" if is_deep else member
        yield name, Asked(parameter, types_of(one), resolve(members.get(member, {})), member)


@dataclass(frozen=True)
class PageQuery:
    """The query parameters that say which page of a list is asked for; each may be missing.

    ``cursor`` and ``before`` name the item before or behind a page, or its token. ``filters`` has
    the member that a parameter is compared with, by the name of the parameter.
    """

    names: Mapping[str, Asked]
    limit: str | None
    offset: str | None
    number: str | None
    cursor: str | None
    before: str | None
    first_number: int
    first_offset: int
    filters: Mapping[str, str]

    @property
    def is_paged(self) -> bool:
        """Whether a client can ask for another page than the first."""
        return bool(self.offset or self.number or self.cursor)

    @property
    def is_by_cursor(self) -> bool:
        """Whether only a cursor leads to other pages."""
        return bool(self.cursor) and not self.offset and not self.number

    @property
    def is_by_integer(self) -> bool:
        """Whether its cursor is an integer, as the id or the position of an item is."""
        return self.is_by_cursor and not is_text(self.names[str(self.cursor)])

    def leads_on(self, *path: str) -> bool:
        """Whether a member of a page names the next one, by its name or that of a parameter.

        So does ``next_page.offset``, and ``offset`` where that is a token.
        """
        *above, name = path
        others = (Role.PREVIOUS, Role.OWN)
        if any(is_shown(role, one) for role in others for one in above):
            return False
        return is_shown(Role.NEXT, *path) or (
            self._is_asked_by(name)
            and (_is_in(Role.NEXT, above) or bool(self.cursor and is_asked(Role.TOKEN, name)))
        )

    def leads_back(self, *path: str) -> bool:
        """Whether a member of a page names the one before: ``previous``, ``previous.offset``."""
        *above, name = path
        return is_shown(Role.PREVIOUS, *path) or (
            self._is_asked_by(name) and _is_in(Role.PREVIOUS, above)
        )

    def _is_asked_by(self, name: str) -> bool:
        """Whether a member is called as the parameter that names a page."""
        asked = (self.cursor,) if self.cursor else (self.offset, self.number)
        return any(spelt(name) == spelt(one) for one in asked if one)

    @property
    def default_limit(self) -> int | None:
        """The documented size of a page where none is asked for."""
        return self.size("default")

    @property
    def largest_limit(self) -> int | None:
        """The documented size of the largest page."""
        return self.size("maximum")

    def size(self, keyword: str) -> int | None:
        """What the contract says of the size of a page with a keyword such as ``maximum``."""
        found = self.names[self.limit].schema.get(keyword) if self.limit else None
        return found if isinstance(found, int) and found > 0 else None

    @cached_property
    def _members(self) -> Sequence[tuple[str, str, str]]:
        asked = self.names.items()
        return [(name, one.parameter.name, one.member) for name, one in asked if one.member]

    def given(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values of a request by their names in the query."""
        if not self._members:
            return parameters
        found = dict(parameters)
        for name, parameter, member in self._members:
            value = parameters.get(parameter)
            if isinstance(value, dict) and member in value:
                found[name] = value[member]
        return found


def page_query(
    operation: Operation, page: Shown = _NOTHING, members: Iterable[str] = ()
) -> PageQuery:
    """The query of a list, whose page has these members, and whose items have others."""
    names = asked_in(operation)
    numbers = [name for name, one in names.items() if {"integer", "number"} & set(one.types)]
    texts = [name for name, one in names.items() if is_text(one)]
    number, offset = first_asked(Role.NUMBER, numbers), first_asked(Role.OFFSET, numbers)
    limit = first_asked(Role.SIZE, [one for one in numbers if one not in {number, offset}])
    others = [one for one in (*texts, *numbers) if one not in {number, offset, limit}]
    before = first_asked(Role.BEFORE, others)
    others = [one for one in others if one != before]
    cursor = first_asked(Role.CURSOR, others) or first_asked(Role.NUMBER, texts)
    cursor = cursor or next((one for one in texts if _is_token(one, names[one], page)), None)
    if not (cursor or offset or number):
        # Beside a number it says how much of a page is told, as one of a few values does.
        free = [one for one in texts if one != before and "enum" not in names[one].schema]
        cursor = first_asked(Role.PAGE_INFO, free)
    is_other = bool(cursor or offset or number) or not limit
    if before and not is_other and _names_an_item(names[before], before):
        cursor, before = before, None
    own = {limit, offset, number, before, cursor}
    known = {spelt(name): name for name in members}
    return PageQuery(
        names=names,
        limit=limit,
        offset=offset,
        number=number,
        cursor=cursor,
        before=before,
        first_number=_first_number(names[number].schema, page) if number else 1,
        first_offset=_first_offset(names[offset].schema, offset) if offset else 0,
        filters={
            name: member
            for name, one in names.items()
            if name not in own and (member := _filtered(name, one, known))
        },
    )


def _filtered(name: str, asked: Asked, members: Mapping[str, str]) -> str | None:
    """The member, by its spelling, that a parameter filters by; None for any other parameter."""
    bracketed = _BRACKETED.fullmatch(name)
    if bracketed:
        return members.get(spelt(bracketed[1]))
    if asked.member is not None or not (asked.parameter.is_single or "array" in asked.types):
        return None
    if spelt(name) in _OF_SHOWING:
        return None
    # Several values may have the name of several: ``ids``.
    own = spelt(name).removesuffix("s") if "array" in asked.types else spelt(name)
    return members.get(spelt(name)) or members.get(own)


def _is_in(role: Role, above: Iterable[str]) -> bool:
    return any(is_shown(role, one) for one in above)


def _is_token(name: str, asked: Asked, page: Shown) -> bool:
    """Whether a text that is called as an offset is a token: a page has the next one as a text.

    A number in it would count the items before a page.
    """
    if not is_asked(Role.OFFSET, name) or any(str(one).isdecimal() for one in _given(asked)):
        return False
    texts = [place for place, schema in page.items() if "string" in types_of(schema)]
    is_token = is_asked(Role.TOKEN, name)
    return any(
        spelt(place[-1]) == spelt(name) and (is_token or _is_in(Role.NEXT, place[:-1]))
        for place in texts
    ) or any(
        is_shown(Role.NEXT, *place) and (is_token or _has_in_query(name, schema))
        for place, schema in page.items()
    )


def _has_in_query(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether the example of a URL has a parameter in its query."""
    example = schema.get("example", schema.get("examples", ""))
    return bool(re.search(rf"[?&]{re.escape(name)}=", str(example)))


def _given(asked: Asked) -> Sequence[object]:
    """The values that the contract has for a parameter."""
    schema = asked.schema
    return (schema.get("example"), schema.get("default"), *asked.parameter.examples)


def is_text(asked: Asked) -> bool:
    """Whether a value in a query may be a text."""
    return "string" in asked.types or not asked.types


def _names_an_item(asked: Asked, name: str) -> bool:
    """Whether a parameter alone leads to other pages, by the last item of the one before.

    So it is where the newest items come first. What may be a date is compared with those of the
    items, and a number may be a time, or a place.
    """
    schema = asked.schema
    is_date = any(_DATE.match(str(one)) for one in _given(asked)) or (
        "pattern" in schema and any(map(asked.parameter.schema.is_valid, _DATES))
    )
    is_id = not is_date and schema.get("format") in {None, "uuid"}
    return is_asked(Role.OLDER, name) and is_id and {*asked.types} <= {"string", "null"}


def _first_number(schema: Mapping[str, Any], page: Shown) -> int:
    """The number of the first page: 1, or 0 where the contract says so."""
    said = (schema.get("default"), schema.get("minimum"))
    return 0 if 0 in said or (1 not in said and begins_with_zero(name for *_, name in page)) else 1


def _first_offset(schema: Mapping[str, Any], name: str) -> int:
    """The offset of the first page: 0, or 1 where items are counted from 1, as SCIM has it.

    A place to start at begins with its minimum. What is skipped is a number of items.
    """
    is_from_one = schema.get("minimum") == 1 and spelt(name).startswith("start")
    default = schema.get("default")
    return 1 if default == 1 or (is_from_one and default != 0) else 0


def says_first_offset(name: str, asked: Asked) -> bool:
    """Whether it is known what the first item counts as: 0, but for what is called a start."""
    said = (*map(asked.schema.get, ("default", "minimum", "example")), *asked.parameter.examples)
    return not spelt(name).startswith("start") or any(one in {0, 1} for one in said)


def says_first_number(asked: Asked, page: Shown) -> bool:
    """Whether the contract says with which number the pages of a list begin."""
    schema = asked.schema
    said = (*map(schema.get, ("default", "minimum", "example")), *asked.parameter.examples)
    return not {0, 1}.isdisjoint(one for one in said if isinstance(one, int)) or begins_with_zero(
        name for *_, name in page
    )
