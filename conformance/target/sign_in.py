"""A client id and secret, exchanged for the token that a run works with."""

import base64
import json
import time
from http import HTTPStatus
from urllib.parse import quote_plus, urlencode

from conformance.target.access import Issued, is_token
from conformance.target.errors import TargetError, TokenRefused
from conformance.target.exchange import Request, sendable
from conformance.target.foreign_answers import expect_let_in
from conformance.target.target import Target
from openapi.operation import Operation
from openapi.resource import FORM, requires_pair_in_form

_GRANT = "client_credentials"


def token_for(target: Target, operation: Operation, client_id: str, client_secret: str) -> Issued:
    """The access token that an operation issues; raises :class:`TargetError` without one.

    By the documented form first, then in JSON, as the SDK does. Last comes a form with the pair in
    it, where the contract does not require it there, and documents no HTTP Basic either.
    """
    asked_at = time.monotonic()
    ways = [form_request, json_request]
    if not (requires_pair_in_form(operation) or _documents_basic(operation)):
        ways.append(_pair_request)
    answers = []
    for way in ways:
        answer = target.send_again_where_closed(way(operation, client_id, client_secret))
        token = answer.text("access_token")
        if answer.status == HTTPStatus.OK and is_token(token):
            return Issued(token, answer.number("expires_in"), asked_at)
        answers.append(answer)
    telling = (HTTPStatus.UNAUTHORIZED, HTTPStatus.OK)
    answer = max(
        answers, key=lambda one: telling.index(one.status) if one.status in telling else -1
    )
    expect_let_in(target, answer)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise TokenRefused("the client id and secret were refused (401)")
    token = answer.text("access_token")
    found = "no token" if token is None else "no token that a header can carry"
    raise TargetError(
        f"{operation.method} {operation.path} gave {found} (it answered {answer.status});"
        " give a token instead"
    )


def form_request(operation: Operation, client_id: str, client_secret: str) -> Request:
    """A form, client id and secret by HTTP Basic, or in it where the contract requires it there.

    Raises :class:`UnsendableRequest`.
    """
    if requires_pair_in_form(operation):
        return _pair_request(operation, client_id, client_secret)
    # Both are form-encoded before they go into HTTP Basic (RFC 6749, section 2.3.1).
    pair = ":".join(quote_plus(sendable(one)) for one in (client_id, client_secret)).encode()
    headers = (
        ("Authorization", f"Basic {base64.b64encode(pair).decode()}"),
        ("Content-Type", FORM),
    )
    body = f"grant_type={_GRANT}".encode()
    return Request(operation.method, operation.path, headers, body, partner=None)


def _pair_request(operation: Operation, client_id: str, client_secret: str) -> Request:
    """Everything in a form."""
    pair = {"client_id": sendable(client_id), "client_secret": sendable(client_secret)}
    body = urlencode({"grant_type": _GRANT, **pair}).encode()
    headers = (("Content-Type", FORM),)
    return Request(operation.method, operation.path, headers, body, partner=None)


def _documents_basic(operation: Operation) -> bool:
    """Whether the contract documents HTTP Basic for the operation."""
    names = [name for requirement in operation.security for name in requirement]
    schemes = [operation.contract.security_schemes[name] for name in names]
    return any(str(one.get("scheme", "")).lower() == "basic" for one in schemes)


def json_request(operation: Operation, client_id: str, client_secret: str) -> Request:
    """Everything in a JSON body."""
    value = {"grant_type": _GRANT, "client_id": client_id, "client_secret": client_secret}
    headers = (("Content-Type", "application/json"),)
    body = json.dumps(value).encode()
    return Request(operation.method, operation.path, headers, body, partner=None)
