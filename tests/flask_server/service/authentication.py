"""Who sends a request: the bearer of a token, or a client with its id and secret."""

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

from flask import Request

from tests.flask_server.service.answers import Refusal
from tests.flask_server.service.minting import digest
from tests.flask_server.service.tables import Credential
from tests.flask_server.service.tokens import Claims, NoToken, Tokens

BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*)", re.ASCII | re.IGNORECASE)
DETAILS = {
    "missing_token": "The request has no access token.",
    "invalid_token": "The access token is not one of this server.",
    "token_expired": "The access token has expired.",
}


def bearer(request: Request) -> str | None:
    match = BEARER.fullmatch(request.headers.get("Authorization", "").strip())
    return match[1] if match else None


def partner_of(claims: Claims, request: Request) -> str:
    return str(claims.get("partner", ""))


def challenge(code: str) -> str:
    return "Bearer" if code == "missing_token" else 'Bearer error="invalid_token"'


def secret_matches(credential: Credential, secret: str) -> bool:
    return hmac.compare_digest(credential.secret_hash, digest(secret))


def may_have_token(credential: Credential, now: float) -> bool:
    ends = credential.expires_seconds
    return credential.status == "active" and (ends is None or now < ends)


def basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ("", "")
    client_id, _, secret = pair.partition(":")
    return client_id, secret


@dataclass
class Authentication:
    """The seams of authentication."""

    token_of: Callable[[Request], str | None] = bearer
    partner_of: Callable[[Claims, Request], str] = partner_of
    challenge: Callable[[str], str | None] = challenge
    secret_matches: Callable[[Credential, str], bool] = secret_matches
    may_have_token: Callable[[Credential, float], bool] = may_have_token
    status_without_token: int = 401

    def claims(self, request: Request, tokens: Tokens, now: float) -> Claims:
        token = self.token_of(request)
        if token is None:
            raise self.refusal("missing_token", self.status_without_token)
        try:
            return tokens.read(token, now)
        except NoToken as error:
            raise self.refusal(error.code) from error

    def refusal(self, code: str, status: int = 401) -> Refusal:
        challenge = self.challenge(code)
        headers = {} if challenge is None else {"WWW-Authenticate": challenge}
        return Refusal(status, code, DETAILS[code], headers=headers)
