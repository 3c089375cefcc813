"""How many requests a partner may make. The ``limits`` library reads what a limit says."""

import importlib
import math
from typing import Protocol

import limits
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.exchange import Allowance, Exchange
from mock_server.problems import Problem, ProblemType
from mock_server.store.opening import is_redis


class Windows(Protocol):
    """Counts requests in windows of fixed length, each opened by its first request."""

    async def hit(self, key: str, seconds: int, now: float) -> tuple[int, float]:
        """Count one more; gives the count of the open window, and when that ends."""
        ...

    def forget(self, key: str) -> None:
        """Begin anew."""
        ...


class WindowsInMemory:
    """The windows of this process: as many as there are partners.

    The library's own storage reads the machine's clock, which is not the partner's, and walks
    over all keys with every request.
    """

    def __init__(self) -> None:
        self._windows: dict[str, tuple[int, float]] = {}

    async def hit(self, key: str, seconds: int, now: float) -> tuple[int, float]:
        """See :meth:`Windows.hit`."""
        count, ends = self._windows.get(key, (0, 0.0))
        if not now < ends <= now + seconds:  # over, or the clock was set back
            count, ends = 0, now + seconds
        window = self._windows[key] = count + 1, ends
        return window

    def forget(self, key: str) -> None:
        """See :meth:`Windows.forget`."""
        self._windows.pop(key, None)


def open_windows(store: str) -> Windows:
    """The windows that go with the store of this URL: those of all hosts, or of this process."""
    if is_redis(store):
        # By name, as the store itself: few starts need it.
        shared: Windows = importlib.import_module(
            "mock_server.pipeline.shared_windows"
        ).SharedWindows(store)
        return shared
    return WindowsInMemory()


class RateLimit:
    """One limit, counted for each partner on its own.

    The window opens with a partner's first request and is of fixed length. Raises ValueError
    where ``limit`` is not such as ``100/minute``.
    """

    def __init__(self, limit: str, windows: Windows) -> None:
        self._limit = parse_limit(limit)
        self._window_seconds = self._limit.get_expiry()
        self._windows = windows

    async def charge(self, exchange: Exchange, partner_id: str) -> None:
        """Count one request against a partner; raises the 429 where there were too many."""
        count, reset = await self._windows.hit(partner_id, self._window_seconds, exchange.now)
        remaining = self._limit.amount - count
        exchange.allowance = Allowance(self._limit.amount, max(0, remaining), math.ceil(reset))
        if remaining < 0:
            wait = max(1, math.ceil(reset - exchange.now))
            raise Problem(
                ProblemType.RATE_LIMIT_EXCEEDED,
                "rate_limit_exceeded",
                f"At most {self._limit}; try again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )

    def untouched(self, now: float) -> Allowance:
        """What the headers say where no partner is known: the whole limit, none of it used."""
        reset = math.ceil(now + self._window_seconds)
        return Allowance(self._limit.amount, self._limit.amount, reset)


def parse_limit(text: str) -> limits.RateLimitItem:
    """Read a limit such as ``100/minute``; raises ValueError for any that makes no sense."""
    limit = limits.parse(text)
    if limit.amount < 1:
        raise ValueError(f"{text} allows no request at all")
    return limit


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
