"""A resource: its create, list and revoke operations, and the names of its members."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, Self

from openapi.operation import Operation
from openapi.schema import types_of

_ID = "id"


@dataclass(frozen=True, slots=True)
class PageMembers:
    """The names in a list operation: its query parameters, and the members of a page.

    ``cursor`` is the parameter that says after which item a page begins, ``limit`` the one for the
    size of a page.
    """

    items: str
    has_more: str
    cursor: str
    limit: str


@cache
def page_members(operation: Operation) -> PageMembers | None:
    """The names in a list operation; None where the operation gives no pages.

    A list is a GET whose answer has an array and a boolean, and that takes an integer as limit and
    a text as cursor: one that is named so, or says after which item a page begins.
    """
    if operation.method != "GET":
        return None
    members = _members(operation, operation.success_status)
    query = {one.name: one.types for one in operation.parameters if one.location == "query"}
    items, has_more = _named(members, "array"), _named(members, "boolean")
    texts = [name for name, types in query.items() if "string" in types]
    cursor = next((one for one in texts if "after" in one or "cursor" in one), None)
    limit = next((name for name, types in query.items() if "integer" in types), None)
    if items is None or has_more is None or cursor is None or limit is None:
        return None
    return PageMembers(items, has_more, cursor, limit)


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of resource.

    ``id`` is the member that names one in lists and cursors, ``handle`` the member whose value
    stands in the path of an operation on it.
    """

    create: Operation
    list: Operation | None
    revoke: Operation | None
    page: PageMembers | None
    id: str
    handle: str

    @classmethod
    def created_by(cls, create: Operation, operations: Mapping[str, Operation]) -> Self:
        """The resource that an operation creates, with the operations on its path and below."""
        beside = [one for one in operations.values() if one.path == create.path]
        below = [one for one in operations.values() if one.path.startswith(f"{create.path}/{{")]
        pages = next((one for one in beside if page_members(one)), None)
        revoke = next(
            (one for one in below if one.method == "DELETE" and one.path.endswith("}")), None
        )
        members = _members(create, create.success_status)
        named = revoke.path.rpartition("{")[2].removesuffix("}") if revoke else _ID
        handle = named if named in members else _ID
        return cls(
            create=create,
            list=pages,
            revoke=revoke,
            page=page_members(pages) if pages else None,
            id=_ID if _ID in members else handle,
            handle=handle,
        )

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Its operations: create, and list and revoke where they are."""
        return tuple(one for one in (self.create, self.list, self.revoke) if one)


def creates(operation: Operation) -> bool:
    """The operation creates a resource."""
    return operation.method == "POST" and operation.success_status == HTTPStatus.CREATED


def _members(operation: Operation, status: int) -> Mapping[str, Any]:
    response = operation.response(status)
    media_type = response.content.get("application/json") if response else None
    schema = media_type.schema if media_type else None
    members: Mapping[str, Any] = schema.outline.get("properties", {}) if schema else {}
    return members


def _named(members: Mapping[str, Any], kind: str) -> str | None:
    """The first member that has this type."""
    return next((name for name, one in members.items() if kind in types_of(one)), None)
