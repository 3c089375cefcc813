"""The outermost stage: whatever happened further in, exactly one whole response leaves here."""

import logging
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.clock import Clock
from mock_server.exchange import Exchange, Response
from mock_server.pipeline.body import ClientGone
from mock_server.pipeline.rate_limit import RateLimit
from mock_server.problems import Problem, ProblemType

logger = logging.getLogger("mock_server")


class Answering:
    """Opens the exchange, turns every failure into a problem, and sends the response.

    It also answers the server's lifespan events with ``start`` and ``stop``.
    """

    def __init__(
        self,
        app: ASGIApp,
        clock: Clock,
        rate_limit: RateLimit,
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], None],
    ) -> None:
        self.app = app
        self.clock = clock
        self.rate_limit = rate_limit
        self.start = start
        self.stop = stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        exchange = Exchange(scope, receive, self.clock.now())
        exchange.enter()
        try:
            await self.app(scope, receive, send)
            response = exchange.response or _unexpected(exchange)
        except Problem as problem:
            response = problem.response(exchange.path)
        except ClientGone:
            return
        except Exception:
            logger.exception("%s %s failed", scope["method"], exchange.path)
            response = _unexpected(exchange)
        finally:
            exchange.leave()
        headers = self._headers(exchange, response)
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    def _headers(self, exchange: Exchange, response: Response) -> list[tuple[bytes, bytes]]:
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
                await self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _unexpected(exchange: Exchange) -> Response:
    detail = "The mock failed on this request; its log says why."
    return Problem(ProblemType.INTERNAL, "internal_error", detail).response(exchange.path)
