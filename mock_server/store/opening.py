"""From the URL on the command line to a store."""

import importlib
from pathlib import Path

from mock_server.store.counters.file import FileCounters
from mock_server.store.counters.interface import RateLimitCounters
from mock_server.store.counters.memory import MemoryCounters
from mock_server.store.interface import Store, StoreError
from mock_server.store.sqlite import SqliteStore


def open_counters(store: str) -> RateLimitCounters:
    """The windows that go with the store of this URL: of all who share it, or of this process.

    The store is open already: it has made what is needed.
    """
    if is_redis(store):
        # By name, as the store itself: few starts need it.
        shared: RateLimitCounters = importlib.import_module(
            "mock_server.store.counters.redis"
        ).RedisCounters(store)
        return shared
    path = store_path(store)
    return FileCounters(path) if path else MemoryCounters()


_SQLITE = "sqlite://"
_REDIS = {"redis", "rediss", "redis+cluster", "rediss+cluster"}


def open_store(url: str) -> Store:
    """Open ``sqlite://`` (in memory), ``sqlite:///file.db`` (``sqlite:////absolute.db``) or Redis.

    Raises :class:`StoreError` for another URL, or a store that cannot be used.
    """
    if is_redis(url):
        # By name: few starts need the client, and every one would pay for it.
        opened: Store = importlib.import_module("mock_server.store.redis").RedisStore(url)
        return opened
    if not url.startswith(_SQLITE):
        raise StoreError(
            f"{url.partition(':')[0]!r} is no known kind of store: use sqlite:///FILE or redis://HOST:PORT"
        )
    path = store_path(url)
    return SqliteStore(path)


def is_shared(url: str) -> bool:
    """Whether several processes can keep their state in it."""
    return is_redis(url) or store_path(url) is not None


def is_redis(url: str) -> bool:
    """Whether it is a Redis or Valkey server."""
    kind, separator, _ = url.partition("://")
    return bool(separator) and kind in _REDIS


def store_path(url: str) -> Path | None:
    """The file behind a SQLite URL; None where the store is no file.

    Raises :class:`StoreError` for a URL with a host.
    """
    rest = url.removeprefix(_SQLITE)
    if rest and not rest.startswith("/"):
        raise StoreError(f"{url} names a host: a file is written sqlite:///{rest}")
    return Path(rest[1:]) if rest.removeprefix("/") not in {"", ":memory:"} else None
