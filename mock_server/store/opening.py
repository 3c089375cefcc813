"""From the URL on the command line to a store."""

from pathlib import Path

from mock_server.store.interface import Store, StoreError
from mock_server.store.redis import RedisStore
from mock_server.store.sqlite import SqliteStore

_SQLITE = "sqlite://"
_REDIS = {"redis", "rediss"}


def open_store(url: str) -> Store:
    """Open ``sqlite://`` (in memory), ``sqlite:///file.db`` (``sqlite:////absolute.db``) or Redis.

    Raises :class:`StoreError` for another URL, or a store that cannot be used.
    """
    kind = url.partition(":")[0]
    if kind in _REDIS and "://" in url:
        return RedisStore(url)
    if not url.startswith(_SQLITE):
        raise StoreError(
            f"{kind!r} is no known kind of store: use sqlite:///FILE or redis://HOST:PORT"
        )
    path = store_path(url)
    return SqliteStore(path)


def store_path(url: str) -> Path | None:
    """The file behind a SQLite URL; None where the store is no file.

    Raises :class:`StoreError` for a URL with a host.
    """
    rest = url.removeprefix(_SQLITE)
    if rest and not rest.startswith("/"):
        raise StoreError(f"{url} names a host: a file is written sqlite:///{rest}")
    return Path(rest[1:]) if rest.removeprefix("/") not in {"", ":memory:"} else None
