"""Tests for the operations that a requirement applies to, by the contract alone."""

from collections.abc import Callable
from http import HTTPStatus

from openapi.media_types import is_json
from openapi.operation import Operation
from openapi.resource import (
    creates,
    name_member,
    puts_items,
    request_members,
    success_members,
)


def accepts_idempotency_key(operation: Operation) -> bool:
    """The operation declares a header with an idempotency key, and each call makes something.

    What a PUT makes by its id is one and the same with any key.
    """
    return operation.accepts_idempotency_key and not puts_items(operation)


def needs_bearer_token(operation: Operation) -> bool:
    """The operation cannot be used without a token."""
    return operation.needs_authentication


def opens_with_bearer_token(operation: Operation) -> bool:
    """The operation opens with a bearer token in the Authorization header, and not without any."""
    return bool(operation.contract and operation.contract.takes_bearer_token(operation))


def challenges_for_bearer(operation: Operation) -> bool:
    """The operation opens with a bearer token, and with nothing that has another challenge."""
    return bool(operation.contract and operation.contract.challenges_for_bearer(operation))


def opens_with_token(operation: Operation) -> bool:
    """The operation cannot be used without a token: a bearer token, an API key or HTTP Basic."""
    contract = operation.contract
    return opens_with_bearer_token(operation) or bool(contract and contract.takes_key(operation))


def opens_for_partner(operation: Operation) -> bool:
    """The operation opens with a partner's token: a bearer token, or the API key in its place."""
    contract = operation.contract
    has_key = contract is not None and bool(contract.token_place(operation))
    return opens_with_bearer_token(operation) or (operation.needs_authentication and has_key)


def opens_by_scheme(operation: Operation) -> bool:
    """The operation cannot be used without a bearer token, or user and password of HTTP Basic."""
    contract = operation.contract
    is_basic = bool(contract and contract.token_place(operation).startswith("basic"))
    return opens_with_bearer_token(operation) or (is_basic and opens_with_token(operation))


def answers_problems(operation: Operation) -> bool:
    """The operation documents an error as a problem document (RFC 9457)."""
    return any("application/problem+json" in one.content for one in operation.refusals)


def answers_errors(operation: Operation) -> bool:
    """The operation documents an error with a body."""
    return any(one.content for one in operation.refusals)


def answers_json_errors(operation: Operation) -> bool:
    """Every error that the operation documents with a body is JSON."""
    types = [name for one in operation.refusals for name in one.content]
    return bool(types) and all(map(is_json, types))


def names_fields(operation: Operation) -> bool:
    """The operation documents a 422 with one item of ``errors``, and its ``param``, for a field."""
    answer = operation.response(HTTPStatus.UNPROCESSABLE_ENTITY)
    schema = answer.json_content.schema if answer and answer.json_content else None
    errors = schema.outline.get("properties", {}).get("errors", {}) if schema else {}
    return "param" in errors.get("items", {}).get("properties", {})


def tells_invalid_from_unreadable(operation: Operation) -> bool:
    """The operation documents 400 and 422, and no other status for bodies at fault."""
    kept = not operation.documents(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return kept and operation.documents(HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


def documents_limits(operation: Operation) -> bool:
    """The operation documents the X-RateLimit headers of its answers."""
    return any(
        header.name.lower() == "x-ratelimit-limit"
        for one in operation.responses.values()
        for header in one.headers
    )


def documents(status: int) -> Callable[[Operation], bool]:
    """The operation documents this status by itself."""
    return lambda operation: operation.documents(status)


def both(*tests: Callable[[Operation], bool]) -> Callable[[Operation], bool]:
    """The operation passes all of these tests."""
    return lambda operation: all(one(operation) for one in tests)


def is_credential(operation: Operation) -> bool:
    """The operation makes credentials: what a partner signs in with, until it ends."""
    contract, resource = operation.contract, operation.resource
    if resource is None or resource.secret is None:
        return False
    signs_in = contract.token_operation is not None and contract.credentials is resource
    return signs_in or "client" in resource.login


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
    return creates(operation) and echoes(_name_of(operation))(operation)


def _name_of(operation: Operation) -> str:
    return name_member(operation, success_members(operation))


def names_freely(operation: Operation) -> bool:
    """The name that a client chooses is not the id: others may have the same."""
    resource = operation.resource
    return bool(
        echoes_name(operation)
        and resource
        and _name_of(operation) not in {resource.id, resource.handle}
    )


def every(_: Operation) -> bool:
    """Any operation at all."""
    return True
