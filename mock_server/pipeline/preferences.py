"""What a request prefers (RFC 7240): ``Prefer: code=429, fault=slow``."""

import re

from mock_server.exchange.exchange import Exchange

_VALUE = r"""(?:^|[,;])\s*{}\s*=\s*"?([^",;\s]*)"?"""
_PATTERNS = {name: re.compile(_VALUE.format(name), re.IGNORECASE) for name in ("code", "fault")}


def preference(exchange: Exchange, name: str) -> str | None:
    """The value of the preference ``code`` or ``fault``; None where the request has none."""
    preferences = exchange.header(b"prefer")
    found = _PATTERNS[name].search(preferences) if preferences else None
    return found[1] if found else None
