"""Who may use the control plane."""

import secrets

from mock_server.exchange.authorization import Identity, bearer_token, unauthenticated
from mock_server.exchange.exchange import Exchange


class Admin:
    """Whoever sends the admin token; everybody where there is none."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def check(self, exchange: Exchange) -> Identity:
        """Who makes the request; raises a 401."""
        if self._token is None:
            return {}
        given = bearer_token(exchange)
        if given is None:
            detail = "Send the header Authorization: Bearer with the admin token."
            raise unauthenticated("missing_token", detail)
        if not secrets.compare_digest(given.encode("latin-1"), self._token.encode()):
            detail = "This is not the admin token."
            raise unauthenticated("invalid_token", detail, error="invalid_token")
        return {"sub": "admin"}
