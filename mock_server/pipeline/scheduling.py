"""Partners take turns, so that one that hammers does not keep another waiting.

Without this, whoever has most connections gets most of the server: requests are answered as their
bytes come in, and a quiet partner's only request waits for everybody else's.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.connection import is_closed
from mock_server.exchange.exchange import Exchange
from mock_server.pipeline.body import ClientGone

CONTENTION_SECONDS = 10.0
"""After that long, a partner that is heard no more is no reason to let another one wait."""

_Place = tuple["asyncio.Future[None]", Receive]


class FairScheduling:
    """Lets one request of each partner begin in each turn of the event loop.

    The others wait in a line of their partner's own, at most as many as there are connections.
    While only one partner is there, it never waits.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._latest: str | None = None
        self._company_until = 0.0
        """By the event loop's clock; 0 while a partner is alone."""
        self._lines: dict[str | None, deque[_Place]] = {}
        """Who has had this turn, and who of theirs waits for the next ones."""

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Not a coroutine itself, because most requests need none.
        partner_id = Exchange.of(scope).partner_id
        if partner_id == self._latest and not self._company_until:
            return self.app(scope, receive, send)
        return self._take_turn(partner_id, scope, receive, send)

    async def _take_turn(
        self, partner_id: str | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if partner_id != self._latest:
            # The first partner of all has no company yet.
            self._company_until = now + CONTENTION_SECONDS if self._latest is not None else 0.0
            self._latest = partner_id
        elif now > self._company_until and not self._lines:
            self._company_until = 0.0
        if self._company_until:
            await self._wait(loop, partner_id, receive)
        await self.app(scope, receive, send)

    async def _wait(
        self, loop: asyncio.AbstractEventLoop, partner_id: str | None, receive: Receive
    ) -> None:
        if not self._lines:
            loop.call_soon(self._next_turn, loop)
        line = self._lines.get(partner_id)
        if line is None:
            self._lines[partner_id] = deque()
            return
        turn = loop.create_future()
        line.append((turn, receive))
        await turn
        if is_closed(receive):
            raise ClientGone

    def _next_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        for partner_id, line in list(self._lines.items()):
            if not line:
                del self._lines[partner_id]
            while line:
                turn, receive = line.popleft()
                if turn.done():
                    continue  # its request was given up
                turn.set_result(None)
                if not is_closed(receive):
                    break  # who is gone takes nobody's turn
        if self._lines:
            loop.call_soon(self._next_turn, loop)
