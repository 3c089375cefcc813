"""Paths of a contract as requests have them, and as a router compares them."""

import re
from collections.abc import Callable
from urllib.parse import quote, unquote, unquote_to_bytes

from openapi.operation import PATH_PARAMETER

ENCODED_SLASH = "\udc2f"
"""Stands for an encoded slash in a decoded path: no decoded path has half a character."""

_PLAIN = re.compile(r"(?:[\w/.~-]|\{\w*\})*", re.ASCII)
_SAFE = "/!$&'()*+,;=:@~"
_SLASH = re.compile("%2f", re.IGNORECASE)
_UNSENDABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]|%[01][0-9a-f]|%7f", re.IGNORECASE)
_ENCODED_BRACES = re.compile("%7b.*?%7d", re.IGNORECASE)


def as_sent(path: str) -> str:
    """A path as a request has it: what must be encoded is, and nothing else; parameters stay.

    A contract may write it either way. A ``%`` that encodes nothing is one itself.
    """
    return path if _PLAIN.fullmatch(path) else _fixed_texts(path, _encoded)


def decoded(path: str) -> str:
    """A path as a router compares it, with :data:`ENCODED_SLASH`; parameters stay."""
    return path if "%" not in path else _fixed_texts(path, split_and_decoded)


def split_and_decoded(text: str) -> str:
    """A text without encoded characters, where an encoded slash divides nothing (RFC 3986, 2.2)."""
    return ENCODED_SLASH.join(map(unquote, _SLASH.split(text)))


def unsendable(path: str) -> str | None:
    """The reason why no request is for a path; None where there is none."""
    if _UNSENDABLE.search(path):
        return "has a control character in its path, which many servers and clients refuse"
    if _ENCODED_BRACES.search(path):
        return "has encoded braces in its path: write {id} for a parameter"
    return None


def _fixed_texts(path: str, change: Callable[[str], str]) -> str:
    """The path with its texts between the parameters changed."""
    found, end = "", 0
    for parameter in PATH_PARAMETER.finditer(path):
        found += change(path[end : parameter.start()]) + parameter[0]
        end = parameter.end()
    return found + change(path[end:])


def _encoded(text: str) -> str:
    return "%2F".join(quote(unquote_to_bytes(one), safe=_SAFE) for one in _SLASH.split(text))
