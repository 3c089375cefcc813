"""Access tokens: signed, shaped as a JWT behind the vendor's prefix, valid for one hour."""

import math
import secrets
from collections import OrderedDict
from collections.abc import Mapping

import jwt

from mock_server.store.interface import StoreError

PREFIX = "dinie_at_"
LIFETIME_SECONDS = 3600

_ALGORITHM = "HS256"
_REMEMBERED = 10_000


class InvalidToken(Exception):
    """The mock never issued this token."""


class AccessTokens:
    """Issues tokens and tells whose a token is.

    No token is stored: the signature says it all, so any worker or host with the same key reads
    every token. ``fixed`` maps tokens that never expire to their partners. Until
    :meth:`sign_with` tells the key, any other token raises :class:`StoreError`.
    """

    def __init__(self, fixed: Mapping[str, str]) -> None:
        self._known_key: bytes | None = None
        self._fixed = dict(fixed)
        self._remembered: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._expired: dict[str, set[str]] = {}
        self._withdrawn: set[str] = set()

    def sign_with(self, key: bytes) -> None:
        """Use the key that the store keeps."""
        self._known_key = key

    @property
    def _key(self) -> bytes:
        if self._known_key is None:
            raise StoreError("the store has not told yet what tokens are signed with")
        return self._known_key

    def issue(
        self, partner_id: str, client_id: str, now: float, lifetime: int = LIFETIME_SECONDS
    ) -> str:
        """A new token for ``partner_id``, got with ``client_id``; ``lifetime`` is in seconds."""
        claims = {
            "sub": partner_id,
            "client_id": client_id,
            "iat": int(now),
            "exp": int(now) + lifetime,
            "jti": secrets.token_hex(8),
        }
        return PREFIX + jwt.encode(claims, self._key, _ALGORITHM)

    def read(self, token: str) -> tuple[str, float]:
        """The partner that a token belongs to, and when it expires, a Unix time in seconds.

        Raises :class:`InvalidToken`. Checking a signature is slow, so what a good token says is
        remembered.
        """
        if token in self._fixed:
            found = self._fixed[token], math.inf
        else:
            if token not in self._remembered:
                self._remembered[token] = self._read(token)
                if len(self._remembered) > _REMEMBERED:
                    self._remembered.popitem(last=False)
            found = self._remembered[token]
        if self._withdrawn and found[0] in self._withdrawn:
            raise InvalidToken
        if self._expired and token in self._expired.get(found[0], ()):
            return found[0], -math.inf
        return found

    def expire(self, token: str, partner_id: str) -> None:
        """Let a partner's token be expired from now on, whatever it says itself."""
        self._expired.setdefault(partner_id, set()).add(token)

    def forget(self, partner_id: str) -> None:
        """Let the tokens that were expired before their time be good again."""
        self._expired.pop(partner_id, None)

    def withdraw(self, partner_id: str) -> None:
        """Let no token of a partner be good any more."""
        self._withdrawn.add(partner_id)

    def _read(self, token: str) -> tuple[str, float]:
        encoded = token.removeprefix(PREFIX)
        try:
            claims = jwt.decode(
                encoded,
                self._key,
                algorithms=[_ALGORITHM],
                options={"verify_exp": False, "verify_iat": False},
            )
            partner_id, expires_at = str(claims["sub"]), int(claims["exp"])
            # The last letter of a base64 signature has spare bits: another letter there would
            # be another token with the same signature. Only the one that was issued is good.
            issued = PREFIX + jwt.encode(claims, self._key, _ALGORITHM)
        except (jwt.InvalidTokenError, KeyError, ValueError, UnicodeError) as error:
            raise InvalidToken from error
        if not secrets.compare_digest(issued.encode(), token.encode()):
            raise InvalidToken
        return partner_id, expires_at
