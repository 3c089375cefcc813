"""The table of stores by URL scheme.

A further store is one module with a ``BACKEND``, and its line in :data:`BACKENDS`.
"""

import importlib
from typing import NamedTuple

from mock_server.store.interface import Backend, StoreError


class _Entry(NamedTuple):
    module: str
    form: str
    """The URL as help and errors show it."""
    schemes: frozenset[str]


BACKENDS = (
    _Entry("mock_server.store.sqlite_store", "sqlite:///FILE", frozenset({"sqlite"})),
    _Entry(
        "mock_server.store.redis_store",
        "redis://HOST:PORT",
        frozenset({"redis", "rediss", "redis+cluster", "rediss+cluster"}),
    ),
)
"""Every kind of store, by the name of its module: a start imports the one that it uses."""

URL_FORMS = " or ".join(entry.form for entry in BACKENDS)
"""The URLs of all stores, for help and errors."""


def backend_of(url: str) -> Backend:
    """The backend for the scheme of ``url``; raises :class:`StoreError` for any other scheme."""
    scheme, separator, _ = url.partition("://")
    for entry in BACKENDS:
        if separator and scheme in entry.schemes:
            backend: Backend = importlib.import_module(entry.module).BACKEND
            return backend
    kind = url.partition(":")[0]
    raise StoreError(f"{kind!r} is no known kind of store: use {URL_FORMS}")
