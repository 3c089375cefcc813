"""Login: a client id and secret, checked against the store."""

import secrets

from mock_server.exchange.authorization import unauthenticated
from mock_server.exchange.exchange import Exchange
from mock_server.partners.clock import PartnerClocks, instant
from mock_server.partners.partners import secret_hash
from mock_server.store.interface import Login, Store


async def log_in(
    exchange: Exchange, client_id: str, client_secret: str, store: Store, clocks: PartnerClocks
) -> Login:
    """The login of a client id and secret; raises a 401 unless both are valid now."""
    login = await store.find_login(client_id)
    if login:
        exchange.claimed_by = login.partner_id
        exchange.now = clocks.now(login.partner_id)
    expected = login.secret_hash if login else secret_hash("")
    matches = secrets.compare_digest(expected, secret_hash(client_secret))
    if login is None or not matches:
        raise unauthenticated("invalid_client", "Unknown client id or wrong secret.", "Basic")
    credential = login.credential
    if credential and credential.status != "active":
        raise unauthenticated("invalid_client", "This API key has been revoked.", "Basic")
    if credential and credential.expires_at and instant(credential.expires_at) <= exchange.now:
        raise unauthenticated("invalid_client", "This API key has expired.", "Basic")
    return login
