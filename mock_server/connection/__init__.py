"""The connection under a request: uvicorn's, which an ASGI application has no word for.

The only package that knows uvicorn's protocol class; its version is pinned. ``protocol`` is what
uvicorn runs, and ``ending`` its end; ``limits`` is what a client may take, ``heads`` what RFC 9112
says to refuse and the parser lets through, and ``watch`` ends whoever keeps others waiting.
"""

import asyncio
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mock_server.connection.ending import ENDING
from mock_server.connection.protocol import ClosableProtocol

__all__ = ["ClosableProtocol", "ConnectionDropped", "close_connection", "ending", "is_closed"]


class ConnectionDropped(Exception):
    """Stands for a closed connection where there is none: in process, without a server."""


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
    return cycle is not None and bool(cycle.disconnected or cycle.transport.is_closing())


def ending(scope: Scope) -> asyncio.Event:
    """Set once the server is told to end: until then, who waits may go on waiting."""
    event: asyncio.Event = scope.setdefault("extensions", {}).setdefault(ENDING, asyncio.Event())
    return event


def _cycle(receive: Receive) -> Any:
    """The request and response of the connection, whose method the server gave the application."""
    cycle = getattr(receive, "__self__", None)
    return cycle if isinstance(cycle, RequestResponseCycle) else None
