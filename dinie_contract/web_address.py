"""The URLs of HTTP that a user gives."""

from typing import Any

import httpx

_LARGEST_PORT = 65_535


def parsed(text: Any) -> httpx.URL:
    """The URL that a text is; raises :class:`ValueError` with the reason, which repeats nothing."""
    try:
        url = httpx.URL(text)
        # Reading a host in punycode may fail as well.
        _ = url.host
    except (httpx.InvalidURL, TypeError, ValueError):
        raise ValueError("is no URL") from None
    # A system takes the port modulo 65,536, and another server would get the token.
    if url.port is not None and not 0 < url.port <= _LARGEST_PORT:
        raise ValueError(f"must have a port from 1 to {_LARGEST_PORT}")
    return url
