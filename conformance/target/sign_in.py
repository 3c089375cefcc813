"""A client id and secret, exchanged for the token that a run works with."""

import base64
import json
from http import HTTPStatus
from urllib.parse import quote_plus

from conformance.target.access import Issued
from conformance.target.exchange import Answer, Request
from conformance.target.target import Target, TargetError, TokenRefused
from openapi.operation import Operation

_GRANT = "client_credentials"


def token_for(target: Target, operation: Operation, client_id: str, client_secret: str) -> Issued:
    """The access token that an operation issues; raises :class:`TargetError` without one.

    By HTTP Basic and a form first, as the documentation has it, then by JSON, as the SDK does.
    """
    answer = by_form(target, operation, client_id, client_secret)
    if answer.status != HTTPStatus.OK:
        answer = by_json(target, operation, client_id, client_secret)
    token, seconds = answer.field("access_token"), answer.field("expires_in")
    if answer.status == HTTPStatus.OK and isinstance(token, str) and token.isascii() and token:
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        return Issued(token, float(seconds) if is_number else None)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise TokenRefused("the client id and secret were refused (401)")
    raise TargetError(
        f"{operation.method} {operation.path} gave no token (it answered {answer.status});"
        " give a token instead"
    )


def by_form(target: Target, operation: Operation, client_id: str, client_secret: str) -> Answer:
    """The answer to the exchange that the documentation describes."""
    return target.send(form_request(operation, client_id, client_secret))


def form_request(operation: Operation, client_id: str, client_secret: str) -> Request:
    """Client id and secret by HTTP Basic, the rest as a form."""
    # Both are form-encoded before they go into HTTP Basic (RFC 6749, section 2.3.1).
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode()
    headers = (
        ("Authorization", f"Basic {base64.b64encode(pair).decode()}"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    )
    body = f"grant_type={_GRANT}".encode()
    return Request(operation.method, operation.path, headers, body, partner=None)


def by_json(target: Target, operation: Operation, client_id: str, client_secret: str) -> Answer:
    """The answer to the exchange that the SDK makes."""
    return target.send(json_request(operation, client_id, client_secret))


def json_request(operation: Operation, client_id: str, client_secret: str) -> Request:
    """Everything in a JSON body."""
    value = {"grant_type": _GRANT, "client_id": client_id, "client_secret": client_secret}
    headers = (("Content-Type", "application/json"),)
    body = json.dumps(value).encode()
    return Request(operation.method, operation.path, headers, body, partner=None)
