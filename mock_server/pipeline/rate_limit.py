"""How many requests a partner may make, by the ``limits`` library."""

import math

import limits
from limits.aio.storage import Storage
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.clock import Clock
from mock_server.exchange import Allowance, Exchange
from mock_server.problems import Problem, ProblemType

_SWEEP_FROM = 1024


class WindowsInMemory(Storage):
    """The library's fixed windows in memory, on the mock's own clock.

    The library's own memory storage reads the machine's clock, and walks over all keys with
    every request; here only those of a doubled table are walked over.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._windows: dict[str, tuple[int, float]] = {}
        self._sweep_at = _SWEEP_FROM

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing here fails."""
        return LookupError

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a key's count; its window opens now where none is open."""
        now = self._clock.now()
        count, ends = self._windows.get(key, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + expiry
            self._sweep(now)
        self._windows[key] = count + amount, ends
        return count + amount

    async def get(self, key: str) -> int:
        """Count of a key's open window."""
        count, ends = self._windows.get(key, (0, 0.0))
        return count if ends > self._clock.now() else 0

    async def get_expiry(self, key: str) -> float:
        """When a key's window ends, as a Unix time."""
        now = self._clock.now()
        return max(now, self._windows.get(key, (0, now))[1])

    async def check(self) -> bool:
        """Memory is always there."""
        return True

    async def reset(self) -> int:
        """Forget all windows."""
        forgotten = len(self._windows)
        self._windows.clear()
        return forgotten

    async def clear(self, key: str) -> None:
        """Forget one window."""
        self._windows.pop(key, None)

    def _sweep(self, now: float) -> None:
        if len(self._windows) >= self._sweep_at:
            self._windows = {key: one for key, one in self._windows.items() if one[1] > now}
            self._sweep_at = max(_SWEEP_FROM, 2 * len(self._windows))


class RateLimit:
    """One limit, counted for each partner on its own.

    The window opens with a partner's first request and is of fixed length. Raises ValueError
    where ``limit`` is not such as ``100/minute``.
    """

    def __init__(self, limit: str, storage: Storage) -> None:
        self._limit = parse_limit(limit)
        self._window_seconds = self._limit.get_expiry()
        self._storage = storage

    async def charge(self, exchange: Exchange, partner_id: str) -> None:
        """Count one request against a partner; raises the 429 where there were too many."""
        count = await self._storage.incr(partner_id, self._window_seconds)
        reset = await self._storage.get_expiry(partner_id)
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
