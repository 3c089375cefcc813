"""The limits of clients, and the watch that closes slow connections and makes room for new ones.

One sweep over all connections costs less than a timer for each request.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

from dinie_contract.systems import most_open_files
from mock_server.exchange.exchange import MAX_BODY_BYTES

_RESERVED_FILES = 128
"""Open files beside connections: stores, logs, and connections about to close."""

_FEWEST_CONNECTIONS = 16

_MADE_ROOM_AT_ONCE = 32
"""Divisor of the capacity: so many connections are closed at once, as each search is a scan."""


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
        files = most_open_files()
        if files is None:
            return self.connections
        return max(_FEWEST_CONNECTIONS, min(self.connections, files - _RESERVED_FILES))


class Watched(Protocol):
    """A connection under the watch."""

    number: int
    """Serial number: the smaller, the older."""

    def sweep(self, elapsed: float) -> None:
        """Add ``elapsed`` seconds to what was waited, and close where a limit is reached."""

    def seconds_waited(self) -> float | None:
        """Seconds that the server has waited for the client; None while the client waits."""

    def make_room(self) -> None:
        """Close at once, for another client."""


class Watch:
    """The connections of one server."""

    def __init__(self, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        self._limits = limits
        self._loop = loop
        self._capacity = limits.capacity()
        self._watched: set[Watched] = set()
        self._opened = 0
        self._swept = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def admit(self, connection: Watched) -> bool:
        """Add a connection; False where there is no room for it and none can be made."""
        self._opened += 1
        connection.number = self._opened
        full = len(self._watched) >= self._capacity
        has_room = not full or self._make_room()
        self._watched.add(connection)
        if self._timer is None:
            self._swept = self._loop.time()
            self._timer = self._loop.call_later(self._limits.sweep, self._sweep)
        return has_room

    def dismiss(self, connection: Watched) -> None:
        """Remove a connection that is closed."""
        self._watched.discard(connection)

    def _make_room(self) -> bool:
        waiting = [
            (-seconds, one.number, one)
            for one in self._watched
            if (seconds := one.seconds_waited()) is not None
        ]
        waiting.sort(key=lambda entry: entry[:2])
        for _, _, one in waiting[: max(1, self._capacity // _MADE_ROOM_AT_ONCE)]:
            self._watched.discard(one)
            one.make_room()
        return len(self._watched) < self._capacity

    def _sweep(self) -> None:
        self._timer = None
        now = self._loop.time()
        # Time in which this process was suspended does not count against a client.
        elapsed = min(now - self._swept, 2 * self._limits.sweep)
        self._swept = now
        for one in list(self._watched):
            one.sweep(elapsed)
        if self._watched:
            self._timer = self._loop.call_later(self._limits.sweep, self._sweep)


_watches: WeakKeyDictionary[ServerState, Watch] = WeakKeyDictionary()


def watch_of(state: ServerState, limits: Limits, loop: asyncio.AbstractEventLoop) -> Watch:
    """The watch of the server with this state, made on first use."""
    watch = _watches.get(state)
    if watch is None:
        watch = _watches[state] = Watch(limits, loop)
    return watch
