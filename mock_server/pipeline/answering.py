"""The outermost stage: it turns exceptions into problems, and sends exactly one response."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.connection import (
    close_connection,
    has_arrived,
    is_closed,
    send_whole,
    wait_until_closed,
)
from mock_server.exchange.exchange import (
    CONTROL_PATH,
    NOTHING_SENT,
    REQUEST_ID_HEADER,
    UNKNOWN,
    Exchange,
    Head,
    Refusals,
    Sent,
)
from mock_server.exchange.problems import PROBLEM_STYLE, Problem, ProblemType, Response
from mock_server.partners.clock import Clock
from mock_server.partners.rate_limit import RateLimit
from mock_server.pipeline.body import ClientGone, read_body
from mock_server.store.interface import StoreError

logger = logging.getLogger("mock_server")

Record = Callable[[Exchange, Head, Sent | None, float], None]
"""Record a finished exchange; the last argument is its start on the performance counter."""

Observe = Callable[[Exchange, int | None, float], None]
"""Observe a finished exchange, its status or None, and its start on the performance counter."""

_CONTROL_PREFIX = f"{CONTROL_PATH}/"

_SITES_OF_OWN_PAGES = {"none", "same-origin"}
"""Where a page of the mock, or the address bar, sends a request from (Fetch Metadata).

A browser sends a request again by itself where a connection that has carried others is closed
without an answer. A page could not show that an answer was lost, and would be judged for a retry
that is not its own.
"""

_SECONDS_FOR_BODY = 0.05
"""Time to receive the body of a request that was refused before its body was read."""


@dataclass(frozen=True, slots=True)
class Answering:
    """Opens the exchange, turns every failure into a problem, and sends the response.

    The server's lifespan events run ``start`` and ``stop``. Requests to the paths of ``probes``,
    and others to the ``control`` plane, are passed on and are not exchanges of the API.
    """

    app: ASGIApp
    clock: Clock
    request_ids: Iterator[bytes]
    observe: Observe = lambda *_: None
    rate_limit: RateLimit | None = None
    start: Callable[[], Awaitable[None]] | None = None
    stop: Callable[[], Awaitable[None]] | None = None
    record: Record | None = None
    probes: Mapping[str, ASGIApp] = field(default_factory=dict)
    control: ASGIApp | None = None
    defaults: tuple[tuple[bytes, bytes], ...] = ()
    """Headers of every response that has none of its own by that name."""
    refusals: Refusals = field(default_factory=Refusals)
    page_of: Callable[[Exchange, Problem], Response | None] = lambda *_: None
    """The page that answers in place of a problem document; None where that is the answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # One expression, because every request evaluates it.
        is_apart = scope["type"] == "lifespan" or scope["path"].startswith(_CONTROL_PREFIX)
        if is_apart and await self._handle_apart(scope, receive, send):
            return
        now, started = self.clock.now(), time.perf_counter()
        exchange = Exchange(scope, receive, now, next(self.request_ids), self.refusals)
        exchange.enter()
        try:
            await self.app(scope, receive, send)
        except Problem as problem:
            self._refuse(exchange, problem)
        except ClientGone:
            self.observe(exchange, None, started)
            # uvicorn may not know it yet, and would miss an answer.
            await wait_until_closed(receive)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            self._refuse(exchange, _failure(exchange, error))
        finally:
            exchange.leave()
        response = exchange.response or _unanswered(exchange)
        if self.record and not exchange.has_body:
            await _read_refused_body(exchange)
        headers = self._headers(exchange, response)
        status = response.status
        head: Message = {"type": "http.response.start", "status": status, "headers": headers}
        is_gone = is_closed(receive)
        if exchange.delivery is None:
            # Before sending: a client that has its answer must find it counted, by any worker.
            self.observe(exchange, None if is_gone else status, started)
            await send_whole(send, head, response.body)
            if self.record:
                self.record(exchange, headers, NOTHING_SENT if is_gone else None, started)
            return
        sent = await exchange.delivery(exchange, head, response.body, send)
        received = NOTHING_SENT if is_gone else sent
        self.observe(exchange, received.status, started)
        if self.record:
            self.record(exchange, headers, received, started)
        if sent.cut:
            # Last, so that a client that sees the connection closed finds the journal complete.
            close_connection(receive, reset=sent.is_reset)

    def _refuse(self, exchange: Exchange, problem: Problem) -> None:
        exchange.refuse(problem)
        exchange.response = self.page_of(exchange, problem) or exchange.response

    def _headers(self, exchange: Exchange, response: Response) -> list[tuple[bytes, bytes]]:
        headers = [(REQUEST_ID_HEADER, exchange.request_id)]
        if self.defaults:
            own = {name.lower().encode("latin-1") for name in response.headers}
            headers += [default for default in self.defaults if default[0] not in own]
        if self.rate_limit:
            allowance = exchange.allowance or self.rate_limit.untouched(exchange.now)
            headers += [
                (b"x-ratelimit-limit", b"%d" % allowance.limit),
                (b"x-ratelimit-remaining", b"%d" % allowance.remaining),
                (b"x-ratelimit-reset", b"%d" % allowance.reset),
            ]
        if response.media_type:
            headers.append((b"content-type", response.media_type.encode("latin-1")))
        # RFC 9110 section 8.6: none in a 204 response, in a 304 or to HEAD only that of a GET.
        is_head = exchange.operation is not None and exchange.operation.method == "HEAD"
        is_bare = (is_head or response.status == HTTPStatus.NOT_MODIFIED) and not response.body
        if response.status != HTTPStatus.NO_CONTENT and not is_bare:
            headers.append((b"content-length", b"%d" % len(response.body)))
        for name, value in response.headers.items():
            headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
        if exchange.header(b"sec-fetch-site") in _SITES_OF_OWN_PAGES:
            headers.append((b"connection", b"close"))
        return headers

    async def _handle_apart(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Handle lifespan events, probes and the control plane; False for a request to the API."""
        if scope["type"] == "lifespan":
            await self._run_lifespan(scope, receive, send)
            return True
        own = self.probes.get(scope["path"], self.control)
        if own is not None:
            await own(scope, receive, send)
        return own is not None

    async def _run_lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                # The connections refuse what is no request in the same style.
                scope.get("state", {})[PROBLEM_STYLE] = self.refusals.style
                try:
                    if self.start:
                        await self.start()
                except StoreError as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                if self.stop:
                    await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _failure(exchange: Exchange, error: Exception) -> Problem:
    # Neither path nor query: a client may put a secret there.
    operation = exchange.operation.id if exchange.operation else UNKNOWN
    call = f"{exchange.scope['method']} {operation}"
    fields = {"request_id": exchange.request_id.decode()}
    if isinstance(error, StoreError):
        # One line and no traceback: the store fails for every request.
        logger.error("%s: %s", call, error, extra=fields)
        return _internal(exchange, "store_unavailable")
    logger.error("%s failed", call, exc_info=error, extra=fields)
    return _internal(exchange, "internal_error")


def _internal(exchange: Exchange, code: str) -> Problem:
    request_id = exchange.request_id.decode()
    detail = f"The server could not answer this request; its log says why, under {request_id}."
    return Problem(ProblemType.INTERNAL, code, detail)


def _unanswered(exchange: Exchange) -> Response:
    return exchange.refusals(exchange, _internal(exchange, "internal_error"))


async def _read_refused_body(exchange: Exchange) -> None:
    """Read the body of a request that was refused, for the journal, if it arrives in time."""
    length = exchange.header(b"content-length")
    if length == "0" or (length is None and exchange.header(b"transfer-encoding") is None):
        return
    if exchange.header(b"expect") is not None:
        return  # reading would send 100 Continue
    with contextlib.suppress(TimeoutError, ClientGone, Problem):
        if has_arrived(exchange.receive):  # as nearly always: a timer would cost more than the rest
            await read_body(exchange)
            return
        async with asyncio.timeout(_SECONDS_FOR_BODY):
            await read_body(exchange)
