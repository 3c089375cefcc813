"""The connection under a request: uvicorn's, which an ASGI application has no word for.

The only module that knows uvicorn's protocol class; its version is pinned.
"""

import asyncio
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_ENDING = "mock_server.ending"


class ConnectionDropped(Exception):
    """Stands for a closed connection where there is none: in process, without a server."""


class ClosableProtocol(HttpToolsProtocol):
    """Tells the application as well that the server is about to end."""

    def shutdown(self) -> None:
        """End, and let those know who wait."""
        super().shutdown()
        extensions: dict[str, Any] = self.cycle.scope.get("extensions", {}) if self.cycle else {}
        if _ENDING in extensions:
            extensions[_ENDING].set()


def close_connection(receive: Receive) -> None:
    """Close it without a further byte. Raises :class:`ConnectionDropped` where there is none."""
    cycle = _cycle(receive)
    if cycle is None:
        raise ConnectionDropped
    # Only the last of several pipelined requests would hear of it, and the server would answer
    # for the others that no response came.
    cycle.disconnected = True
    cycle.transport.close()


def is_closed(receive: Receive) -> bool:
    """Whether the client has closed the connection, or it was closed on it."""
    cycle = _cycle(receive)
    return cycle is not None and bool(cycle.transport.is_closing())


def ending(scope: Scope) -> asyncio.Event:
    """Set once the server is told to end: until then, who waits may go on waiting."""
    event: asyncio.Event = scope.setdefault("extensions", {}).setdefault(_ENDING, asyncio.Event())
    return event


def _cycle(receive: Receive) -> Any:
    """The request and response of the connection, whose method the server gave the application."""
    cycle = getattr(receive, "__self__", None)
    return cycle if isinstance(cycle, RequestResponseCycle) else None
