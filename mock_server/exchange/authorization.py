"""The ``Authorization`` header (RFC 6750, RFC 7617), and the 401."""

import base64
import binascii

from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Challenge, Problem, ProblemType

Identity = dict[str, str]
"""Token information of a request, in the form that Connexion expects."""


def expired_token(scheme: str = "Bearer") -> Problem:
    """The problem (401) for a token that was valid once."""
    detail = "The access token has expired."
    return unauthenticated("token_expired", detail, scheme, "invalid_token")


def bearer_token(exchange: Exchange) -> str | None:
    """The token in the ``Authorization`` header (RFC 6750 section 2.1), if there is one."""
    scheme, _, token = (exchange.header(b"authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def basic_credentials(exchange: Exchange) -> tuple[str, str] | None:
    """Client id and secret from HTTP Basic (RFC 7617), or None where that scheme is not used."""
    scheme, _, encoded = (exchange.header(b"authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    client_id, colon, client_secret = text.partition(":")
    if not colon:
        raise unauthenticated(
            "invalid_client", "The HTTP Basic credentials cannot be read.", "Basic"
        )
    return client_id, client_secret


def unauthenticated(
    code: str, detail: str, scheme: str = "Bearer", error: str | None = None
) -> Problem:
    """A 401 with its challenge; ``error`` is RFC 6750's code for a token that was sent."""
    challenge = Challenge(scheme, error)
    return Problem(ProblemType.AUTHENTICATION_FAILED, code, detail, challenge=challenge)
