"""A start while the store is away."""

import asyncio
from collections.abc import Sequence

import pytest

from mock_server.access_tokens import AccessTokens, InvalidToken
from mock_server.partners import Partner
from mock_server.start import Start
from mock_server.store.interface import IdempotencyRecord, StoreError, Write
from mock_server.store.sqlite import SqliteStore

PARTNER = Partner("partner", "dinie_ci_live_a", "dinie_cs_live_a", "dinie_at_fixed")


class StoreAway(SqliteStore):
    """One that cannot be used until it is back."""

    is_back = False

    async def add_partner(self, partner_id: str, client_id: str, secret_hash: bytes) -> None:
        if not self.is_back:
            raise StoreError("it is away")
        await super().add_partner(partner_id, client_id, secret_hash)


def started(*, patient: bool) -> tuple[StoreAway, AccessTokens, Start]:
    store, tokens = StoreAway(), AccessTokens({"dinie_at_fixed": "partner"})
    return store, tokens, Start(store, [PARTNER], tokens, patient=patient)


def test_a_start_without_patience_says_that_the_store_is_away() -> None:
    _, _, start = started(patient=False)
    with pytest.raises(StoreError, match="it is away"):
        asyncio.run(start())


def test_no_token_is_judged_before_its_key_is_known() -> None:
    async def whole() -> None:
        store, tokens, start = started(patient=True)
        await start()
        assert tokens.read("dinie_at_fixed")[0] == "partner"
        with pytest.raises(StoreError):
            tokens.read("dinie_at_unknown")
        with pytest.raises(StoreError):
            tokens.issue("partner", "dinie_ci_live_a", now=1.0)
        store.is_back = True
        while await store.find_partner("partner") is None:
            await asyncio.sleep(0.01)
        with pytest.raises(InvalidToken):
            tokens.read("dinie_at_unknown")
        issued = tokens.issue("partner", "dinie_ci_live_a", now=1.0)
        assert tokens.read(issued)[0] == "partner"
        await start.stop()

    asyncio.run(whole())


def test_it_ends_while_it_waits() -> None:
    async def whole() -> None:
        _, _, start = started(patient=True)
        await start()
        await start.stop()

    asyncio.run(whole())


class StoreCutOff(SqliteStore):
    """One that loses its connection after each commit, and commits the same once more."""

    async def commit(
        self, writes: Sequence[Write], record: IdempotencyRecord | None, now: float
    ) -> IdempotencyRecord | None:
        await super().commit(writes, record, now)
        return await super().commit(writes, record, now)
