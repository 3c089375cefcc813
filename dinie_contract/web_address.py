"""The URLs of HTTP that a user gives."""

import importlib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

_LARGEST_PORT = 65_535
_LONGEST_LABEL, _LONGEST_HOST = 63, 254
_BARE_ADDRESS = re.compile(
    r"[a-z]+://(?:[^/@]*@)?[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*(?:[/?#]|$)", re.IGNORECASE
)
"""The beginning of a URL whose host is an IPv6 address without the brackets."""


def parsed(text: Any) -> "httpx.URL":
    """The URL that a text is; raises :class:`ValueError` with the reason, which repeats nothing."""
    if isinstance(text, str) and _BARE_ADDRESS.match(text):
        raise ValueError("needs brackets around its IPv6 address, as in http://[::1]:8080/v3")
    # Loaded with the first URL: a command that sends nothing has none.
    library: Any = importlib.import_module("httpx")
    try:
        url: httpx.URL = library.URL(text)
        # Reading a host in punycode may fail as well.
        _ = url.host
        host = url.raw_host.decode("ascii")
    except (library.InvalidURL, TypeError, ValueError):
        raise ValueError("is no URL") from None
    if ":" in host and "%" in host:
        raise ValueError("has an address with a zone, which is not supported: leave out % and it")
    # RFC 1035 section 2.3.4; a final dot is allowed.
    labels = host.removesuffix(".").split(".")
    if host and not all(labels):
        raise ValueError("has a host with nothing between two dots")
    if len(host) > _LONGEST_HOST or max(map(len, labels)) > _LONGEST_LABEL:
        raise ValueError(
            f"has a host with more than {_LONGEST_LABEL} letters between two dots, or more than"
            f" {_LONGEST_HOST} in all"
        )
    # A system takes the port modulo 65,536, and another server would get the token.
    if url.port is not None and not 0 < url.port <= _LARGEST_PORT:
        raise ValueError(f"must have a port from 1 to {_LARGEST_PORT}")
    return url


def certified(host: str) -> str:
    """The name that a certificate has for a host: a final dot is no part of it (RFC 6066)."""
    return host.removesuffix(".")
