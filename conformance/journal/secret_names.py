"""Names of members, parameters and headers that hold secrets."""

import re
from functools import lru_cache

LONGEST_NAME = 80
"""The length of a name that is examined; of a longer one, its end is."""

_ENDS = (
    "secret", "token", "password", "passphrase", "passwd", "pwd", "apikey", "accesskey",
    "privatekey", "secretkey", "signingkey", "authkey", "subscriptionkey", "passcode", "assertion",
    "authorization", "authentication", r"idempot\w*key", "jwt", "bearer",
)  # fmt: skip
"""The ends of secrets' names, in lower case and without separators of words."""

_SECRET = re.compile(rf"(?:{'|'.join(_ENDS)})s?$")
_SHORT = re.compile(r"(?:key|auth|sig|signature|credentials?)$")
_LONGEST_SHORT = 16
_SEPARATORS = re.compile(r"[^0-9a-z]+")

_NO_CREDENTIAL = re.compile(r"idempot|page|next|cursor|continuation|sync")
"""Idempotency keys and cursors: secret or opaque, but no credentials."""


def is_secret(name: str) -> bool:
    """Whether a name is that of a secret: ``client_secret``, ``accessToken``, ``X-Api-Key``."""
    return _is_secret(name if len(name) <= LONGEST_NAME else name[-LONGEST_NAME:])


@lru_cache(2048)
def _is_secret(name: str) -> bool:
    return bool(_SECRET.search(_plain(name)))


def is_secret_parameter(name: str) -> bool:
    """Whether a name of a query parameter is that of a secret: such names may be shorter."""
    return is_secret(name) or (len(name) <= _LONGEST_SHORT and _is_short(name))


@lru_cache(2048)
def _is_short(name: str) -> bool:
    return bool(_SHORT.match(_plain(name)))


def is_credential(name: str) -> bool:
    """Whether a name is that of a credential, and not that of a key or a cursor."""
    return is_secret(name) and not _NO_CREDENTIAL.search(name.lower())


def is_client_secret(name: str) -> bool:
    """Whether a name is that of a client secret, as a token request has it."""
    return _plain(name[-LONGEST_NAME:]).endswith("clientsecret")


def is_credential_parameter(name: str) -> bool:
    """Whether a name of a query parameter is that of a credential: such names may be shorter."""
    return is_secret_parameter(name) and not _NO_CREDENTIAL.search(name.lower())


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())
