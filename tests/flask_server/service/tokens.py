"""Access tokens: JWTs signed with HS256, behind the prefix of the contract."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PREFIX = "dinie_at_"
LIFETIME = 3600

Claims = dict[str, Any]


class NoToken(Exception):
    """A text that is no token of this server; `code` says why."""

    def __init__(self, code: str = "invalid_token") -> None:
        super().__init__(code)
        self.code = code


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> Claims:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        read = json.loads(data)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise NoToken from error
    if not isinstance(read, dict):
        raise NoToken
    return read


def sign(key: bytes, text: str) -> str:
    return encode(hmac.digest(key, text.encode(), hashlib.sha256))


def is_ours(algorithm: object) -> bool:
    return algorithm == "HS256"


def past(expiry: float, now: float) -> bool:
    return now >= expiry


def unprefixed(token: str) -> str:
    if not token.startswith(PREFIX):
        raise NoToken
    return token.removeprefix(PREFIX)


@dataclass
class Tokens:
    """Makes and reads tokens; each step of reading is a seam."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    unprefixed: Callable[[str], str] = unprefixed
    algorithm_allowed: Callable[[object], bool] = is_ours
    key_for: Callable[[Claims, bytes], bytes] = lambda header, key: key
    signed: Callable[[str, str], bool] = hmac.compare_digest
    expired: Callable[[float, float], bool] = past

    def make(self, partner: str, client_id: str, now: float, lifetime: float = LIFETIME) -> str:
        header = encode(b'{"alg":"HS256","typ":"JWT"}')
        claims = {
            "iss": "flask-server",
            "sub": client_id,
            "partner": partner,
            "iat": int(now),
            "exp": int(now + lifetime),
            "jti": secrets.token_hex(8),
        }
        body = f"{header}.{encode(json.dumps(claims).encode())}"
        return f"{PREFIX}{body}.{sign(self.key, body)}"

    def read(self, token: str, now: float) -> Claims:
        parts = self.unprefixed(token).split(".")
        if len(parts) != 3:
            raise NoToken
        header, claims = decode(parts[0]), decode(parts[1])
        if not self.algorithm_allowed(header.get("alg")):
            raise NoToken
        expected = sign(self.key_for(header, self.key), f"{parts[0]}.{parts[1]}")
        if not self.signed(parts[2], expected):
            raise NoToken
        if self.expired(float(claims.get("exp", 0)), now):
            raise NoToken("token_expired")
        return claims
