"""How a response leaves when it is not to arrive whole: faults of the connection."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.types import Message, Send

from mock_server.connection import ending, is_closed
from mock_server.exchange.exchange import Exchange, Sent

_PIECES = 10


async def wait(exchange: Exchange, seconds: float) -> None:
    """Wait, but not when the server is told to end."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(ending(exchange.scope).wait(), seconds)


class Dropped:
    """The connection closes before anything is sent."""

    async def __call__(self, exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
        return Sent(None, b"", cut=True)


class Truncated:
    """Half of the body is sent, then the connection closes."""

    async def __call__(self, exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
        half = body[: len(body) // 2]
        await send(head)
        await send({"type": "http.response.body", "body": half, "more_body": True})
        return Sent(head["status"], half, cut=True)


@dataclass(frozen=True, slots=True)
class Slow:
    """The body is sent piece by piece, over ``seconds``, while the client is there."""

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
    """The body comes bit by bit from ``chunks``, until they, the client or the server end."""

    chunks: AsyncGenerator[bytes]

    async def __call__(self, exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
        # What is sent has no length: the head says so by naming none.
        headers = [one for one in head["headers"] if one[0] != b"content-length"]
        await send({**head, "headers": headers})
        sending = asyncio.ensure_future(self._send_all(send))
        ends = [
            sending,
            asyncio.ensure_future(_gone(exchange)),
            asyncio.ensure_future(ending(exchange.scope).wait()),
        ]
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
