"""The HTTP connection under a request, which ASGI does not expose to an application.

The only package that knows uvicorn's protocol class; its version is pinned. ``protocol`` reads
requests, ``ending`` closes connections, ``heads`` has the checks of RFC 9112 that the
parser leaves out, and ``watch`` the limits of clients, and closes connections of slow ones.
``whole_answers`` sends what needs none of this.
"""

import asyncio
import contextlib
import socket
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mock_server.connection.ending import ENDING
from mock_server.connection.protocol import ClosableProtocol
from mock_server.connection.whole_answers import send_whole

__all__ = [
    "ClosableProtocol",
    "ConnectionDropped",
    "abort_connection",
    "close_connection",
    "ending",
    "has_arrived",
    "is_blocked",
    "is_closed",
    "limit_send_buffer",
    "send_whole",
    "unread_seconds",
]


class ConnectionDropped(Exception):
    """Raised in place of closing a connection where there is none: in process, without a server."""


def close_connection(receive: Receive, *, reset: bool = False) -> None:
    """Close the connection without a further byte, or reset it.

    Raises :class:`ConnectionDropped` where there is none.
    """
    cycle = _cycle(receive)
    if cycle is None:
        raise ConnectionDropped
    # uvicorn marks only the last of several pipelined requests, and would answer the others with
    # an error because no response came.
    cycle.disconnected = True
    if reset:
        cycle.transport.get_protocol().reset()
    else:
        cycle.transport.close()


def is_closed(receive: Receive) -> bool:
    """Whether either side has closed the connection."""
    cycle = _cycle(receive)
    return cycle is not None and bool(cycle.disconnected or cycle.transport.is_closing())


async def wait_until_closed(receive: Receive) -> None:
    """Wait until the connection is closed, as the server knows it."""
    while (await receive())["type"] != "http.disconnect":
        pass


def has_arrived(receive: Receive) -> bool:
    """Whether all of the request has been received, so that reading its body waits for nothing."""
    cycle = _cycle(receive)
    return cycle is not None and not cycle.more_body


def limit_send_buffer(receive: Receive, size: int) -> None:
    """Let the system hold about ``size`` bytes for a client that does not read, in place of MBs."""
    cycle = _cycle(receive)
    if cycle is not None:
        connection = cycle.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # the client has closed it
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)


def abort_connection(receive: Receive) -> None:
    """Close the connection without what is still to be sent, whether or not the client reads."""
    cycle = _cycle(receive)
    if cycle is not None:
        cycle.transport.get_protocol().reset()


def unread_seconds(receive: Receive) -> float:
    """Seconds, to within one sweep, in which the client has read nothing of what it was sent."""
    cycle = _cycle(receive)
    return 0.0 if cycle is None else cycle.transport.get_protocol().unread_seconds


def is_blocked(receive: Receive) -> bool:
    """Whether the client has to read before more can be sent."""
    cycle = _cycle(receive)
    return cycle is not None and bool(cycle.flow.write_paused)


def ending(scope: Scope) -> asyncio.Event:
    """The event that is set at shutdown: whatever waits for a client or a delay must stop then."""
    event: asyncio.Event = scope.setdefault("extensions", {}).setdefault(ENDING, asyncio.Event())
    return event


def _cycle(receive: Receive) -> Any:
    """Uvicorn's request and response cycle, found by the ``receive`` that is one of its methods."""
    cycle = getattr(receive, "__self__", None)
    return cycle if isinstance(cycle, RequestResponseCycle) else None
