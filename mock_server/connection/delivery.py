"""Faulty deliveries of a response: dropped, reset, cut, late, slow, or of no known length."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass

from starlette.types import Message, Receive, Send

from mock_server.connection import (
    abort_connection,
    ending,
    is_blocked,
    is_closed,
    limit_send_buffer,
    unread_seconds,
    wait_until_closed,
)
from mock_server.exchange.exchange import Exchange, Sent
from mock_server.exchange.problems import Problem, ProblemType

_PIECES = 10

_SEND_BUFFER_BYTES = 65_536
"""Size of the system's buffer for a stream, beside that of the server."""

_SECONDS_UNREAD = 2
"""Seconds without reading after which a client may have to make room for another one."""


async def wait(exchange: Exchange, seconds: float) -> None:
    """Wait for ``seconds``, or until shutdown, or until the client has closed."""
    ends = [
        asyncio.ensure_future(one)
        for one in (ending(exchange.scope).wait(), wait_until_closed(exchange.receive))
    ]
    try:
        await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in ends:
            one.cancel()
        await asyncio.gather(*ends, return_exceptions=True)


async def drop(exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
    """Close the connection before anything is sent."""
    return Sent(None, b"", cut=True)


async def reset(exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
    """Reset the connection before anything is sent."""
    return Sent(None, b"", cut=True, is_reset=True)


async def truncate(exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
    """Send half of the body, then close the connection."""
    half = body[: len(body) // 2]
    await send(head)
    await send({"type": "http.response.body", "body": half, "more_body": True})
    return Sent(head["status"], half, cut=True)


@dataclass(frozen=True, slots=True)
class Late:
    """Send nothing for ``seconds``, then all at once; nothing at all once the client has closed."""

    seconds: float

    async def __call__(self, exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
        await wait(exchange, self.seconds)
        if is_closed(exchange.receive):
            return Sent(None, b"", cut=True)
        await send(head)
        await send({"type": "http.response.body", "body": body})
        return Sent(head["status"], body)


@dataclass(frozen=True, slots=True)
class Slow:
    """Send the body in pieces over ``seconds``, and stop once the client has closed."""

    seconds: float

    async def __call__(self, exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
        await send(head)
        size = max(1, -(-len(body) // _PIECES))
        pauses = -(-len(body) // size)
        for at in range(0, len(body), size):
            await wait(exchange, self.seconds / pauses)
            if is_closed(exchange.receive):
                return Sent(head["status"], body[:at], cut=True)
            piece = body[at : at + size]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return Sent(head["status"], body)


class OpenStreams:
    """The clients of streams that are open at one time, at most ``most``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: set[Receive] = set()

    def admit(self) -> None:
        """Make room for another client, in place of the one that has read nothing for longest.

        Raises a 503 where all of them read.
        """
        if len(self._open) < self._most:
            return
        slowest = max(self._open, key=unread_seconds)
        if unread_seconds(slowest) < _SECONDS_UNREAD:
            detail = f"There are {self._most} open streams; close one, or try again."
            raise Problem(
                ProblemType.OVERLOADED, "overloaded", detail, headers={"Retry-After": "1"}
            )
        self._open.discard(slowest)
        abort_connection(slowest)

    @contextlib.contextmanager
    def opened(self, receive: Receive) -> Iterator[None]:
        """Count a client in the block."""
        self._open.add(receive)
        try:
            yield
        finally:
            self._open.discard(receive)


@dataclass(frozen=True, slots=True)
class Streamed:
    """Send a body from ``chunks``, until they end, the client closes, or it may have no more.

    It may have no more when the server shuts down, or when the session of the request has ended.
    """

    chunks: AsyncGenerator[bytes]
    among: OpenStreams

    async def __call__(self, exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
        limit_send_buffer(exchange.receive, _SEND_BUFFER_BYTES)
        with self.among.opened(exchange.receive):
            return await self._deliver(exchange, head, send)

    async def _deliver(self, exchange: Exchange, head: Message, send: Send) -> Sent:
        # The length is not known before the end, so the head names none.
        headers = [one for one in head["headers"] if one[0] != b"content-length"]
        await send({**head, "headers": headers})
        logout = [exchange.wait_for_logout()] if exchange.wait_for_logout else []
        events = (
            self._send_all(send),
            wait_until_closed(exchange.receive),
            ending(exchange.scope).wait(),
            *logout,
        )
        ends = [asyncio.ensure_future(one) for one in events]
        is_stopped = False
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            is_stopped = not done.isdisjoint(ends[2:])
        finally:
            for one in ends:
                one.cancel()
            results = await asyncio.gather(*ends, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]
        if is_stopped and is_blocked(exchange.receive):
            # The last chunk would wait for a client that reads nothing.
            abort_connection(exchange.receive)
            return Sent(head["status"], b"", cut=True)
        await send({"type": "http.response.body", "body": b""})
        return Sent(head["status"], b"")

    async def _send_all(self, send: Send) -> None:
        async with contextlib.aclosing(self.chunks) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                # A client that reads fast must not keep the others waiting.
                await asyncio.sleep(0)
