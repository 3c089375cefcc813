"""How much a client may take of a server before the server ends it."""

import resource
from dataclasses import dataclass

from mock_server.exchange.exchange import MAX_BODY_BYTES

_RESERVED_FILES = 128
"""What a process opens beside its connections: stores, logs, and connections about to close."""

_FEWEST_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are in seconds, and kept to within one ``sweep``."""

    head: float = 10
    """For the head of a request, from its first byte, and for a first byte at all."""
    body_pause: float = 30
    """Without one more byte of a body."""
    body: float = 300
    """For all of a body."""
    idle: float = 30
    """For the next request on a connection."""
    unread: float = 30
    """Without one byte of the responses being taken."""
    goodbye: float = 2
    """For a client to read what the connection ends with."""
    sweep: float = 1
    """How often connections are looked at."""
    head_bytes: int = 65_536
    """Of a request line with all headers; of what chunked framing adds to a body as well."""
    headers: int = 100
    body_bytes: int = MAX_BODY_BYTES
    connections: int = 4096
    """At the same time in one process, where its limit of open files allows that many."""

    def capacity(self) -> int:
        """How many connections this process may have open."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files == resource.RLIM_INFINITY:
            return self.connections
        return max(_FEWEST_CONNECTIONS, min(self.connections, files - _RESERVED_FILES))
