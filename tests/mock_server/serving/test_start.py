"""A start while the store is away."""

import asyncio

import pytest

from mock_server.partners.access_tokens import AccessTokens
from mock_server.partners.partners import Partner
from mock_server.partners.startup import Start
from mock_server.store.interface import StoreError
from mock_server.store.sqlite_store import SqliteStore

PARTNER = Partner("partner", "dinie_ci_live_a", "dinie_cs_live_a", "dinie_at_fixed")


class StoreAway(SqliteStore):
    """One that cannot be used until it is back."""

    is_back = False

    async def add_partner(self, partner_id: str, client_id: str, secret_hash: bytes) -> None:
        if not self.is_back:
            raise StoreError("it is away")
        await super().add_partner(partner_id, client_id, secret_hash)


async def nothing() -> None:
    """Run nothing beside the requests."""


def started(*, patient: bool) -> tuple[StoreAway, AccessTokens, Start]:
    store, tokens = StoreAway(), AccessTokens({"dinie_at_fixed": "partner"})
    return store, tokens, Start(store, [PARTNER], tokens, nothing, patient=patient)


def test_a_start_without_patience_says_that_the_store_is_away() -> None:
    _, _, start = started(patient=False)
    with pytest.raises(StoreError, match="it is away"):
        asyncio.run(start())


async def issued_at_last(tokens: AccessTokens) -> str:
    while True:
        try:
            return tokens.issue("partner", "dinie_ci_live_a", now=1.0)
        except StoreError:
            await asyncio.sleep(0.01)


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
        issued = await issued_at_last(tokens)
        assert tokens.read(issued)[0] == "partner"
        assert await store.find_partner("partner") is not None
        assert tokens.read("dinie_at_unknown") is None
        await start.stop()

    asyncio.run(whole())


def test_it_ends_while_it_waits() -> None:
    async def whole() -> None:
        _, _, start = started(patient=True)
        await start()
        await start.stop()

    asyncio.run(whole())


def test_what_runs_beside_the_requests_ends_with_the_mock() -> None:
    events = []

    async def endless() -> None:
        events.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            events.append("ended")

    async def whole() -> None:
        start = Start(SqliteStore(), [PARTNER], AccessTokens({}), endless, patient=False)
        await start()
        await asyncio.sleep(0)
        assert events == ["begun"]
        await start.stop()

    asyncio.run(whole())
    assert events == ["begun", "ended"]
