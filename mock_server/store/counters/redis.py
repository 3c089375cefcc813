"""Rate limit windows on a Redis server, for all hosts: the ``limits`` library's own storage."""

import time
from typing import Any, Final

from limits.aio.storage import RedisClusterStorage, RedisStorage
from redis.asyncio import Redis
from redis.exceptions import RedisError

from mock_server.store.interface import StoreError
from mock_server.store.redis import KEY_PREFIX
from mock_server.store.redis_client import connect, is_cluster, options, parts, shown

_LIBRARY: Final = "redispy"


class RedisCounters:
    """Fixed windows that several processes count in together.

    They end by the server's clock: a window that several hosts share is no partner's own.
    """

    def __init__(self, url: str) -> None:
        self._name = shown(url)
        self._storage = _storage(url)
        self._ends: dict[str, float] = {}

    async def hit(self, key: str, seconds: int, now: float) -> tuple[int, float]:
        """See :meth:`mock_server.store.counters.interface.RateLimitCounters.hit`."""
        name = f"{{{key}}}:window"
        present = time.time()
        try:
            count = await self._storage.incr(name, seconds)
            ends = self._ends.get(key, 0.0)
            # The server is asked only once in each window when it will end.
            if count == 1 or not present < ends <= present + seconds:
                ends = self._ends[key] = await self._storage.get_expiry(name)
        except RedisError as error:
            raise StoreError(f"{self._name} cannot be used: {error}") from error
        return count, now + max(0.0, ends - present)

    def forget(self, key: str) -> None:
        """Forget a partner's end of window; its count in Redis expires by itself."""
        self._ends.pop(key, None)

    async def close(self) -> None:
        """See :meth:`mock_server.store.counters.interface.RateLimitCounters.close`."""
        # The library has no word for this.
        bridge: Any = self._storage.bridge
        await bridge.storage.aclose()
        if isinstance(bridge.storage, Redis):
            # The pool was given to it, so it is not its own to close.
            await bridge.storage.connection_pool.aclose()


def _storage(url: str) -> RedisStorage:
    # Among the partner's other keys, so that the store forgets the windows with them.
    if not is_cluster(url):
        return RedisStorage(
            "async+redis://",
            implementation=_LIBRARY,
            key_prefix=KEY_PREFIX,
            connection_pool=connect(url).connection_pool,
        )
    found = parts(url)
    return RedisClusterStorage(
        f"async+redis+cluster://{found.pop('host')}:{found.pop('port')}",
        implementation=_LIBRARY,
        key_prefix=KEY_PREFIX,
        **found,
        **options(),
    )
