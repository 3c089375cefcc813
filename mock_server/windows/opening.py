"""From the URL of a store to the windows that go with it."""

import importlib

from mock_server.store.opening import is_redis, store_path
from mock_server.windows.file import FileWindows
from mock_server.windows.interface import Windows
from mock_server.windows.memory import WindowsInMemory


def open_windows(store: str) -> Windows:
    """The windows that go with the store of this URL: of all who share it, or of this process.

    The store is open already: it has made what is needed.
    """
    if is_redis(store):
        # By name, as the store itself: few starts need it.
        shared: Windows = importlib.import_module("mock_server.windows.redis").RedisWindows(store)
        return shared
    path = store_path(store)
    return FileWindows(path) if path else WindowsInMemory()
