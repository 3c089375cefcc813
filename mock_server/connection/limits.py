"""Limits on the time, bytes and connections of clients."""

import resource
from dataclasses import dataclass

from mock_server.exchange.exchange import MAX_BODY_BYTES

_RESERVED_FILES = 128
"""Open files beside connections: stores, logs, and connections about to close."""

_FEWEST_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one process. Times are in seconds, and are exact to within one ``sweep``."""

    head: float = 10
    """Time for the head of a request from its first byte, and for the first byte of all."""
    body_pause: float = 30
    """Longest pause within a body."""
    body: float = 300
    """Time for a whole body."""
    idle: float = 30
    """Time until the next request on a connection."""
    unread: float = 30
    """Longest time in which the client reads no byte of a response."""
    goodbye: float = 2
    """Time for the client to read the last answer of a connection."""
    sweep: float = 1
    """Interval between two checks of all connections."""
    head_bytes: int = 65_536
    """Size of a request line with all headers, and of the framing of a chunked body."""
    headers: int = 100
    body_bytes: int = MAX_BODY_BYTES
    connections: int = 4096
    """Connections of a process at one time; fewer where it may open fewer files."""

    def capacity(self) -> int:
        """The number of connections that this process may have open."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files == resource.RLIM_INFINITY:
            return self.connections
        return max(_FEWEST_CONNECTIONS, min(self.connections, files - _RESERVED_FILES))
