"""Reads: a GET that shows one item by the id that a POST makes, and the members that it keeps."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from http import HTTPStatus
from typing import Any

from openapi.collection import Collection
from openapi.contract import Contract
from openapi.item_members import ItemPlace, id_member
from openapi.item_paths import shape_of
from openapi.names import spelt
from openapi.operation import PATH_PARAMETER, Operation
from openapi.paging import snake
from openapi.recognition import collections_of
from openapi.resource import Resource
from openapi.schema import is_read_only

_MAKING = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED}
"""The answers of a POST that makes an item: one that is accepted may be there later."""

_CHANGING = re.compile(
    r"(^|_)(status|state|phase|stage|step|progress|balance|remaining|available|outstanding|used|usage"
    r"|count|version|revision|etag|updated|modified|changed|secret|token|password|pin|cvc)"
    r"(_|$)"
)
"""What a member is called that a server changes or hides after it has answered a POST."""


def changes(name: str) -> bool:
    """Whether a member of this name may change, or be hidden, without a request for it."""
    return bool(_CHANGING.search(snake(name)))


_OF_ONE_OR_OF_TIME = re.compile(
    r"^(is_)?(default|primary|main|current|featured)$|(^|_)(ttl|expires_in|seconds|age|remaining)$"
)
_IN_ORDER = re.compile(r"(^|_)(position|rank|index|order|sequence|sort|number)(_|$)")


def moves(name: str, value: object = 0) -> bool:
    """Whether other items or the time may change a value of a member of this name.

    It is a number in the order of items, a flag that one of them has, or a time that is left.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    word = snake(name)
    return bool(_OF_ONE_OR_OF_TIME.search(word) or (is_number and _IN_ORDER.search(word)))


@dataclass(frozen=True)
class Read:
    """A GET by id: where the POST's answer and its own have the item, and by what it is named.

    ``shown`` is None where the contract does not say where its answer has the item. Of what
    ``Location`` alone names, the POST's answer has the id.
    """

    operation: Operation
    resource: Resource
    collection: Collection
    made: ItemPlace
    shown: ItemPlace | None

    @property
    def id(self) -> str:
        """The member whose value stands in the path."""
        return self.collection.id

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """The members that both answers have, and that stay: those that clients send, and parents.

        Those that a server may change are not among them.
        """
        create = self.collection.create
        above = {spelt(one) for one in PATH_PARAMETER.findall(create.path)}
        sent = self.collection.request_members(create)
        shown = self.shown.members if self.shown else {}
        return tuple(
            name
            for name, one in self.made.members.items()
            if name in shown
            and name != self.id
            and (spelt(name) in above or (name in sent and not changes(name)))
            and not _is_of_server(one)
            and not _is_of_server(shown[name])
        )

    @property
    def delete(self) -> Operation | None:
        """The DELETE by the same id, after which nothing is there; None without one."""
        revoke = self.resource.revoke
        if revoke is None or revoke.method != "DELETE" or revoke.path != self.operation.path:
            return None
        return revoke if revoke.success_status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT} else None

    @property
    def refuses_unknown(self) -> bool:
        """Whether the contract has an answer for an id that names nothing: 404, or 410."""
        return refuses_unknown(self.operation)


def refuses_unknown(operation: Operation) -> bool:
    """Whether the contract has an answer for an id that names nothing: 404, or 410."""
    return bool(operation.response(HTTPStatus.NOT_FOUND) or operation.response(HTTPStatus.GONE))


def _is_of_server(definition: Any) -> bool:
    return is_read_only(definition) or definition.get("format") == "password"


@cache
def read_of(operation: Operation) -> Read | None:
    """The read that an operation is; None for any other, and where the id is not certain."""
    resource = operation.resource
    if resource is None or resource.read is not operation or operation.contract is None:
        return None
    create = resource.create
    collection = collections_of(operation.contract, frozenset()).of(operation)
    if collection is None or collection.create is not create or operation not in collection.reads:
        return None
    made = collection.shown.get(create)
    if made is None and resource.is_located:
        made = ItemPlace((), {resource.handle: {}})
    if made is None or create.success_status not in _MAKING:
        return None
    named = id_member(made.members, collection.id_parameters[operation], collection.noun)
    if not collection.id == named == resource.handle:
        return None
    return Read(operation, resource, collection, made, collection.shown.get(operation))


def made_by(operation: Operation) -> Read | None:
    """The read of what an operation creates; None for any other operation."""
    resource = operation.resource
    is_creation = resource is not None and resource.create is operation
    return read_of(resource.read) if resource and is_creation and resource.read else None


@cache
def _reads_by_shape(contract: Contract) -> Mapping[str, Read]:
    found = (read_of(one) for one in contract.operations.values() if one.method == "GET")
    return {shape_of(one.operation.path): one for one in found if one}


@cache
def updated_by(operation: Operation) -> Read | None:
    """The read of the item that a PUT or PATCH changes by its id; None for any other operation."""
    if operation.contract is None or operation.method not in {"PUT", "PATCH"}:
        return None
    read = _reads_by_shape(operation.contract).get(shape_of(operation.path))
    return read if read and operation in read.collection.updates else None


def changed_by(operation: Operation) -> Read | None:
    """The read of the item that a PUT, PATCH or action changes; None for any other operation."""
    return updated_by(operation) or acted_on_by(operation)


@cache
def acted_on_by(operation: Operation) -> Read | None:
    """The read of the item of an action: a POST without a body below it, that creates nothing."""
    body, resource = operation.request_body, operation.resource
    is_action = operation.method == "POST" and not (body and body.required)
    if operation.contract is None or not is_action or (resource and resource.create is operation):
        return None
    item, _, last = shape_of(operation.path).rpartition("/")
    return None if last == "{}" else _reads_by_shape(operation.contract).get(item)
