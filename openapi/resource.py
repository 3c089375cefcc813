"""A resource: its create, list and revoke operations, and the names of its members."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, Self

from openapi.operation import MediaType, Operation
from openapi.schema import types_of

_ID, _LOGIN, _NAME = "id", "client_id", "name"


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
    members = success_members(operation)
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
    """A kind of resource, and the names of its members.

    ``id`` names one in lists and cursors; ``handle`` has the value that stands in the path of an
    operation on it; ``login`` is the client id of the one that is exchanged for a token; ``name``
    is the text that people call it by; ``secret`` is in the answer of ``create`` alone, None where
    the resource has none.
    """

    create: Operation
    list: Operation | None
    revoke: Operation | None
    page: PageMembers | None
    id: str
    handle: str
    login: str
    name: str
    secret: str | None

    @classmethod
    def created_by(cls, create: Operation, operations: Mapping[str, Operation]) -> Self:
        """The resource that an operation creates, with the operations on its path and below."""
        beside = [one for one in operations.values() if one.path == create.path]
        below = [one for one in operations.values() if one.path.startswith(f"{create.path}/{{")]
        pages = next((one for one in beside if page_members(one)), None)
        revoke = next(
            (one for one in below if one.method == "DELETE" and one.path.endswith("}")), None
        )
        members = success_members(create)
        named = revoke.path.rpartition("{")[2].removesuffix("}") if revoke else _ID
        # Where nothing is named so, the first member that is called an id.
        other = next((name for name in members if name.endswith("_id")), _ID)
        identity = _ID if _ID in members else named if named in members else other
        handle = named if named in members else identity
        return cls(
            create=create,
            list=pages,
            revoke=revoke,
            page=page_members(pages) if pages else None,
            id=identity,
            handle=handle,
            login=_LOGIN if _LOGIN in members else handle,
            name=name_member(create),
            secret=secret_member(create),
        )

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Its operations: create, and list and revoke where they are."""
        return tuple(one for one in (self.create, self.list, self.revoke) if one)


def creates(operation: Operation) -> bool:
    """The operation creates a resource."""
    return operation.method == "POST" and operation.success_status == HTTPStatus.CREATED


def secret_member(create: Operation) -> str | None:
    """The member of a created resource that holds its secret, such as ``client_secret``."""
    members = success_members(create).items()
    return next((name for name, one in members if "secret" in name and _is_text(one)), None)


def name_member(create: Operation) -> str:
    """The member that people call a resource by: a text that clients choose and answers repeat.

    That is ``name`` where the contract has it, else the first text that is never null.
    """
    sent, shown = request_members(create), success_members(create)
    texts = [name for name, one in sent.items() if name in shown and types_of(one) == ["string"]]
    return _NAME if _NAME in texts else next(iter(texts), _NAME)


def issues_tokens(operation: Operation) -> bool:
    """The operation answers with an access token (RFC 6749, section 5.1)."""
    return operation.method == "POST" and "access_token" in success_members(operation)


@cache
def request_members(operation: Operation) -> Mapping[str, Any]:
    """The members of the JSON object that an operation takes: schemas by name."""
    return _members(operation.json_body)


@cache
def success_members(operation: Operation) -> Mapping[str, Any]:
    """The members of the JSON object that an operation answers with: schemas by name."""
    response = operation.response(operation.success_status)
    return _members(response.content.get("application/json") if response else None)


def _members(media_type: MediaType | None) -> Mapping[str, Any]:
    schema = media_type.schema if media_type else None
    members: Mapping[str, Any] = schema.outline.get("properties", {}) if schema else {}
    return members


def _is_text(definition: Mapping[str, Any]) -> bool:
    return "string" in types_of(definition)


def _named(members: Mapping[str, Any], kind: str) -> str | None:
    """The first member that has this type."""
    return next((name for name, one in members.items() if kind in types_of(one)), None)
