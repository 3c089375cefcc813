"""Keeps a run away from production: the contract's own servers say where that is."""

import ipaddress
from urllib.parse import urlsplit

from openapi.contract import Contract

_SANDBOX = "sandbox"


def is_production(contract: Contract, url: str) -> bool:
    """Whether ``url`` is on a host of the contract that is neither loopback nor a sandbox."""
    host = _host(url)
    if _is_loopback(host):
        return False
    described = contract.document.get("servers") or []
    found = [
        str(server.get("description", ""))
        for server, server_url in zip(described, contract.servers, strict=False)
        if _host(server_url) == host
    ]
    return any(_SANDBOX not in f"{host} {description}".lower() for description in found)


def _host(url: str) -> str:
    # A name with a final dot is the same name (RFC 1034, section 3.1), in any case.
    return (urlsplit(url).hostname or "").lower().rstrip(".")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
