"""How many requests a partner may make, by the ``limits`` library."""

import math

import limits
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.exchange import Allowance, Exchange
from mock_server.problems import Problem, ProblemType


class RateLimit:
    """One limit, counted for each partner on its own.

    The window opens with a partner's first request and is of fixed length. Raises ValueError
    where ``limit`` is not such as ``100/minute``.
    """

    def __init__(self, limit: str) -> None:
        self._limit = limits.parse(limit)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def charge(self, exchange: Exchange, partner_id: str) -> None:
        """Count one request against a partner; raises the 429 where there were too many."""
        granted = await self._limiter.hit(self._limit, partner_id)
        window = await self._limiter.get_window_stats(self._limit, partner_id)
        exchange.allowance = Allowance(
            self._limit.amount, max(0, window.remaining), math.ceil(window.reset_time)
        )
        if not granted:
            wait = max(1, math.ceil(window.reset_time - exchange.now))
            raise Problem(
                ProblemType.RATE_LIMIT_EXCEEDED,
                "rate_limit_exceeded",
                f"At most {self._limit}; try again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )

    def untouched(self, now: float) -> Allowance:
        """What the headers say where no partner is known: the whole limit, none of it used."""
        reset = math.ceil(now + self._limit.get_expiry())
        return Allowance(self._limit.amount, self._limit.amount, reset)


class RateLimiting:
    """Charges the authenticated partner; a request without one is charged by its operation."""

    def __init__(self, app: ASGIApp, rate_limit: RateLimit) -> None:
        self.app = app
        self.rate_limit = rate_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        if exchange.partner_id is not None:
            await self.rate_limit.charge(exchange, exchange.partner_id)
        await self.app(scope, receive, send)
