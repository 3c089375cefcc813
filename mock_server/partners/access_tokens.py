"""Access tokens: signed, shaped as a JWT behind the vendor's prefix, valid for one hour."""

import importlib
import math
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from mock_server.store.interface import StoreError

PREFIX = "dinie_at_"
LIFETIME_SECONDS = 3600

_CACHED = 10_000


class AccessTokens:
    """Issues access tokens, and finds the partner of a token.

    No token is stored: a signed token is complete in itself, so any worker or host with the same
    key reads it. ``fixed`` maps tokens that never expire to their partners. Until
    :meth:`sign_with` sets the key, any other token raises :class:`StoreError`.
    """

    def __init__(self, fixed: Mapping[str, str]) -> None:
        self._known_key: bytes | None = None
        self._fixed = dict(fixed)
        self._cached: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._expired: dict[str, set[str]] = {}
        self._withdrawn: set[str] = set()

    def sign_with(self, key: bytes) -> None:
        """Set the signing key, which the store keeps."""
        self._known_key = key

    @property
    def _key(self) -> bytes:
        if self._known_key is None:
            raise StoreError("the store has not given the key of access tokens yet")
        return self._known_key

    @cached_property
    def _signatures(self) -> Any:
        # Loaded for the first token that is signed or read, with a tenth of the memory of a start:
        # a partner whose token is given never needs it.
        return importlib.import_module("mock_server.partners.signatures")

    def issue(
        self, partner_id: str, client_id: str, now: float, lifetime: int = LIFETIME_SECONDS
    ) -> str:
        """Issue a token to ``partner_id`` for its login ``client_id``; ``lifetime`` in seconds."""
        claims = {
            "sub": partner_id,
            "client_id": client_id,
            "iat": int(now),
            "exp": int(now) + lifetime,
            "jti": secrets.token_hex(8),
        }
        return f"{PREFIX}{self._signatures.signed(claims, self._key)}"

    def read(self, token: str) -> tuple[str, float] | None:
        """The partner of a token, and its expiry as a Unix time in seconds.

        None for a token that is not valid. Checking a signature is slow, so the claims of valid
        tokens are cached.
        """
        if token in self._fixed:
            found = self._fixed[token], math.inf
        elif token in self._cached:
            found = self._cached[token]
        else:
            claims = self._read(token)
            if claims is None:
                return None
            found = self._cached[token] = claims
            if len(self._cached) > _CACHED:
                self._cached.popitem(last=False)
        if self._withdrawn and found[0] in self._withdrawn:
            return None
        if self._expired and token in self._expired.get(found[0], ()):
            return found[0], -math.inf
        return found

    def partner_of(self, token: str) -> str | None:
        """The partner of a token, expired or not; None for a token that is not valid."""
        found = self.read(token)
        return found[0] if found else None

    def expire(self, token: str, partner_id: str) -> None:
        """Expire a partner's token before its time."""
        self._expired.setdefault(partner_id, set()).add(token)

    def forget(self, partner_id: str) -> None:
        """Undo :meth:`expire` for all tokens of a partner."""
        self._expired.pop(partner_id, None)

    def withdraw(self, partner_id: str) -> None:
        """Refuse every token of a partner from now on."""
        self._withdrawn.add(partner_id)

    def _read(self, token: str) -> tuple[str, float] | None:
        key = self._key
        if not token.startswith(PREFIX):
            return None
        claims = self._signatures.claims_of(token.removeprefix(PREFIX), key)
        try:
            return (str(claims["sub"]), int(claims["exp"])) if claims else None
        except (KeyError, ValueError):
            return None
