"""Which members, parameters and headers hold secrets, told by their names."""

import re
from functools import lru_cache

ENDS = (
    "secret", "token", "password", "passwd", "pwd", "api[_-]?key", "access[_-]?key",
    "private[_-]?key", "assertion", "authorization", r"idempot\w*[_-]?key", "jwt", "bearer",
)  # fmt: skip
"""How the names of secrets end, as regular expressions."""

_SECRET = re.compile(rf"(?:{'|'.join(ENDS)})s?$")
_SHORT = re.compile(r"(?:key|auth|sig|signature|credentials?)$")
_SEPARATORS = re.compile(r"[^0-9a-z]+")

_NO_CREDENTIAL = re.compile(r"idempot|page|next|cursor|continuation|sync")
"""Keys and cursors: secret or opaque, but nothing that lets anybody in."""


@lru_cache(2048)
def is_secret(name: str) -> bool:
    """Whether what has this name is a secret: ``client_secret``, ``accessToken``, ``X-Api-Key``."""
    return bool(_SECRET.search(_plain(name)))


@lru_cache(2048)
def is_secret_parameter(name: str) -> bool:
    """The same for a parameter of a query, where shorter names are used."""
    return is_secret(name) or bool(_SHORT.match(_plain(name)))


def is_credential(name: str) -> bool:
    """Whether a query parameter of this name lets somebody in."""
    return is_secret_parameter(name) and not _NO_CREDENTIAL.search(name.lower())


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())
