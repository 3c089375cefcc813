"""The rate limit of each partner, and the 429."""

import math

import limits

from mock_server.exchange.exchange import Allowance, Exchange
from mock_server.exchange.problems import Problem, ProblemType
from mock_server.store.interface import RateLimitCounters


class RateLimit:
    """A rate limit that is counted for each partner on its own.

    The window opens with a partner's first request and is of fixed length. Raises ValueError
    for a ``limit`` that is not of the form ``100/minute``.
    """

    def __init__(self, limit: str, counters: RateLimitCounters) -> None:
        self._limit = parse_limit(limit)
        self.amount = self._limit.amount
        self.window_seconds = self._limit.get_expiry()
        self._counters = counters

    async def charge(self, exchange: Exchange, partner_id: str) -> None:
        """Count one request against a partner; raises the 429 where there were too many."""
        count, reset = await self._counters.hit(partner_id, self.window_seconds, exchange.now)
        remaining = self.amount - count
        exchange.allowance = Allowance(self.amount, max(0, remaining), math.ceil(reset))
        if remaining < 0:
            wait = max(1, math.ceil(reset - exchange.now))
            raise Problem(
                ProblemType.RATE_LIMIT_EXCEEDED,
                "rate_limit_exceeded",
                "No requests are left in this window. Wait, then try again.",
                headers={"Retry-After": str(wait)},
            )

    async def left(self, partner_id: str, now: float) -> tuple[int, float | None]:
        """What is left of a partner's limit, without counting, and the end of the open window."""
        count, ends = await self._counters.peek(partner_id, self.window_seconds, now) or (0, None)
        return max(0, self.amount - count), ends

    async def forget(self, partner_id: str) -> None:
        """Forget the requests of a partner."""
        await self._counters.forget(partner_id)

    def untouched(self, now: float) -> Allowance:
        """The allowance of a response where no partner is known: the whole limit."""
        reset = math.ceil(now + self.window_seconds)
        return Allowance(self.amount, self.amount, reset)


def parse_limit(text: str) -> limits.RateLimitItem:
    """Parse a limit such as ``100/minute``; raises ValueError for any other text."""
    limit = limits.parse(text)
    if limit.amount < 1:
        raise ValueError(f"{text} allows no request at all")
    return limit
