"""Faulty deliveries of a response: dropped, truncated, slow, or streamed without a length."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.types import Message, Send

from mock_server.connection import ending, is_closed
from mock_server.exchange.exchange import Exchange, Sent

_PIECES = 10


async def wait(exchange: Exchange, seconds: float) -> None:
    """Wait for ``seconds``, or until shutdown."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(ending(exchange.scope).wait(), seconds)


async def drop(exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
    """Close the connection before anything is sent."""
    return Sent(None, b"", cut=True)


async def truncate(exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
    """Send half of the body, then close the connection."""
    half = body[: len(body) // 2]
    await send(head)
    await send({"type": "http.response.body", "body": half, "more_body": True})
    return Sent(head["status"], half, cut=True)


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


@dataclass(frozen=True, slots=True)
class Streamed:
    """Send a body from ``chunks``, until they end, the client closes, or the server shuts down."""

    chunks: AsyncGenerator[bytes]

    async def __call__(self, exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
        # The length is not known before the end, so the head names none.
        headers = [one for one in head["headers"] if one[0] != b"content-length"]
        await send({**head, "headers": headers})
        events = (self._send_all(send), _gone(exchange), ending(exchange.scope).wait())
        ends = [asyncio.ensure_future(one) for one in events]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ends:
                one.cancel()
            results = await asyncio.gather(*ends, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]
        await send({"type": "http.response.body", "body": b""})
        return Sent(head["status"], b"")

    async def _send_all(self, send: Send) -> None:
        async with contextlib.aclosing(self.chunks) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _gone(exchange: Exchange) -> None:
    while (await exchange.receive())["type"] != "http.disconnect":
        pass
