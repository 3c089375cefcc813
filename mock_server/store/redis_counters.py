"""Rate limit counters on a Redis server, in the storage of the ``limits`` library."""

import time
from typing import Any, Final

from limits.aio.storage import RedisClusterStorage, RedisStorage
from redis.asyncio import Redis
from redis.asyncio.connection import parse_url
from redis.exceptions import RedisError

from mock_server.store.interface import RateLimitCounters, StoreErrors
from mock_server.store.redis_client import CLUSTER, KEY_PREFIX, connect, is_cluster, options, shown

_LIBRARY: Final = "redispy"


class RedisCounters(RateLimitCounters):
    """Counters in Redis, shared by all processes of all hosts.

    A window ends by the server's clock and not by a partner's, because several hosts share it.
    """

    def __init__(self, url: str) -> None:
        self._errors = StoreErrors(shown(url), RedisError)
        self._storage = _storage(url)
        self._ends: dict[str, float] = {}

    async def hit(self, key: str, seconds: int, now: float) -> tuple[int, float]:
        name, present = _name(key), time.time()
        with self._errors:
            count = await self._storage.incr(name, seconds)
            ends = self._ends.get(key, 0.0)
            # The end of a window is read from the server only once.
            if count == 1 or not present < ends <= present + seconds:
                ends = self._ends[key] = await self._storage.get_expiry(name)
        return count, now + max(0.0, ends - present)

    async def peek(self, key: str, seconds: int, now: float) -> tuple[int, float] | None:
        with self._errors:
            count = await self._storage.get(_name(key))
            ends = await self._storage.get_expiry(_name(key))
        return (count, now + max(0.0, ends - time.time())) if count else None

    async def forget(self, key: str) -> None:
        self._ends.pop(key, None)
        with self._errors:
            await self._storage.clear(_name(key))

    async def close(self) -> None:
        # The library offers no way to close its connections.
        bridge: Any = self._storage.bridge
        await bridge.storage.aclose()
        if isinstance(bridge.storage, Redis):
            # The client does not close a pool that was passed to it.
            await bridge.storage.connection_pool.aclose()


def _name(key: str) -> str:
    return f"{{{key}}}:window"


def _storage(url: str) -> RedisStorage:
    # Among the partner's other keys, so that the store deletes the counters with them.
    if not is_cluster(url):
        return RedisStorage(
            "async+redis://",
            implementation=_LIBRARY,
            key_prefix=KEY_PREFIX,
            connection_pool=connect(url).connection_pool,
        )
    parsed = parse_url(url.replace(CLUSTER, "", 1))
    found: dict[str, Any] = {"host": "localhost", "port": 6379, **parsed}
    if found.pop("connection_class", None):
        found["ssl"] = True
    return RedisClusterStorage(
        f"async+redis+cluster://{found.pop('host')}:{found.pop('port')}",
        implementation=_LIBRARY,
        key_prefix=KEY_PREFIX,
        **found,
        **options(),
    )
