"""A client id and secret, exchanged for the token that a run works with."""

import base64
import json
from http import HTTPStatus
from urllib.parse import quote_plus

from conformance.target.access import Issued
from conformance.target.exchange import Answer, Request
from conformance.target.target import Target, TargetError, TokenRefused

_PATH = "/auth/token"
_GRANT = "client_credentials"


def token_for(target: Target, client_id: str, client_secret: str) -> Issued:
    """The access token; raises :class:`TargetError` where there is none to be had.

    By HTTP Basic and a form first, as the documentation has it, then by JSON, as the SDK does.
    """
    answer = by_form(target, client_id, client_secret)
    if answer.status != HTTPStatus.OK:
        answer = by_json(target, client_id, client_secret)
    token, seconds = answer.field("access_token"), answer.field("expires_in")
    if answer.status == HTTPStatus.OK and isinstance(token, str) and token.isascii() and token:
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        return Issued(token, float(seconds) if is_number else None)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise TokenRefused("the client id and secret were refused (401)")
    raise TargetError(
        f"POST {_PATH} gave no token (it answered {answer.status}); give a token instead"
    )


def by_form(target: Target, client_id: str, client_secret: str) -> Answer:
    """The answer to the exchange that the documentation describes."""
    return target.send(form_request("POST", _PATH, client_id, client_secret))


def form_request(method: str, path: str, client_id: str, client_secret: str) -> Request:
    """Client id and secret by HTTP Basic, the rest as a form."""
    # Both are form-encoded before they go into HTTP Basic (RFC 6749, section 2.3.1).
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode()
    headers = (
        ("Authorization", f"Basic {base64.b64encode(pair).decode()}"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    )
    return Request(method, path, headers, f"grant_type={_GRANT}".encode(), partner=None)


def by_json(
    target: Target, client_id: str, client_secret: str, partner: int | None = None
) -> Answer:
    """The answer to the exchange that the SDK makes; ``partner``'s token may go along."""
    request = json_request("POST", _PATH, client_id, client_secret)
    return target.send(Request(request.method, _PATH, request.headers, request.body, partner))


def json_request(method: str, path: str, client_id: str, client_secret: str) -> Request:
    """Everything in a JSON body."""
    value = {"grant_type": _GRANT, "client_id": client_id, "client_secret": client_secret}
    headers = (("Content-Type", "application/json"),)
    return Request(method, path, headers, json.dumps(value).encode(), partner=None)
