"""The outermost stage: whatever happened further in, exactly one whole response leaves here."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.connection import close_connection, is_closed
from mock_server.exchange.exchange import (
    MAX_BODY_BYTES,
    REQUEST_ID_HEADER,
    UNKNOWN,
    Exchange,
    Head,
    Sent,
)
from mock_server.exchange.exchange import PATH as OWN_PATH
from mock_server.exchange.problems import Problem, ProblemType, Response
from mock_server.partners.clock import Clock
from mock_server.partners.rate_limit import RateLimit
from mock_server.pipeline.body import ClientGone, read_body
from mock_server.store.interface import StoreError

logger = logging.getLogger("mock_server")

Record = Callable[[Exchange, Head, Sent | None, float], None]
"""Takes note of an exchange that is over, and of when it had begun."""

Observe = Callable[[Exchange, int | None, float], None]
"""Tells of an exchange that is over, of its status if any, and of when it had begun."""

_UNDER_OWN = f"{OWN_PATH}/"

_SECONDS_FOR_BODY = 0.05
"""What is left for the body of a request that was refused without a look at it."""


class Answering:
    """Opens the exchange, turns every failure into a problem, and sends the response.

    It also answers the server's lifespan events with ``start`` and ``stop``. What is meant for
    the ``probes``, by their paths, or for the ``control`` plane goes there, and is none of the
    API's business.
    """

    def __init__(
        self,
        app: ASGIApp,
        clock: Clock,
        request_ids: Iterator[bytes],
        observe: Observe = lambda *_: None,
        rate_limit: RateLimit | None = None,
        start: Callable[[], Awaitable[None]] | None = None,
        stop: Callable[[], Awaitable[None]] | None = None,
        record: Record | None = None,
        probes: Mapping[str, ASGIApp] | None = None,
        control: ASGIApp | None = None,
    ) -> None:
        self.app = app
        self.clock = clock
        self.request_ids = request_ids
        self.observe = observe
        self.rate_limit = rate_limit
        self.start = start
        self.stop = stop
        self.record = record
        self.probes = probes or {}
        self.control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # In one line, because every request comes by.
        may_be_aside = scope["type"] == "lifespan" or scope["path"].startswith(_UNDER_OWN)
        if may_be_aside and await self._aside(scope, receive, send):
            return
        now, begun = self.clock.now(), time.perf_counter()
        exchange = Exchange(scope, receive, now, next(self.request_ids))
        exchange.enter()
        try:
            await self.app(scope, receive, send)
            response = exchange.response or _unexpected(exchange)
        except Problem as problem:
            exchange.refuse(problem)
            response = exchange.response or _unexpected(exchange)
        except ClientGone:
            self.observe(exchange, None, begun)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            exchange.refuse(_failure(exchange, error))
            response = exchange.response or _unexpected(exchange)
        finally:
            exchange.leave()
        if self.record and not exchange.has_body:
            await _read_what_is_there(exchange)
        headers = self._headers(exchange, response)
        head: Message = {
            "type": "http.response.start",
            "status": response.status,
            "headers": headers,
        }
        unheard = is_closed(receive)
        if exchange.delivery is None:
            # First: a client that has its answer finds it counted, whichever worker it asks.
            self.observe(exchange, None if unheard else response.status, begun)
            await send(head)
            await send({"type": "http.response.body", "body": response.body})
            if self.record:
                self.record(exchange, headers, Sent.nothing() if unheard else None, begun)
            return
        sent = await exchange.delivery(exchange, head, response.body, send)
        heard = Sent.nothing() if unheard else sent
        self.observe(exchange, heard.status, begun)
        if self.record:
            self.record(exchange, headers, heard, begun)
        if sent.cut:
            # Last, so that whoever finds the connection closed finds the journal complete.
            close_connection(receive)

    def _headers(self, exchange: Exchange, response: Response) -> list[tuple[bytes, bytes]]:
        headers = [(REQUEST_ID_HEADER, exchange.request_id)]
        if self.rate_limit:
            allowance = exchange.allowance or self.rate_limit.untouched(exchange.now)
            headers += [
                (b"x-ratelimit-limit", b"%d" % allowance.limit),
                (b"x-ratelimit-remaining", b"%d" % allowance.remaining),
                (b"x-ratelimit-reset", b"%d" % allowance.reset),
            ]
        if response.media_type:
            headers.append((b"content-type", response.media_type.encode("latin-1")))
        # RFC 9110 section 8.6: no Content-Length in a 204 response.
        if response.status != 204:  # noqa: PLR2004
            headers.append((b"content-length", b"%d" % len(response.body)))
        for name, value in response.headers.items():
            headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
        return headers

    async def _aside(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Whether it is no request to the API; then it is answered."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return True
        own = self.probes.get(scope["path"], self.control)
        if own is not None:
            await own(scope, receive, send)
        return own is not None

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
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
    request_id = exchange.request_id.decode()
    # Neither path nor query: a client may put a secret there.
    operation = exchange.operation.id if exchange.operation else UNKNOWN
    told = f"{exchange.scope['method']} {operation}"
    fields = {"request_id": request_id}
    if isinstance(error, StoreError):
        # One line: what fails is not the mock, and it fails for every request.
        logger.error("%s: %s", told, error, extra=fields)
        return _internal(request_id, "store_unavailable")
    logger.error("%s failed", told, exc_info=error, extra=fields)
    return _internal(request_id, "internal_error")


def _unexpected(exchange: Exchange) -> Response:
    request_id = exchange.request_id.decode()
    return _internal(request_id, "internal_error").response(exchange.path)


def _internal(request_id: str, code: str) -> Problem:
    detail = f"The mock failed on this request; its log says why, under {request_id}."
    return Problem(ProblemType.INTERNAL, code, detail)


async def _read_what_is_there(exchange: Exchange) -> None:
    """The body of a request that was refused, for the journal; a client need not send it."""
    length = exchange.header(b"content-length")
    if length == "0" or (length is None and exchange.header(b"transfer-encoding") is None):
        return
    if exchange.header(b"expect") is not None:
        return  # to read would be to ask for it
    with contextlib.suppress(TimeoutError, ClientGone, Problem):
        async with asyncio.timeout(_SECONDS_FOR_BODY):
            await read_body(exchange, MAX_BODY_BYTES)
