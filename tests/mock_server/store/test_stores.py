"""One behaviour, three backends: what every store promises, the same for each of them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from demo.redis_server import PROGRAM, redis_server
from mock_server.store.interface import (
    ITEM_OVERHEAD_BYTES,
    MAX_ITEM_BYTES,
    Credential,
    IdempotencyRecord,
    ItemChange,
    ItemsFull,
    Outdated,
    PartnerLogin,
    Store,
    StoreError,
    UnknownCursor,
    UpdateCredential,
)
from mock_server.store.opening import backend_of
from tests.mock_server.store.backends import cluster_url, redis_url, url
from tests.redis_behind_tls import redis_behind_tls

__all__ = ["cluster_url", "redis_url", "url"]

Scenario = Callable[[Store], Awaitable[None]]


@pytest.fixture
def run(url: str) -> Callable[[Scenario], None]:
    def run_one(scenario: Scenario) -> None:
        async def whole() -> None:
            store = backend_of(url).open_store(url)
            if url.startswith("redis"):
                await store._redis.flushdb()  # type: ignore[attr-defined]
            try:
                await scenario(store)
            finally:
                await store.close()

        asyncio.run(whole())

    return run_one


AT = "2026-03-01T12:00:00.000Z"


def credential(client_id: str, partner: str = "partner", **changes: Any) -> Credential:
    made = Credential(
        client_id, partner, b"\0hash\xff", "Schlüssel 🔑", "active", None, AT, AT, None
    )
    return made._replace(**changes)


def record(
    key: bytes, sealed: bytes = b"\0sealed\xff", expires_at: float = 100.0
) -> IdempotencyRecord:
    return IdempotencyRecord(key, "partner", sealed, expires_at)


def revocation(partner: str, client_id: str, at: str) -> UpdateCredential:
    changes = {"status": "revoked", "updated_at": at}
    return UpdateCredential(partner, client_id, changes, only_active=True)


def use(partner: str, client_id: str, at: str) -> UpdateCredential:
    return UpdateCredential(partner, client_id, {"last_used_at": at})


async def ids(store: Store, partner: str = "partner") -> list[str]:
    return [one.client_id for one in await store.list_credentials(partner, None, 1000)]


def test_a_credential_comes_back_as_it_was_put_in(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store) -> None:
        kept = [
            credential("a"),
            credential("b", name="", expires_at="2030-01-01t00:00:00.5+05:30"),
            credential("c", name="x" * 10_000),
        ]
        for one in kept:
            await store.commit([one], None, 1.0)
        assert await store.list_credentials("partner", None, 10) == kept[::-1]
        assert await store.find_credential("partner", "b") == kept[1]
        assert await store.find_credential("other", "b") is None
        assert await store.find_credential("partner", "nobody") is None

    run(scenario)


def test_the_first_record_of_a_key_wins_and_the_second_stores_nothing(
    run: Callable[[Scenario], None],
) -> None:
    async def scenario(store: Store) -> None:
        first = record(b"key", b"first")
        assert await store.commit([credential("a")], first, 1.0) is None
        earlier = await store.commit([credential("b")], record(b"key", b"second"), 2.0)
        assert earlier == first
        assert await ids(store) == ["a"]
        assert await store.find_record("partner", b"key", 99.9) == first
        assert await store.find_record("partner", b"key", 100.0) is None
        assert await store.find_record("partner", b"other", 1.0) is None

    run(scenario)


def test_an_expired_record_makes_room(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store) -> None:
        await store.commit([credential("a")], record(b"key", expires_at=10.0), 1.0)
        later = record(b"key", b"later", expires_at=200.0)
        assert await store.commit([credential("b")], later, 10.0) is None
        assert await store.find_record("partner", b"key", 10.0) == later
        assert await ids(store) == ["b", "a"]

    run(scenario)


def test_a_record_can_go_with_any_write_and_with_none(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store) -> None:
        await store.commit([credential("a")], None, 1.0)
        revoke = revocation("partner", "a", "later")
        assert await store.commit([revoke], record(b"one"), 1.0) is None
        assert await store.commit([revoke], record(b"one"), 1.0) == record(b"one")
        assert await store.commit([], record(b"two"), 1.0) is None
        assert await store.commit([], record(b"two", b"x"), 1.0) == record(b"two")
        assert await store.commit([], None, 1.0) is None

    run(scenario)


def test_a_credential_is_revoked_once_and_by_its_partner(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store) -> None:
        await store.commit([credential("a")], None, 1.0)
        await store.commit([revocation("other", "a", "never")], None, 1.0)
        assert (await store.find_credential("partner", "a")) == credential("a")
        await store.commit([revocation("partner", "a", "first")], None, 1.0)
        await store.commit([revocation("partner", "a", "second")], None, 1.0)
        revoked = credential("a", status="revoked", updated_at="first")
        assert await store.find_credential("partner", "a") == revoked

    run(scenario)


def test_the_use_of_a_credential_is_noted(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store) -> None:
        await store.commit([credential("a")], None, 1.0)
        await store.commit([use("partner", "a", "then")], None, 1.0)
        await store.commit([use("partner", "nobody", "then")], None, 1.0)
        assert await store.find_credential("partner", "a") == credential("a", last_used_at="then")
        assert await ids(store) == ["a"]

    run(scenario)


def test_pages_are_newest_first_and_each_partners_own(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store) -> None:
        for number in range(25):
            partner = ("partner", "other")[number % 5 == 0]
            await store.commit([credential(str(number), partner)], None, 1.0)
        mine = [str(number) for number in reversed(range(25)) if number % 5]
        found: list[str] = []
        while True:
            after = found[-1] if found else None
            page = await store.list_credentials("partner", after, 6)
            found += [one.client_id for one in page]
            if not page:
                break
        assert found == mine
        for cursor in ("0", "nobody"):
            with pytest.raises(UnknownCursor):
                await store.list_credentials("partner", cursor, 6)
        assert await store.list_credentials("stranger", None, 6) == []

    run(scenario)


def test_who_may_log_in(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store) -> None:
        await store.add_partner("partner", "login", b"old")
        await store.add_partner("partner", "login", b"new")
        await store.commit([credential("a")], None, 1.0)
        own = await store.find_login("login")
        assert own is not None
        assert (own.partner_id, own.secret_hash, own.credential) == ("partner", b"new", None)
        made = await store.find_login("a")
        assert made is not None
        assert (made.partner_id, made.credential) == ("partner", credential("a"))
        assert await store.find_login("nobody") is None

    run(scenario)


def test_a_partner_with_a_new_client_id_is_one_partner_and_goes_with_both(
    run: Callable[[Scenario], None],
) -> None:
    async def scenario(store: Store) -> None:
        for client_id in ("z", "a"):
            await store.add_partner("partner", client_id, b"hash")
        assert await store.list_partners() == [PartnerLogin("partner", "a")]
        assert await store.find_partner("partner") == PartnerLogin("partner", "a")
        assert await store.find_login("z") is not None
        await store.remove_partner("partner")
        assert await store.find_login("z") is None
        assert await store.find_login("a") is None

    run(scenario)


def test_partners_are_listed_reset_and_removed(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store) -> None:
        for partner in ("partner", "other"):
            await store.add_partner(partner, f"{partner} login", b"hash")
            made = credential(f"{partner} key", partner)
            kept = IdempotencyRecord(partner.encode(), partner, b"sealed", 100.0)
            await store.commit([made], kept, 1.0)
        assert [one.partner_id for one in await store.list_partners()] == ["other", "partner"]

        await store.reset_partner("partner")
        assert await ids(store) == []
        assert await store.find_record("partner", b"partner", 1.0) is None
        assert await store.find_login("partner key") is None
        assert await store.find_login("partner login") is not None

        await store.remove_partner("partner")
        assert await store.find_partner("partner") is None
        assert await store.find_login("partner login") is None
        assert await ids(store, "other") == ["other key"]
        assert await store.find_record("other", b"other", 1.0) is not None
        found = await store.find_partner("other")
        assert found is not None
        assert found.client_id == "other login"

    run(scenario)


def test_the_signing_key_is_made_once(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store) -> None:
        key = await store.signing_key()
        assert len(key) == 32
        assert await store.signing_key() == key

    run(scenario)


def test_of_many_commits_with_one_key_one_happens(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store) -> None:
        results = await asyncio.gather(
            *(
                store.commit([credential(str(number))], record(b"key", b"%d" % number), 1.0)
                for number in range(50)
            )
        )
        [winner] = [number for number, found in enumerate(results) if found is None]
        assert await ids(store) == [str(winner)]
        assert {found.sealed for found in results if found} == {b"%d" % winner}

    run(scenario)


@pytest.mark.skipif(PROGRAM is None, reason="NOT TESTED: there is no redis-server on PATH")
def test_a_password_is_used_and_never_shown(tmp_path: Path) -> None:
    async def scenario(url: str) -> None:
        store = backend_of(url).open_store(url)
        try:
            await store.signing_key()
        finally:
            await store.close()

    with redis_server(tmp_path, password="s3cret-word") as server:
        asyncio.run(scenario(server.url))
        with pytest.raises(StoreError) as caught:
            asyncio.run(scenario(server.url.replace("s3cret-word", "wr0ng-word")))
    assert "wr0ng" not in str(caught.value)
    assert f"127.0.0.1:{server.port}" in str(caught.value)
    with pytest.raises(StoreError, match="cannot be used"):
        asyncio.run(scenario(server.url))


@pytest.mark.skipif(PROGRAM is None, reason="NOT TESTED: there is no redis-server on PATH")
def test_a_server_behind_tls_is_used_only_with_the_right_authority(tmp_path: Path) -> None:
    async def scenario(url: str) -> None:
        store, windows = backend_of(url).open_store(url), backend_of(url).open_counters(url)
        try:
            await store.commit([credential("a")], record(b"key"), 1.0)
            assert await ids(store) == ["a"]
            assert [(await windows.hit("partner", 60, 1.0))[0] for _ in range(3)] == [1, 2, 3]
        finally:
            await windows.close()
            await store.close()

    with redis_behind_tls(tmp_path, "word") as (right, wrong):
        asyncio.run(scenario(right))
        with pytest.raises(StoreError, match=r"127\.0\.0\.1:\d+ cannot be used: .*certificate"):
            asyncio.run(scenario(wrong))


def test_requests_of_one_window_are_counted_together(url: str) -> None:
    async def scenario() -> None:
        backend = backend_of(url)
        store = backend.open_store(url)
        windows = [backend.open_counters(url) for _ in range(2 if backend.is_shared(url) else 1)]
        counts = [await windows[n % len(windows)].hit("ü", 60, 1000.0) for n in range(6)]
        assert [count for count, _ in counts] == [1, 2, 3, 4, 5, 6]
        assert all(1000.0 < ends <= 1061.0 for _, ends in counts)
        assert (await windows[0].hit("another", 60, 1000.0))[0] == 1
        await windows[0].forget("another")
        assert (await windows[-1].hit("another", 60, 1000.0))[0] == 1
        await store.reset_partner("ü")
        await windows[0].forget("ü")
        assert (await windows[-1].hit("ü", 60, 1000.0))[0] == 1
        for one in windows:
            await one.close()
        await store.close()

    asyncio.run(scenario())


def test_a_window_is_read_without_a_count(url: str) -> None:
    async def scenario() -> None:
        backend = backend_of(url)
        store, windows = backend.open_store(url), backend.open_counters(url)
        assert await windows.peek("read", 60, 1000.0) is None
        for wanted in (1, 2, 3):
            count, ends = await windows.hit("read", 60, 1000.0)
            read = await windows.peek("read", 60, 1000.0)
            assert read is not None
            assert read[0] == count == wanted
            assert abs(read[1] - ends) <= 1  # Redis gives whole seconds
        assert await windows.peek("other", 60, 1000.0) is None
        await windows.forget("read")
        assert await windows.peek("read", 60, 1000.0) is None
        await windows.close()
        await store.close()

    asyncio.run(scenario())


def change(item_id: str, before: bytes | None, after: bytes | None) -> ItemChange:
    return ItemChange("partner", "/payments", item_id, before, after)


def test_the_items_of_a_partner_have_a_limit(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store) -> None:
        value = b"x" * (1 << 20)
        count = MAX_ITEM_BYTES // (len(value) + ITEM_OVERHEAD_BYTES)
        for number in range(count):
            await store.commit([change(str(number), None, value)], None, 1.0)
        with pytest.raises(ItemsFull):
            await store.commit([change("more", None, value)], record(b"key"), 1.0)
        assert await store.items.find("partner", "/payments", "more") is None
        assert await store.find_record("partner", b"key", 1.0) is None
        other = change("more", None, value)._replace(partner_id="other")
        await store.commit([other], None, 1.0)
        await store.commit([change("more", None, b"")], None, 1.0)
        with pytest.raises(ItemsFull):
            await store.commit([change("more", b"", value)], None, 1.0)
        await store.commit([change("0", value, None)], None, 1.0)
        await store.commit([change("more", b"", value)], None, 1.0)
        await store.reset_partner("partner")
        for number in range(count):
            await store.commit([change(str(number), None, value)], None, 1.0)

    run(scenario)


def test_of_two_changes_of_an_item_at_once_one_happens(run: Callable[[Scenario], None]) -> None:
    async def scenario(store: Store) -> None:
        await store.commit([change("a", None, b"0")], None, 1.0)

        async def count() -> None:
            while True:
                found = await store.items.find("partner", "/payments", "a")
                assert found is not None
                try:
                    changed = change("a", found.value, b"%d" % (int(found.value) + 1))
                    await store.commit([changed], None, 1.0)
                except Outdated:
                    continue
                return

        await asyncio.gather(*(count() for _ in range(20)))
        found = await store.items.find("partner", "/payments", "a")
        assert found is not None
        assert found.value == b"20"

    run(scenario)
