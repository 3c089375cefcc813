"""The outermost stage: whatever happened further in, exactly one whole response leaves here."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.clock import Clock
from mock_server.connection import close_connection, is_closed
from mock_server.control import PATH as CONTROL_PATH
from mock_server.exchange import Exchange, Head, Sent
from mock_server.pipeline.body import ClientGone, read_body
from mock_server.pipeline.rate_limit import RateLimit
from mock_server.problems import Problem, ProblemType
from mock_server.response import Response
from mock_server.settings import MAX_BODY_BYTES
from mock_server.store.interface import StoreError

logger = logging.getLogger("mock_server")

Record = Callable[[Exchange, Head, Sent | None, float], None]
"""Takes note of an exchange that is over, and of when it had begun."""

_UNDER_CONTROL = f"{CONTROL_PATH}/"

_SECONDS_FOR_BODY = 0.05
"""What is left for the body of a request that was refused without a look at it."""


class Answering:
    """Opens the exchange, turns every failure into a problem, and sends the response.

    It also answers the server's lifespan events with ``start`` and ``stop``. What is meant for
    the ``control`` plane goes there, and is none of the API's business.
    """

    def __init__(
        self,
        app: ASGIApp,
        clock: Clock,
        rate_limit: RateLimit | None = None,
        start: Callable[[], Awaitable[None]] | None = None,
        stop: Callable[[], Awaitable[None]] | None = None,
        record: Record | None = None,
        control: ASGIApp | None = None,
    ) -> None:
        self.app = app
        self.clock = clock
        self.rate_limit = rate_limit
        self.start = start
        self.stop = stop
        self.record = record
        self.control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if self.control and scope["path"].startswith(_UNDER_CONTROL):
            await self.control(scope, receive, send)
            return
        now, begun = self.clock.now(), time.perf_counter()
        exchange = Exchange(scope, receive, now)
        exchange.enter()
        try:
            await self.app(scope, receive, send)
            response = exchange.response or _unexpected(exchange)
        except Problem as problem:
            exchange.refuse(problem)
            response = exchange.response or _unexpected(exchange)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            response = exchange.response = _failure(exchange, error)
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
        sent: Sent | None
        if exchange.delivery is None:
            await send(head)
            await send({"type": "http.response.body", "body": response.body})
            sent = None
        else:
            sent = await exchange.delivery(exchange, head, response.body, send)
        if self.record:
            self.record(exchange, headers, Sent.nothing() if unheard else sent, begun)
        if sent is not None and sent.cut:
            # Last, so that whoever finds the connection closed finds the journal complete.
            close_connection(receive)

    def _headers(self, exchange: Exchange, response: Response) -> list[tuple[bytes, bytes]]:
        headers = []
        if self.rate_limit:
            allowance = exchange.allowance or self.rate_limit.untouched(exchange.now)
            headers = [
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


def _failure(exchange: Exchange, error: Exception) -> Response:
    told = f"{exchange.scope['method']} {exchange.path}"
    if isinstance(error, StoreError):
        # One line: what fails is not the mock, and it fails for every request.
        logger.error("%s: %s", told, error)
        return _unexpected(exchange, "store_unavailable")
    logger.error("%s failed", told, exc_info=error)
    return _unexpected(exchange)


def _unexpected(exchange: Exchange, code: str = "internal_error") -> Response:
    detail = "The mock failed on this request; its log says why."
    return Problem(ProblemType.INTERNAL, code, detail).response(exchange.path)


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
