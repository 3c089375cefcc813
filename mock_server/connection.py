"""The connection under a request: uvicorn's, which an ASGI application has no word for.

The only module that knows uvicorn's protocol class; its version is pinned.
"""

import asyncio
import weakref
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_CYCLE = "mock_server.cycle"
_ENDING = "mock_server.ending"


class ConnectionDropped(Exception):
    """Stands for a closed connection where there is none: in process, without a server."""


class ClosableProtocol(HttpToolsProtocol):
    """Lets the application close the connection that a request came by."""

    def on_headers_complete(self) -> None:
        """Tell the application which request and response of the connection it has."""
        super().on_headers_complete()
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            # A weak reference: the request's objects are to go without the cycle collector.
            extensions: dict[str, Any] = {_CYCLE: weakref.ref(cycle)}
            cycle.scope["extensions"] = extensions

    def shutdown(self) -> None:
        """Tell the application as well that the server is about to end."""
        super().shutdown()
        extensions: dict[str, Any] = self.cycle.scope.get("extensions", {}) if self.cycle else {}
        if _ENDING in extensions:
            extensions[_ENDING].set()


def close_connection(scope: Scope) -> None:
    """Close it without a further byte. Raises :class:`ConnectionDropped` where there is none."""
    cycle = _cycle(scope)
    if cycle is None:
        raise ConnectionDropped
    # Only the last of several pipelined requests would hear of it, and the server would answer
    # for the others that no response came.
    cycle.disconnected = True
    cycle.transport.close()


def is_closed(scope: Scope) -> bool:
    """Whether the client has closed the connection, or it was closed on it."""
    cycle = _cycle(scope)
    return cycle is not None and bool(cycle.transport.is_closing())


def ending(scope: Scope) -> asyncio.Event:
    """Set once the server is told to end: until then, who waits may go on waiting."""
    event: asyncio.Event = scope.setdefault("extensions", {}).setdefault(_ENDING, asyncio.Event())
    return event


def _cycle(scope: Scope) -> Any:
    reference = scope.get("extensions", {}).get(_CYCLE)
    return reference and reference()
