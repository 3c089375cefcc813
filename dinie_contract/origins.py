"""Who a request on loopback is of: the developer, or a page in a browser of any other origin.

Such a page reaches this machine under a host name of its own that it points there (DNS rebinding),
or by a request to another origin. A browser tells both by headers that no page can change.
"""

import re
from ipaddress import IPv6Address, ip_address

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]*)?")

_OWN_SITES = {None, "same-origin", "none"}
"""Values of ``Sec-Fetch-Site`` for no browser, for a page of the same origin, for the address bar.

A page on another port of this machine is ``same-site``, as a site has no port: it is foreign."""


def name_in(host: str) -> str | None:
    """The canonical name or address in a header ``Host``; None where there is none."""
    found = _HOST.fullmatch(host.strip().lower())
    return canonical(found[1]) if found else None


def is_foreign_page(origin: str | None, site: str | None, own_origin: str) -> bool:
    """Whether ``Origin`` or ``Sec-Fetch-Site`` are those of a page of another origin."""
    return (origin is not None and origin.lower() != own_origin) or site not in _OWN_SITES


def is_loopback(name: str) -> bool:
    """Whether a host name or address can only be this machine (RFC 6761 section 6.3)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def canonical(name: str) -> str:
    """A host name or address in lower case, without brackets and without the dot of the root."""
    name = name.strip("[]").lower().removesuffix(".")
    try:
        return str(ip_address(name))
    except ValueError:
        return name
