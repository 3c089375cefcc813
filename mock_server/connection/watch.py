"""Ends connections that keep others waiting: one look at all of them every now and then.

A timer for each request would cost every request; one sweep costs nothing but itself.
"""

import asyncio
from typing import Protocol
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

from mock_server.connection.limits import Limits

_MADE_ROOM_AT_ONCE = 32
"""The part of all connections that makes room: looking for them costs a walk over all."""


class Watched(Protocol):
    """A connection, as the watch sees it."""

    number: int
    """Counted by the watch: a smaller one is older."""

    def sweep(self, elapsed: float) -> None:
        """Let ``elapsed`` seconds pass, and end if they were too many."""
        ...

    def patience(self) -> float | None:
        """For how many seconds the client has kept it waiting; None: it is the server's turn."""
        ...

    def make_room(self) -> None:
        """End at once, for another client."""
        ...


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
        """Watch one more connection; False where there is no room, and none can be made."""
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
        """A connection is closed."""
        self._watched.discard(connection)

    def _make_room(self) -> bool:
        waiting = [
            (-seconds, one.number, one)
            for one in self._watched
            if (seconds := one.patience()) is not None
        ]
        waiting.sort(key=lambda entry: entry[:2])
        for _, _, one in waiting[: max(1, self._capacity // _MADE_ROOM_AT_ONCE)]:
            self._watched.discard(one)
            one.make_room()
        return len(self._watched) < self._capacity

    def _sweep(self) -> None:
        self._timer = None
        now = self._loop.time()
        # A process that was stopped for a while blames no client for it.
        elapsed = min(now - self._swept, 2 * self._limits.sweep)
        self._swept = now
        for one in list(self._watched):
            one.sweep(elapsed)
        if self._watched:
            self._timer = self._loop.call_later(self._limits.sweep, self._sweep)


_watches: WeakKeyDictionary[ServerState, Watch] = WeakKeyDictionary()


def watch_of(state: ServerState, limits: Limits, loop: asyncio.AbstractEventLoop) -> Watch:
    """The watch over all connections of the server that has this state."""
    watch = _watches.get(state)
    if watch is None:
        watch = _watches[state] = Watch(limits, loop)
    return watch
