"""Rate limit windows on a Redis server, for all hosts: the ``limits`` library's own storage."""

import time

from limits.aio.storage import RedisStorage
from redis.exceptions import RedisError

from mock_server.store.interface import StoreError
from mock_server.store.redis import KEY_PREFIX, SECONDS_TO_ANSWER, SECONDS_TO_CONNECT


class SharedWindows:
    """Fixed windows that several processes count in together.

    They end by the server's clock: a window that several hosts share is no partner's own.
    """

    def __init__(self, url: str) -> None:
        # Among the partner's other keys, so that the store forgets the windows with them.
        self._storage = RedisStorage(
            f"async+{url}",
            implementation="redispy",
            key_prefix=KEY_PREFIX,
            socket_connect_timeout=SECONDS_TO_CONNECT,
            socket_timeout=SECONDS_TO_ANSWER,
        )

    async def hit(self, key: str, seconds: int, now: float) -> tuple[int, float]:
        """See :meth:`mock_server.pipeline.rate_limit.Windows.hit`."""
        name = f"{{{key}}}:window"
        try:
            count = await self._storage.incr(name, seconds)
            ends = await self._storage.get_expiry(name)
        except RedisError as error:
            raise StoreError(f"the rate limit cannot be counted: {error}") from error
        return count, now + max(0.0, ends - time.time())

    def forget(self, key: str) -> None:
        """See :meth:`mock_server.pipeline.rate_limit.Windows.forget`; the store has done it."""
