"""Partners that exist from the start, the making of client ids and secrets, and login."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from mock_server.exchange.authorization import unauthenticated
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem
from mock_server.partners.clock import PartnerClocks, instant
from mock_server.store.interface import Login, Store

_LENGTH = 64
_FETCHED_TOGETHER = 64
"""Keys for which random bytes are fetched at once: the system call is the slowest part."""

_fetched: list[str] = []
if hasattr(os, "register_at_fork"):
    # A forked process must not issue the same keys as its parent.
    os.register_at_fork(after_in_child=_fetched.clear)


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner that exists from the start, with an optional token that never expires."""

    partner_id: str
    client_id: str
    client_secret: str
    token: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``CLIENT_ID:CLIENT_SECRET[:TOKEN]``; raises ValueError with a plain reason."""
        parts = text.split(":")
        if len(parts) not in {2, 3} or not all(parts):
            raise ValueError("expected CLIENT_ID:CLIENT_SECRET or CLIENT_ID:CLIENT_SECRET:TOKEN")
        if not text.isprintable():
            raise ValueError("a client id, secret or token must be printable")
        client_id, client_secret, *token = parts
        identity = hashlib.sha256(client_id.encode()).hexdigest()[:16]
        return cls(f"partner_{identity}", client_id, client_secret, token[0] if token else None)

    def as_option(self) -> str:
        """The partner as :meth:`parse` reads it; it holds the secret."""
        parts = [self.client_id, self.client_secret, *([self.token] if self.token else [])]
        return ":".join(parts)

    @classmethod
    def make_up(cls, signing_key: bytes | None = None) -> Self:
        """A partner with fresh credentials and a token, for a start that names none.

        Its id is made from the signing key of the store: each start on the same store gives the
        same id, whose credentials are there again, and nobody else can guess it.
        """
        key = signing_key or secrets.token_bytes(_LENGTH // 2)
        identity = hmac.digest(key, b"the made-up partner", "sha256").hex()[:16]
        token = f"dinie_at_{secrets.token_urlsafe(24)}"
        return cls(f"partner_{identity}", *new_client(), token)


async def seed(store: Store, partners: Iterable[Partner]) -> None:
    """Store the logins of partners."""
    for partner in partners:
        await store.add_partner(
            partner.partner_id, partner.client_id, secret_hash(partner.client_secret)
        )


def new_client() -> tuple[str, str]:
    """A random client id and client secret, in the form that the vendor's SDK expects.

    Each has 128 random bits of its own in 32 characters, behind the vendor's prefixes.
    """
    random = _random_text()
    return f"dinie_ci_live_{random[:32]}", f"dinie_cs_live_{random[32:]}"


def _random_text() -> str:
    """64 fresh random hexadecimal characters."""
    while True:
        try:
            return _fetched.pop()
        except IndexError:
            text = secrets.token_hex(_LENGTH // 2 * _FETCHED_TOGETHER)
            _fetched.extend(text[at : at + _LENGTH] for at in range(0, len(text), _LENGTH))


def secret_hash(client_secret: str) -> bytes:
    """The stored hash of a secret: one round of BLAKE2b, as secrets are long and random."""
    return hashlib.blake2b(client_secret.encode(), digest_size=32).digest()


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
        raise _no_login()
    credential = login.credential
    if credential and credential.status != "active":
        raise _no_login()
    if credential and credential.expires_at and instant(credential.expires_at) <= exchange.now:
        raise _no_login()
    return login


def _no_login() -> Problem:
    # One answer for all: who guesses must not learn which client ids there are.
    detail = "The client id and secret match no active credential."
    return unauthenticated("invalid_client", detail, "Basic")
