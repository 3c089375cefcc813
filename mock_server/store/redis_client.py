"""The client of a Redis or Valkey server, or of a cluster of them, from a URL."""

from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from mock_server.store.interface import StoreError

CLUSTER = "+cluster"
"""What the scheme of a cluster's URL ends with."""

_RETRIES = 2


def connect(url: str) -> Any:
    """A client. Nothing is sent yet. Raises :class:`StoreError` for a URL that cannot be used.

    The library types every answer as text or bytes, sent or awaited: hence no narrower type.
    """
    try:
        if is_cluster(url):
            return RedisCluster.from_url(plain_url(url), **options())
        return Redis.from_url(url, health_check_interval=15, **options())
    except ValueError as error:
        raise StoreError(f"--store {shown(url)} cannot be used: {error}") from error


def options() -> dict[str, Any]:
    """How long to wait for an answer, and how often to try: a request waits for all of it."""
    return {
        "socket_connect_timeout": 1.0,
        "socket_timeout": 2.0,
        "retry": Retry(ExponentialBackoff(cap=0.1, base=0.02), _RETRIES),
    }


def parts(url: str) -> dict[str, Any]:
    """What a URL says: host, port, password, and what its query sets."""
    found = dict(parse_url(plain_url(url)))
    if found.pop("connection_class", None):
        found["ssl"] = True
    return {"host": "localhost", "port": 6379, **found}


def is_cluster(url: str) -> bool:
    """Whether it is a cluster that is to be connected to."""
    return url.partition("://")[0].endswith(CLUSTER)


def plain_url(url: str) -> str:
    """The URL as the library reads it."""
    return url.replace(CLUSTER, "", 1) if is_cluster(url) else url


def shown(url: str) -> str:
    """Where a URL leads: all that may be shown of one, for it may hold a password."""
    whole = urlsplit(url)
    try:
        port = whole.port or 6379
    except ValueError as error:
        raise StoreError(f"--store: {error}") from None
    return f"{whole.scheme}://{whole.hostname or 'localhost'}:{port}"
