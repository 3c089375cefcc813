"""Access to the control plane: by the admin token, or without one, to the developer alone.

A page in the developer's browser reaches a loopback address as well: under a host name of the
page's own that it points there (DNS rebinding), or by a request to another origin. A browser tells
both by headers that no page can change: ``Host``, ``Origin`` (Fetch, section 3.2) and
``Sec-Fetch-Site`` (Fetch Metadata, section 2.3). No page has the admin token, so with it none of
them matters.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from dinie_contract.origins import canonical, is_foreign_page, is_loopback, name_in
from mock_server.exchange.authorization import Identity, bearer_token, unauthenticated
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType
from mock_server.pipeline.body import content_type, read_body
from openapi.operation import MediaType, RequestBody

_REMEDY = "or start the mock with --admin-token (DINIE_ADMIN_TOKEN) and send that token"

_JSON = RequestBody(False, {"application/json": MediaType("application/json", None, ())})  # noqa: FBT003


class ControlAccess:
    """The check of each request to the control plane.

    ``token`` is the admin token. Without one, a ``Host`` must be a loopback name, one of ``hosts``,
    or the address at which the server received the request; ``hosts`` None allows any.
    """

    def __init__(self, token: str | None, hosts: Iterable[str] | None = ()) -> None:
        self._token = token
        self._hosts = None if hosts is None else frozenset(map(canonical, hosts))

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
        origin, site = exchange.header(b"origin"), exchange.header(b"sec-fetch-site")
        if is_foreign_page(origin, site, f"{exchange.scope['scheme']}://{host}"):
            detail = (
                "The request is of a page of another origin (Origin, Sec-Fetch-Site)."
                f" Send it without a browser, {_REMEDY}."
            )
            raise Problem(ProblemType.FORBIDDEN, "foreign_origin", detail)

    def _is_own(self, host: str, scope: Scope) -> bool:
        if self._hosts is None:
            return True
        name = name_in(host)
        if name is None:
            return False
        # In process, where no browser reaches the mock, the client chose the address itself.
        server = scope.get("server")
        return is_loopback(name) or name in self._hosts or bool(server and name == server[0])


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
