"""Pages of a list: how a contract asks for them, and where it has their items and the next one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from openapi.operation import Operation
from openapi.schema import types_of


class Paging(StrEnum):
    """What names the page that a request asks for."""

    AFTER = "the id of the item before it"
    TOKEN = "a token in the page before it"  # noqa: S105 - no secret
    OFFSET = "the number of items before it"
    NUMBER = "its number"
    WHOLE = "nothing: a list is one page"


@dataclass(frozen=True, slots=True)
class PageMembers:
    """The names in a list operation: its query parameters, and the members of a page.

    ``cursor`` is the parameter that names the page as ``paging`` says, ``limit`` the one for its
    size, ``next`` the member with the token of the next page, and ``total`` that with the number of
    all items. Each is empty where there is none, and so is ``items`` where a page is an array.
    A member of an object in the page is written ``meta.total``.
    """

    items: str
    has_more: str
    cursor: str
    limit: str
    paging: Paging = Paging.AFTER
    next: str = ""
    total: str = ""
    first: int = 0
    """The number of the first page."""

    @property
    def is_counted(self) -> bool:
        """Whether pages are named by a count: an item is on another one when others come or go."""
        return self.paging in {Paging.OFFSET, Paging.NUMBER}


@cache
def page_members(operation: Operation) -> PageMembers | None:
    """The names in a list operation; None where the operation gives no list.

    A list is a GET whose answer is an array, or has one.
    """
    schema = success_schema(operation) if operation.method == "GET" else None
    if schema is None or (operation.path.endswith("}") and "array" not in types_of(schema)):
        return None
    members = dict(_members(schema))
    items = "" if "array" in types_of(schema) else _items_of(members)
    if items is None:
        return None
    query = {one.name: one.types for one in operation.parameters if one.location == "query"}
    numbers = [name for name, types in query.items() if "integer" in types]
    offset, number = _first(numbers, _OFFSET), _first(numbers, _NUMBER)
    sizes = [name for name in numbers if name not in {offset, number}]
    limit = _first(sizes, _SIZE) or next(iter(sizes), "")
    texts = [name for name, types in query.items() if "string" in types]
    after, token = _first(texts, _AFTER), _first(texts, _TOKEN)
    nexts = _first([one for one in _of_type(members, "string") if not _BACK.search(one)], _NEXT)
    flags = list(_of_type(members, "boolean"))
    more = _first(flags, _MORE)
    total = _first(list(_of_type(members, "integer")), _TOTAL)
    own = [one for one in flags if "." not in one]
    if nexts and (token or after):
        return PageMembers(items, more, token or after, limit, Paging.TOKEN, nexts)
    if after:
        return PageMembers(items, more or next(iter(own), ""), after, limit)
    if offset or number:
        paging = Paging.OFFSET if offset else Paging.NUMBER
        first = 0 if offset else _first_page(operation, number)
        return PageMembers(items, more, offset or number, limit, paging, nexts, total, first)
    return PageMembers(items, "", "", "", Paging.WHOLE)


def _first_page(operation: Operation, parameter: str) -> int:
    """The number of the first page: 1, or 0 where the contract says so."""
    [schema] = [one.schema for one in operation.parameters if one.name == parameter]
    return 0 if 0 in map(schema.definition.get, ("minimum", "default")) else 1


_OFFSET = re.compile(r"(^|_)(offset|skip|start|start_?(index|at))$")
_NUMBER = re.compile(r"(^|_)page(_?(number|no|num|index))?$")
_SIZE = re.compile(r"limit|size|per_?page|count|max|top|take|rows|first")
_AFTER = re.compile(r"after|cursor")
_TOKEN = re.compile(r"token|cursor|continu|marker|^page$|(^|_)next(_|$)")
_NEXT = re.compile(r"(^|[_.])next|token$|cursor$|continu|marker")
_BACK = re.compile(r"prev|before|self|first|last|start", re.IGNORECASE)
_MORE = re.compile(r"more|has_?next|truncated|incomplete")
_TOTAL = re.compile(r"total(_?(count|items|results|records|elements))?$|^count$|\.count$")


def snake(name: str) -> str:
    """A name in lower case, its words with an underscore between them: ``page_size``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9.]+", "_", words.lower()).strip("_")


def _first(names: Sequence[str], pattern: re.Pattern[str]) -> str:
    return next((one for one in names if pattern.search(snake(one))), "")


def success_schema(operation: Operation) -> Mapping[str, Any] | None:
    """The outline of the JSON that an operation answers with; None without any."""
    response = operation.response(operation.success_status)
    media_type = response.json_content if response else None
    return media_type.schema.outline if media_type and media_type.schema else None


def _members(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The members of a page by name, and those of the objects in it."""
    for name, one in schema.get("properties", {}).items():
        yield name, one
        for inner, of_inner in one.get("properties", {}).items():
            yield f"{name}.{inner}", of_inner


def _items_of(members: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The first array of objects, else the first array; None without one."""
    arrays = [*_of_type(members, "array")]
    objects = (one for one in arrays if "object" in types_of(members[one].get("items", {})))
    return next(objects, next(iter(arrays), None))


def _of_type(members: Mapping[str, Mapping[str, Any]], kind: str) -> Iterator[str]:
    return (name for name, one in members.items() if kind in types_of(one))
