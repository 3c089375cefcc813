"""Tests for the operations that a requirement applies to, by the contract alone."""

from collections.abc import Callable

from openapi.operation import Operation
from openapi.resource import (
    creates,
    name_member,
    request_members,
    success_members,
)


def accepts_idempotency_key(operation: Operation) -> bool:
    """The operation declares the ``Idempotency-Key`` header."""
    return operation.accepts_idempotency_key


def needs_bearer_token(operation: Operation) -> bool:
    """The operation cannot be used without a token."""
    return operation.needs_authentication


def takes_json(operation: Operation) -> bool:
    """The operation has a JSON body."""
    return operation.json_body is not None


def lists(operation: Operation) -> bool:
    """The operation gives the list of a resource."""
    return operation.resource is not None and operation.resource.list is operation


def reads_or_creates(operation: Operation) -> bool:
    """Anything may be sent to the operation: it ends nothing, and no path names its resource."""
    is_whole = "{" not in operation.path or creates(operation) or lists(operation)
    return operation.method in {"GET", "POST"} and is_whole


def shows(*fields: str, secret: bool = False) -> Callable[[Operation], bool]:
    """The operation makes a resource and answers with a JSON object that has these fields.

    With ``secret`` the answer has a secret as well, under whatever name.
    """

    def applies(operation: Operation) -> bool:
        documented = success_members(operation)
        return bool(
            creates(operation)
            and bool(documented)
            and documented.keys() >= {*fields}
            and (not secret or (operation.resource and operation.resource.secret is not None))
        )

    return applies


def echoes(field: str) -> Callable[[Operation], bool]:
    """The operation makes a resource; its request takes this field and its answer shows it."""

    def applies(operation: Operation) -> bool:
        return field in request_members(operation) and shows(field)(operation)

    return applies


def echoes_name(operation: Operation) -> bool:
    """The operation makes a resource with a name that the client chooses."""
    return creates(operation) and echoes(name_member(operation))(operation)


def every(_: Operation) -> bool:
    """Any operation at all."""
    return True
