"""Redaction of a target's texts: no token, no secret, no control character."""

import re
import unicodedata
from collections.abc import Iterable

HIDDEN = "[hidden]"

_SHORTEST = 4
"""Shorter texts are no secrets, and hiding each of their occurrences would spoil every word."""

_SECRET = re.compile(r'("(?:\w*secret\w*|access_token)"\s*:\s*")((?:[^"\\]|\\.)*)("?)', re.ASCII)
"""A secret in JSON: the text before its value, its value, and its end unless that is cut off."""


def issued_secrets(body: bytes) -> list[str]:
    """The secrets and tokens in an answer's body."""
    found = _SECRET.findall(body.decode("utf-8", "replace"))
    return [value for _, value, end in found if value and end]


def without_secrets(text: str) -> str:
    """The text of a JSON body with each secret and token replaced by ``REDACTED``."""
    return _SECRET.sub(r'\1REDACTED"', text)


def redacted(text: str, secrets: Iterable[str]) -> str:
    """``text`` without any of the secrets."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, HIDDEN)
    return text


def printable(text: str) -> str:
    """``text`` with all that is no visible character written as an escape; line ends stay."""
    return "".join(
        one
        if one in "\n\t" or not unicodedata.category(one).startswith("C")
        else one.encode("unicode_escape").decode()
        for one in text
    )
