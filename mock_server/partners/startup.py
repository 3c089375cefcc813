"""What the mock needs of its store before it can serve: its partners, and the key of its tokens."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from mock_server.partners.access_tokens import AccessTokens
from mock_server.partners.partners import Partner, seed
from mock_server.store.interface import Store, StoreError

logger = logging.getLogger("mock_server")

_SECONDS_BEFORE_NEXT = 0.25


class Start:
    """Lets partners log in, and tokens be signed.

    A ``patient`` start is over at once where the store is away, and is made up for once it is
    back: a worker that dies meanwhile must not take the whole mock with it. Any other raises
    :class:`StoreError`.
    """

    def __init__(
        self, store: Store, partners: Sequence[Partner], tokens: AccessTokens, *, patient: bool
    ) -> None:
        self._store = store
        self._partners = partners
        self._tokens = tokens
        self._patient = patient
        self.is_over = False
        """Whether all that it needs of the store was there."""
        self._later: asyncio.Task[None] | None = None

    async def __call__(self) -> None:
        """Start, now or later."""
        try:
            await self._prepare()
        except StoreError as error:
            if not self._patient:
                raise
            logger.error("the start waits for the store: %s", error)  # noqa: TRY400 - one line
            self._later = asyncio.create_task(self._prepare_later())

    async def stop(self) -> None:
        """End, and let go of the store."""
        if self._later:
            self._later.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._later
        await self._store.close()

    async def _prepare(self) -> None:
        await seed(self._store, self._partners)
        self._tokens.sign_with(await self._store.signing_key())
        self.is_over = True

    async def _prepare_later(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS_BEFORE_NEXT)
            with contextlib.suppress(StoreError):
                await self._prepare()
                return
