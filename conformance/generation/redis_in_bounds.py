"""A client of a Redis or Valkey server whose answers take bounded time and memory.

The library waits for each part of an answer anew, and keeps all that comes.
"""

import socket
import threading
import time
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection
from redis.retry import Retry

_TIMEOUT_SECONDS = 2.0


class Allowance(threading.local):
    """The bytes and seconds that the commands of this thread may still take together."""

    def __init__(self) -> None:
        self.renew(0, 0.0)

    def renew(self, most_bytes: int, seconds: float) -> None:
        """Allow so much from now on."""
        self._bytes = most_bytes
        self._end = time.monotonic() + seconds

    def check_time(self) -> None:
        """Raise the :class:`TimeoutError` of a socket after the last second."""
        if time.monotonic() >= self._end:
            raise TimeoutError

    def take(self, count: int) -> None:
        """Take so many bytes; raises :class:`ValueError` for more than are allowed."""
        self._bytes -= count
        if self._bytes < 0:
            raise ValueError("it sends too much")


class _Socket:
    """A socket that receives within an allowance, and is any other in all else."""

    def __init__(self, connected: socket.socket, allowance: Allowance) -> None:
        self._connected = connected
        self._allowance = allowance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connected, name)

    def recv(self, *arguments: int) -> bytes:
        self._allowance.check_time()
        data = self._connected.recv(*arguments)
        self._allowance.take(len(data))
        return data

    def recv_into(self, buffer: bytearray) -> int:
        self._allowance.check_time()
        count = self._connected.recv_into(buffer)
        self._allowance.take(count)
        return count


class _Bounded(Connection):
    def __init__(self, *, allowance: Allowance, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._allowance = allowance

    def _connect(self) -> Any:
        connected = super()._connect()  # type: ignore[no-untyped-call]
        return _Socket(connected, self._allowance)


class _BoundedTls(_Bounded, SSLConnection):
    pass


def client_within(allowance: Allowance, url: str) -> "Redis":
    """A client of the server at a URL of redis-py; raises :class:`ValueError` for another one."""
    client = Redis.from_url(
        url,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        socket_timeout=_TIMEOUT_SECONDS,
        # A connection that was closed meanwhile is opened again.
        retry=Retry(NoBackoff(), 1),
    )
    pool = client.connection_pool
    is_tls = issubclass(pool.connection_class, SSLConnection)
    pool.connection_class = _BoundedTls if is_tls else _Bounded
    pool.connection_kwargs["allowance"] = allowance
    try:
        pool.make_connection()
    except TypeError as error:
        raise ValueError("its URL sets what is not known") from error
    return client
