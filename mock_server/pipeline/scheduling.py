"""Fair scheduling between partners, so that a busy one does not keep others waiting.

Without it, requests are answered in the order of their bytes: a partner with many connections gets
most of the server, and the only request of a quiet one waits behind all of them.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.connection import is_closed
from mock_server.exchange.exchange import Exchange
from mock_server.pipeline.body import ClientGone

CONTENTION_SECONDS = 10.0
"""Time after the last request of a second partner in which partners still take turns."""

_Waiting = tuple["asyncio.Future[None]", Receive]


class FairScheduling:
    """Starts one request of each partner in each iteration of the event loop.

    Others wait in a queue of their partner, at most as many as there are connections. While only
    one partner sends requests, none waits.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._latest: str | None = None
        self._contention_until = 0.0
        """By the event loop's clock; 0 while only one partner sends requests."""
        self._queues: dict[str | None, deque[_Waiting]] = {}
        """Partners with a request in this iteration, and their requests for later ones."""

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Not a coroutine itself, because most requests need none.
        partner_id = Exchange.of(scope).partner_id
        if partner_id == self._latest and not self._contention_until:
            return self.app(scope, receive, send)
        return self._schedule(partner_id, scope, receive, send)

    async def _schedule(
        self, partner_id: str | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if partner_id != self._latest:
            # There is no contention before a second partner.
            self._contention_until = now + CONTENTION_SECONDS if self._latest is not None else 0.0
            self._latest = partner_id
        elif now > self._contention_until and not self._queues:
            self._contention_until = 0.0
        if self._contention_until:
            await self._wait(loop, partner_id, receive)
        await self.app(scope, receive, send)

    async def _wait(
        self, loop: asyncio.AbstractEventLoop, partner_id: str | None, receive: Receive
    ) -> None:
        if not self._queues:
            loop.call_soon(self._start_next, loop)
        queue = self._queues.get(partner_id)
        if queue is None:
            self._queues[partner_id] = deque()
            return
        turn = loop.create_future()
        queue.append((turn, receive))
        await turn
        if is_closed(receive):
            raise ClientGone

    def _start_next(self, loop: asyncio.AbstractEventLoop) -> None:
        for partner_id, queue in list(self._queues.items()):
            if not queue:
                del self._queues[partner_id]
            while queue:
                turn, receive = queue.popleft()
                if turn.done():
                    continue  # its request was cancelled
                turn.set_result(None)
                if not is_closed(receive):
                    break  # a closed connection does not use up the turn
        if self._queues:
            loop.call_soon(self._start_next, loop)
