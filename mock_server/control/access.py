"""Access to the control plane: by the admin token, or without one, to the developer alone.

A page in the developer's browser reaches a loopback address as well: under a host name of the
page's own that it points there (DNS rebinding), or by a request to another origin. A browser tells
both by headers that no page can change: ``Host``, ``Origin`` (Fetch, section 3.2) and
``Sec-Fetch-Site`` (Fetch Metadata, section 2.3). No page has the admin token, so with it none of
them matters.

A browser cannot send the admin token with a page that it opens. It is exchanged for a session: a
cookie that no script reads, and that no page of another site can have sent (``SameSite=Strict``,
RFC 6265bis section 5.4.7); ``Origin`` and ``Sec-Fetch-Site`` are checked with it as well.
"""

import asyncio
import contextlib
import secrets
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from dinie_contract.origins import canonical, is_foreign_page, is_loopback, name_in
from mock_server.exchange.authorization import Identity, bearer_token, unauthenticated
from mock_server.exchange.exchange import CONTROL_PATH, Exchange
from mock_server.exchange.problems import Problem, ProblemType
from mock_server.pipeline.body import content_type, read_body
from openapi.operation import MediaType, RequestBody

_REMEDY = "or start the mock with --admin-token (DINIE_ADMIN_TOKEN) and send that token"

_MOST_SESSIONS = 100
"""Browsers that are signed in at a time; one more ends the oldest session."""

_SESSION_SECONDS = 12 * 3600

_JSON = RequestBody(False, {"application/json": MediaType("application/json", None, ())})  # noqa: FBT003


class Session:
    """A browser that is signed in: for a time, and until it signs out or makes room for another."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        """What the cookie holds."""
        self._expires = time.monotonic() + _SESSION_SECONDS
        self._ended = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether the browser is still signed in."""
        return not self._ended.is_set() and time.monotonic() < self._expires

    def end(self) -> None:
        """End the session now, and all that waits for its end."""
        self._ended.set()

    async def wait_for_end(self) -> None:
        """Wait until the session has ended, whatever ended it."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), self._expires - time.monotonic())


class ControlAccess:
    """The check of each request to the control plane.

    ``token`` is the admin token. Without one, a ``Host`` must be a loopback name, one of ``hosts``,
    or the address at which the server received the request; ``hosts`` None allows any.
    """

    def __init__(self, token: str | None, hosts: Iterable[str] | None = ()) -> None:
        self._token = token
        self._sessions: deque[Session] = deque()
        """The sessions, the oldest first."""
        self._hosts = None if hosts is None else frozenset(map(canonical, hosts))

    def check(self, exchange: Exchange) -> Identity:
        """The identity of the administrator; raises a 401 or a 403 for any other request."""
        if self._token is None:
            self._check_headers(exchange)
            return {}
        given = bearer_token(exchange)
        if given is None:
            session = self._session(exchange)
            if session:
                self._check_origin(exchange)
                exchange.wait_for_logout = session.wait_for_end
                return {"sub": "admin"}
            detail = "Send the header Authorization: Bearer with the admin token."
            raise unauthenticated("missing_token", detail)
        self._check_token(given.encode("latin-1"))
        return {"sub": "admin"}

    @property
    def has_token(self) -> bool:
        """Whether there is an admin token, so that browsers have to sign in."""
        return self._token is not None

    def begin_session(self, exchange: Exchange, token: str) -> str:
        """The cookie of a new session for who has the admin token; raises a 401 otherwise."""
        self._check_origin(exchange)
        self._check_token(token.encode("utf-8", "surrogatepass"))
        while len(self._sessions) >= _MOST_SESSIONS:
            self._sessions.popleft().end()
        session = Session()
        self._sessions.append(session)
        return _cookie(exchange, session.token, _SESSION_SECONDS)

    def end_session(self, exchange: Exchange) -> str:
        """End the session of a request; the cookie that removes its own."""
        session = self._session(exchange)
        if session:
            session.end()
            self._sessions.remove(session)
        return _cookie(exchange, "", 0)

    def _check_token(self, given: bytes) -> None:
        if self._token is None or not secrets.compare_digest(given, self._token.encode()):
            detail = "This is not the admin token."
            raise unauthenticated("invalid_token", detail, error="invalid_token")

    def _session(self, exchange: Exchange) -> Session | None:
        given = exchange.cookies().get(_cookie_name(exchange), "").encode()
        found = [one for one in self._sessions if secrets.compare_digest(given, one.token.encode())]
        return next((one for one in found if one.is_open), None)

    def _check_headers(self, exchange: Exchange) -> None:
        host = (exchange.header(b"host") or "").strip().lower()
        if not self._is_own(host, exchange.scope):
            detail = (
                "The Host is neither a loopback name nor the address of the mock, so the request"
                f" may be of a page in a browser. Send it to localhost, {_REMEDY}."
            )
            raise Problem(ProblemType.FORBIDDEN, "foreign_host", detail)
        self._check_origin(exchange)

    def _check_origin(self, exchange: Exchange) -> None:
        host = (exchange.header(b"host") or "").strip().lower()
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


def _cookie_name(exchange: Exchange) -> str:
    """The name of a session's cookie: one for each port, which cookies themselves do not know."""
    port = (exchange.header(b"host") or "").rpartition(":")[2]
    return f"dinie_mock_{port}" if port.isdecimal() else "dinie_mock"


def _cookie(exchange: Exchange, value: str, seconds: int) -> str:
    secure = "; Secure" if exchange.scope["scheme"] == "https" else ""
    name = _cookie_name(exchange)
    return (
        f"{name}={value}; Path={CONTROL_PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    )


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
