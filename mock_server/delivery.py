"""How a response leaves when it is not to arrive whole: faults of the connection."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.types import Message, Send

from mock_server.connection import close_connection
from mock_server.exchange import Exchange, Sent

_PIECES = 10


class Dropped:
    """The connection closes before anything is sent."""

    async def __call__(self, exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
        await close_connection(exchange)
        return Sent(None, b"")


class Truncated:
    """Half of the body is sent, then the connection closes."""

    async def __call__(self, exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
        half = body[: len(body) // 2]
        await send(head)
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await close_connection(exchange)
        return Sent(head["status"], half)


@dataclass(frozen=True, slots=True)
class Slow:
    """The body is sent piece by piece, over ``seconds``."""

    seconds: float

    async def __call__(self, exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
        await send(head)
        size = max(1, -(-len(body) // _PIECES))
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        for piece in pieces:
            await asyncio.sleep(self.seconds / len(pieces))
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return Sent(head["status"], body)


@dataclass(frozen=True, slots=True)
class Streamed:
    """The body comes bit by bit from ``chunks``, until they or the client have had enough."""

    chunks: AsyncIterator[bytes]

    async def __call__(self, exchange: Exchange, head: Message, body: bytes, send: Send) -> Sent:
        async def gone() -> None:
            while (await exchange.receive())["type"] != "http.disconnect":
                pass

        # What is sent has no length: the head says so by naming none.
        headers = [one for one in head["headers"] if one[0] != b"content-length"]
        await send({**head, "headers": headers})
        listening = asyncio.ensure_future(gone())
        try:
            while True:
                following = asyncio.ensure_future(anext(self.chunks, b""))
                await asyncio.wait({listening, following}, return_when=asyncio.FIRST_COMPLETED)
                if not following.done() or not following.result():
                    break
                chunk = following.result()
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            listening.cancel()
            following.cancel()
        await send({"type": "http.response.body", "body": b""})
        return Sent(head["status"], b"")
