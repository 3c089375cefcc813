"""The names of members, parameters and headers that hold secrets."""

import re
from functools import lru_cache

LONGEST_NAME = 80
"""What is longer is told by its end."""

_ENDS = (
    "secret", "token", "password", "passwd", "pwd", "apikey", "accesskey", "privatekey",
    "assertion", "authorization", r"idempot\w*key", "jwt", "bearer",
)  # fmt: skip
"""How the names of secrets end when all that separates words is left out."""

_SECRET = re.compile(rf"(?:{'|'.join(_ENDS)})s?$")
_SHORT = re.compile(r"(?:key|auth|sig|signature|credentials?)$")
_SEPARATORS = re.compile(r"[^0-9a-z]+")

_NO_CREDENTIAL = re.compile(r"idempot|page|next|cursor|continuation|sync")
"""Keys and cursors: secret or opaque, but nothing that lets anybody in."""


def is_secret(name: str) -> bool:
    """Whether a name is that of a secret: ``client_secret``, ``accessToken``, ``X-Api-Key``."""
    return _is_secret(name if len(name) <= LONGEST_NAME else name[-LONGEST_NAME:])


@lru_cache(2048)
def _is_secret(name: str) -> bool:
    return bool(_SECRET.search(_plain(name)))


def is_secret_parameter(name: str) -> bool:
    """The same for a parameter of a query, where shorter names are used."""
    return is_secret(name) or bool(_SHORT.match(_plain(name)))


def is_credential(name: str) -> bool:
    """Whether a query parameter of this name is a credential."""
    return is_secret_parameter(name) and not _NO_CREDENTIAL.search(name.lower())


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())
