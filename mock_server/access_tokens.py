"""Access tokens: signed, shaped as a JWT behind the vendor's prefix, valid for one hour."""

import secrets
from collections import OrderedDict
from collections.abc import Mapping

import jwt

PREFIX = "dinie_at_"
LIFETIME_SECONDS = 3600

_ALGORITHM = "HS256"
_REMEMBERED = 10_000


class InvalidToken(Exception):
    """The mock never issued this token."""


class ExpiredToken(Exception):
    """The token was good once and is not any more."""


class AccessTokens:
    """Issues tokens and tells whose a token is.

    No token is stored: the signature says it all, so any worker or host with the same key reads
    every token. ``fixed`` maps tokens that never expire to their partners. :meth:`sign_with`
    must come before any other call.
    """

    def __init__(self, fixed: Mapping[str, str]) -> None:
        self._key = b""
        self._fixed = dict(fixed)
        self._remembered: OrderedDict[str, tuple[str, int]] = OrderedDict()

    def sign_with(self, key: bytes) -> None:
        """Use the key that the store keeps."""
        self._key = key

    def issue(self, partner_id: str, client_id: str, now: float) -> str:
        """A new token for ``partner_id``, got with ``client_id``."""
        claims = {
            "sub": partner_id,
            "client_id": client_id,
            "iat": int(now),
            "exp": int(now) + LIFETIME_SECONDS,
            "jti": secrets.token_hex(8),
        }
        return PREFIX + jwt.encode(claims, self._key, _ALGORITHM)

    def partner_of(self, token: str, now: float) -> str:
        """The partner that a token belongs to.

        Raises :class:`InvalidToken` or :class:`ExpiredToken`. Checking a signature is slow, so
        what a good token says is remembered.
        """
        if token in self._fixed:
            return self._fixed[token]
        if token not in self._remembered:
            self._remembered[token] = self._read(token)
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        partner_id, expires_at = self._remembered[token]
        if now >= expires_at:
            raise ExpiredToken
        return partner_id

    def _read(self, token: str) -> tuple[str, int]:
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
