"""Access to the control plane: by the admin token, or without one, to the developer alone.

A page in the developer's browser reaches a loopback address as well: under a host name of the
page's own that it points there (DNS rebinding), or by a request to another origin. A browser tells
both by headers that no page can change: ``Host``, ``Origin`` (Fetch, section 3.2) and
``Sec-Fetch-Site`` (Fetch Metadata, section 2.3). No page has the admin token, so with it none of
them matters.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.exchange.authorization import Identity, bearer_token, unauthenticated
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType
from mock_server.pipeline.body import content_type, read_body
from openapi.operation import MediaType, RequestBody

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]*)?")

_OWN_SITES = {None, "same-origin", "none"}
"""Values of ``Sec-Fetch-Site`` for no browser, for a page of the mock, and for the address bar.

A page on another port of this machine is ``same-site``, as a site has no port: it is refused."""

_REMEDY = "or start the mock with --admin-token (DINIE_ADMIN_TOKEN) and send that token"

_JSON = RequestBody(False, {"application/json": MediaType("application/json", None, ())})  # noqa: FBT003


class ControlAccess:
    """The check of each request to the control plane.

    ``token`` is the admin token. Without one, a ``Host`` must be a loopback name, one of ``hosts``,
    or the address at which the server received the request; ``hosts`` None allows any.
    """

    def __init__(self, token: str | None, hosts: Iterable[str] | None = ()) -> None:
        self._token = token
        self._hosts = None if hosts is None else frozenset(map(_canonical, hosts))

    def check(self, exchange: Exchange) -> Identity:
        """The identity of the administrator; raises a 401 or a 403 for any other request."""
        if self._token is None:
            self._check_headers(exchange)
            return {}
        given = bearer_token(exchange)
        if given is None:
            detail = "Send the header Authorization: Bearer with the admin token."
            raise unauthenticated("missing_token", detail)
        if not secrets.compare_digest(given.encode("latin-1"), self._token.encode()):
            detail = "This is not the admin token."
            raise unauthenticated("invalid_token", detail, error="invalid_token")
        return {"sub": "admin"}

    def _check_headers(self, exchange: Exchange) -> None:
        host = (exchange.header(b"host") or "").strip().lower()
        if not self._is_own(host, exchange.scope):
            detail = (
                "The Host is neither a loopback name nor the address of the mock, so the request"
                f" may be of a page in a browser. Send it to localhost, {_REMEDY}."
            )
            raise Problem(ProblemType.FORBIDDEN, "foreign_host", detail)
        origin = exchange.header(b"origin")
        is_own_page = origin is None or origin.lower() == f"{exchange.scope['scheme']}://{host}"
        if not is_own_page or exchange.header(b"sec-fetch-site") not in _OWN_SITES:
            detail = (
                "The request is of a page of another origin (Origin, Sec-Fetch-Site)."
                f" Send it without a browser, {_REMEDY}."
            )
            raise Problem(ProblemType.FORBIDDEN, "foreign_origin", detail)

    def _is_own(self, host: str, scope: Scope) -> bool:
        if self._hosts is None:
            return True
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = _canonical(found[1])
        # In process, where no browser reaches the mock, the client chose the address itself.
        server = scope.get("server")
        return is_loopback(name) or name in self._hosts or bool(server and name == server[0])


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


def _canonical(name: str) -> str:
    """A host name or address in lower case, without brackets and without the dot of the root."""
    name = name.strip("[]").lower().removesuffix(".")
    try:
        return str(ip_address(name))
    except ValueError:
        return name


@dataclass(frozen=True, slots=True)
class JsonBodies:
    """Refuses a body that is not JSON with 400, for operations that read none as well.

    A page may send a form or plain text to another origin unasked, and JSON only with permission
    (Fetch, "CORS-safelisted request-header"), which the mock never gives.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        if await read_body(exchange):
            content_type(exchange, _JSON)
        await self.app(scope, receive, send)
