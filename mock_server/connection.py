"""The connection under a request: uvicorn's, which an ASGI application has no word for.

The only module that knows uvicorn's protocol class; its version is pinned.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.exchange import Exchange

_EXTENSION = "mock_server.connection"


class ConnectionDropped(Exception):
    """Stands for a closed connection where there is none: in process, without a server."""


class ClosableProtocol(HttpToolsProtocol):
    """Lets the application close the connection that a request came by."""

    def on_message_begin(self) -> None:
        """Tell the application which connection it is."""
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"transport": self.transport}}


async def close_connection(exchange: Exchange) -> None:
    """Close it without a further byte, and wait until the server knows.

    Raises :class:`ConnectionDropped` where there is no connection.
    """
    extensions: dict[str, Any] = exchange.scope.get("extensions", {})
    if _EXTENSION not in extensions:
        raise ConnectionDropped
    extensions[_EXTENSION]["transport"].close()
    # Until then the server would answer 500 for us.
    while (await exchange.receive())["type"] != "http.disconnect":
        pass
