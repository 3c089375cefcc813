"""Security schemes: their kinds, and the requirements that a server can check."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

BEARER, BASIC, API_KEY = "bearer", "basic", "apiKey"
MUTUAL_TLS = "mutualTLS"
OTHER_HTTP = "http"
"""The kind of a scheme of the ``Authorization`` header that has no kind of its own."""

CHECKED = (BEARER, BASIC, API_KEY)
"""The kinds whose credentials a server without certificates and challenges can check."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a scheme of the ``Authorization`` header (RFC 9110 section 11.1)."""

_KEY_PLACES = ("header", "query", "cookie")


def kind_of(scheme: Mapping[str, Any]) -> str | None:
    """The kind of a security scheme; None for one that says nothing that can be checked."""
    match scheme:
        case {"type": "oauth2" | "openIdConnect"}:
            return BEARER
        case {"type": "mutualTLS"}:
            return MUTUAL_TLS
        case {"type": "apiKey", "in": place, "name": str()} if place in _KEY_PLACES:
            return API_KEY
        case {"type": "http", "scheme": str() as name} if _TOKEN.fullmatch(name):
            return name.lower() if name.lower() in CHECKED else OTHER_HTTP
        case _:
            return None


def usable_requirements(
    security: Iterable[Iterable[str]], schemes: Mapping[str, Mapping[str, Any]]
) -> Sequence[Sequence[str]] | None:
    """The alternatives of an operation, with the names of what can be checked of each.

    A certificate of the client is left out, as it cannot be checked, and so is an alternative that
    asks for nothing else, where another one asks for more: nobody would be refused. None where
    each alternative has a scheme without a kind.
    """
    given = [list(one) for one in security]
    known = [one for one in given if all(kind_of(schemes[name]) for name in one)]
    if given and not known:
        return None
    checked = [[name for name in one if kind_of(schemes[name]) != MUTUAL_TLS] for one in known]
    is_any_checked = any(checked)
    return [
        names for names, one in zip(checked, known, strict=True)
        if names or not one or not is_any_checked
    ]  # fmt: skip
