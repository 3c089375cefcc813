"""Where a requirement applies, read from the contract: a new operation is covered by itself."""

from http import HTTPStatus

from openapi.operation import Operation


def accepts_idempotency_key(operation: Operation) -> bool:
    """The operation declares the ``Idempotency-Key`` header."""
    return operation.accepts_idempotency_key


def needs_bearer_token(operation: Operation) -> bool:
    """The operation cannot be used without a token."""
    return bool(operation.security) and all(operation.security)


def takes_json(operation: Operation) -> bool:
    """The operation has a JSON body."""
    body = operation.request_body
    return body is not None and body.accepts("application/json") is not None


def creates(operation: Operation) -> bool:
    """The operation makes a resource."""
    return operation.method == "POST" and operation.success_status == HTTPStatus.CREATED


def lists(operation: Operation) -> bool:
    """The operation gives pages of a collection."""
    return operation.method == "GET" and any(
        parameter.name == "starting_after" for parameter in operation.parameters
    )


def every(_: Operation) -> bool:
    """Any operation at all."""
    return True
