"""The start of the mock: storing its partners, and fetching the key of its tokens."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from mock_server.partners.access_tokens import AccessTokens
from mock_server.partners.partners import Partner, seed
from mock_server.store.interface import Store, StoreError

logger = logging.getLogger("mock_server")

_SECONDS_BEFORE_NEXT = 0.25


class Start:
    """Startup and shutdown of the store's part of the mock.

    With ``patient``, a start without its store returns at once and is retried until the store is
    back, so that a worker that is replaced meanwhile does not end the whole mock. Otherwise it
    raises :class:`StoreError`. From a start on ``beside`` runs beside the requests.
    """

    def __init__(
        self,
        store: Store,
        partners: Sequence[Partner],
        tokens: AccessTokens,
        beside: Callable[[], Coroutine[Any, Any, None]],
        *,
        patient: bool,
    ) -> None:
        self._store = store
        self._partners = partners
        self._tokens = tokens
        self._beside = beside
        self._patient = patient
        self.has_started = False
        """Whether the start has succeeded."""
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self) -> None:
        """Start now, or retry in the background where ``patient``."""
        try:
            await self._prepare()
        except StoreError as error:
            if not self._patient:
                raise
            logger.error("the start waits for the store: %s", error)  # noqa: TRY400 - one line
            self._tasks.append(asyncio.create_task(self._prepare_later()))
        self._tasks.append(asyncio.create_task(self._beside()))

    async def stop(self) -> None:
        """Stop retrying and what runs beside the requests, and close the store."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._store.close()

    async def _prepare(self) -> None:
        await seed(self._store, self._partners)
        self._tokens.sign_with(await self._store.signing_key())
        self.has_started = True

    async def _prepare_later(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS_BEFORE_NEXT)
            with contextlib.suppress(StoreError):
                await self._prepare()
                return
