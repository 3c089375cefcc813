"""Stores by URL scheme: the table of backends, and how they are opened.

A further store is one module with the three functions of :class:`Backend`, and its line in
:data:`BACKENDS`.
"""

import importlib
from collections.abc import Mapping
from typing import NamedTuple, Protocol, cast

from mock_server.store.interface import RateLimitCounters, Store, StoreError


class Backend(Protocol):
    """The module of one kind of store. Each function may raise :class:`StoreError`."""

    def open_store(self, url: str) -> Store:
        """Open the store of this URL."""
        ...

    def open_counters(self, url: str) -> RateLimitCounters:
        """Open the rate limit counters that belong to a store that is open already."""
        ...

    def is_shared(self, url: str) -> bool:
        """Whether several processes can use the store of this URL at once."""
        ...


class _Entry(NamedTuple):
    module: str
    form: str
    """The URL as help and errors show it."""
    schemes: frozenset[str]


BACKENDS = (
    _Entry("mock_server.store.sqlite", "sqlite:///FILE", frozenset({"sqlite"})),
    _Entry(
        "mock_server.store.redis",
        "redis://HOST:PORT",
        frozenset({"redis", "rediss", "redis+cluster", "rediss+cluster"}),
    ),
)
"""Every kind of store, by the name of its module: a start imports the one that it uses."""

_BY_SCHEME: Mapping[str, str] = {
    scheme: entry.module for entry in BACKENDS for scheme in entry.schemes
}

URL_FORMS = " or ".join(entry.form for entry in BACKENDS)
"""The URLs of all stores, for help and errors."""


def backend_of(url: str) -> Backend:
    """The backend for the scheme of ``url``; raises :class:`StoreError` for any other scheme."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in _BY_SCHEME:
        kind = url.partition(":")[0]
        raise StoreError(f"{kind!r} is no known kind of store: use {URL_FORMS}")
    return cast("Backend", importlib.import_module(_BY_SCHEME[scheme]))


def open_store(url: str) -> Store:
    """See :meth:`Backend.open_store`."""
    return backend_of(url).open_store(url)


def open_counters(url: str) -> RateLimitCounters:
    """See :meth:`Backend.open_counters`."""
    return backend_of(url).open_counters(url)


def is_shared(url: str) -> bool:
    """See :meth:`Backend.is_shared`."""
    return backend_of(url).is_shared(url)
