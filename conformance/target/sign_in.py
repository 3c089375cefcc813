"""A client id and secret, exchanged for the token that a run works with."""

import base64
import json
import time
from http import HTTPStatus
from urllib.parse import quote_plus

from conformance.target.access import Issued, is_token
from conformance.target.errors import TargetError, TokenRefused
from conformance.target.exchange import Answer, Request, sendable
from conformance.target.foreign_answers import expect_let_in
from conformance.target.target import Target
from openapi.operation import Operation

_GRANT = "client_credentials"


def token_for(target: Target, operation: Operation, client_id: str, client_secret: str) -> Issued:
    """The access token that an operation issues; raises :class:`TargetError` without one.

    By HTTP Basic and a form first, as the documentation has it, then by JSON, as the SDK does.
    """
    asked_at = time.monotonic()
    answer = by_form(target, operation, client_id, client_secret)
    if answer.status != HTTPStatus.OK:
        answer = by_json(target, operation, client_id, client_secret)
    token = answer.text("access_token")
    if answer.status == HTTPStatus.OK and is_token(token):
        return Issued(token, answer.number("expires_in"), asked_at)
    expect_let_in(target, answer)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise TokenRefused("the client id and secret were refused (401)")
    found = "no token" if token is None else "no token that a header can carry"
    raise TargetError(
        f"{operation.method} {operation.path} gave {found} (it answered {answer.status});"
        " give a token instead"
    )


def by_form(target: Target, operation: Operation, client_id: str, client_secret: str) -> Answer:
    """The answer to the exchange that the documentation describes."""
    return target.send_again_where_closed(form_request(operation, client_id, client_secret))


def form_request(operation: Operation, client_id: str, client_secret: str) -> Request:
    """Client id and secret by HTTP Basic, the rest as a form; raises :class:`UnsendableRequest`."""
    # Both are form-encoded before they go into HTTP Basic (RFC 6749, section 2.3.1).
    pair = ":".join(quote_plus(sendable(one)) for one in (client_id, client_secret)).encode()
    headers = (
        ("Authorization", f"Basic {base64.b64encode(pair).decode()}"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    )
    body = f"grant_type={_GRANT}".encode()
    return Request(operation.method, operation.path, headers, body, partner=None)


def by_json(target: Target, operation: Operation, client_id: str, client_secret: str) -> Answer:
    """The answer to the exchange that the SDK makes."""
    return target.send_again_where_closed(json_request(operation, client_id, client_secret))


def json_request(operation: Operation, client_id: str, client_secret: str) -> Request:
    """Everything in a JSON body."""
    value = {"grant_type": _GRANT, "client_id": client_id, "client_secret": client_secret}
    headers = (("Content-Type", "application/json"),)
    body = json.dumps(value).encode()
    return Request(operation.method, operation.path, headers, body, partner=None)
