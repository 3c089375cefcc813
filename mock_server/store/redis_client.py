"""The client of a Redis or Valkey server, or of a cluster of them, from a URL."""

from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from mock_server.store.interface import StoreError

KEY_PREFIX = "dinie"
"""The beginning of every key."""

CLUSTER = "+cluster"
"""The end of the scheme of a cluster's URL."""

_RETRIES = 2


def connect(url: str) -> Any:
    """Make a client, sending nothing yet; raises :class:`StoreError` for a URL it cannot read.

    The library types every answer as text or bytes, sent or awaited: hence no narrower type.
    """
    try:
        if is_cluster(url):
            return RedisCluster.from_url(url.replace(CLUSTER, "", 1), **options())
        return Redis.from_url(url, health_check_interval=15, **options())
    except ValueError as error:
        raise StoreError(f"--store {shown(url)} cannot be used: {error}") from error


def options() -> dict[str, Any]:
    """Timeouts in seconds, and retries: a request to the mock may wait for all of them."""
    return {
        "socket_connect_timeout": 1.0,
        "socket_timeout": 2.0,
        "retry": Retry(ExponentialBackoff(cap=0.1, base=0.02), _RETRIES),
    }


def is_cluster(url: str) -> bool:
    """Whether the URL is that of a cluster."""
    return url.partition("://")[0].endswith(CLUSTER)


def shown(url: str) -> str:
    """Scheme, host and port of a URL: messages show no more, because it may hold a password."""
    whole = urlsplit(url)
    try:
        port = whole.port or 6379
    except ValueError as error:
        raise StoreError(f"--store: {error}") from None
    return f"{whole.scheme}://{whole.hostname or 'localhost'}:{port}"
