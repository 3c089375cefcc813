"""What the embedded store promises beyond the interface: files, versions, atomicity."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from mock_server.store.interface import Credential, IdempotencyRecord, StoreError
from mock_server.store.opening import backend_of
from mock_server.store.sqlite_store import SqliteStore
from mock_server.store.sqlite_tables import MIGRATIONS


def credential(client_id: str) -> Credential:
    at = "2026-03-01T12:00:00.000Z"
    return Credential(client_id, "partner", b"hash", "name", "active", None, at, at, None)


def record(key: bytes, sealed: bytes = b"sealed", expires_at: float = 100.0) -> IdempotencyRecord:
    return IdempotencyRecord(key, "partner", sealed, expires_at)


async def ids(store: SqliteStore) -> list[str]:
    return [one.client_id for one in await store.list_credentials("partner", None, 1000)]


def test_an_expired_record_makes_room() -> None:
    async def scenario() -> None:
        store = SqliteStore()
        await store.commit([], record(b"key", expires_at=10.0), 1.0)
        later = record(b"key", b"later", expires_at=200.0)
        assert await store.commit([credential("a")], later, 10.0) is None
        assert await store.find_record("partner", b"key", 10.0) == later
        assert await ids(store) == ["a"]

    asyncio.run(scenario())


def test_a_write_that_fails_takes_the_record_with_it() -> None:
    async def scenario() -> None:
        store = SqliteStore()
        await store.commit([credential("a")], None, 1.0)
        with pytest.raises(StoreError, match="UNIQUE"):
            await store.commit(
                [credential("b"), credential("a")],
                record(b"key"),
                1.0,
            )
        assert await store.find_record("partner", b"key", 1.0) is None
        assert await ids(store) == ["a"]

    asyncio.run(scenario())


def test_expired_records_are_cleaned_away_while_new_ones_come() -> None:
    async def scenario() -> None:
        store = SqliteStore()
        for number in range(3000):
            kept = record(str(number).encode(), expires_at=number + 50.0)
            writes = [credential(str(number))] if number % 100 == 0 else []
            await store.commit(writes, kept, float(number))
        left, keys = store._connection.execute("SELECT count(*), count(key_hash) FROM outcomes").get
        assert keys < 500
        assert left < 500
        assert len(await ids(store)) == 30

    asyncio.run(scenario())


def test_the_time_of_one_partner_cleans_nothing_of_another() -> None:
    async def scenario() -> None:
        store = SqliteStore()
        others = IdempotencyRecord(b"others", "another partner", b"sealed", 100.0)
        await store.commit([], others, 1.0)
        for number in range(1000):
            kept = record(str(number).encode(), expires_at=number + 1050.0)
            await store.commit([], kept, number + 1000.0)
        assert await store.find_record("another partner", b"others", 99.0) == others

    asyncio.run(scenario())


def test_a_file_keeps_everything_over_a_restart(tmp_path: Path) -> None:
    async def write(store: SqliteStore) -> bytes:
        await store.commit([credential("a")], record(b"key"), 1.0)
        await store.add_partner("partner", "login", b"hash")
        return await store.signing_key()

    async def read(store: SqliteStore) -> bytes:
        assert await ids(store) == ["a"]
        assert await store.find_record("partner", b"key", 1.0) == record(b"key")
        login = await store.find_login("login")
        assert login is not None
        assert login.partner_id == "partner"
        return await store.signing_key()

    path = tmp_path / "mock.db"
    store = SqliteStore(path)
    key = asyncio.run(write(store))
    asyncio.run(store.close())
    again = SqliteStore(path)
    assert asyncio.run(read(again)) == key
    asyncio.run(again.close())


def test_a_file_of_the_first_version_is_brought_up_with_all_that_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(f"{MIGRATIONS[0]}; PRAGMA user_version = 1;")
        connection.execute(
            "INSERT INTO outcomes VALUES (7, 'partner', 'a', x'68617368', 'name', 'active', NULL,"
            " '2026-03-01T12:00:00.000Z', '2026-03-01T12:00:00.000Z', NULL,"
            " x'6b6579', x'7365616c6564', 100.0)"
        )

    async def scenario(store: SqliteStore) -> None:
        assert await store.find_credential("partner", "a") == credential("a")
        assert await store.find_record("partner", b"key", 1.0) == record(b"key")
        await store.close()

    asyncio.run(scenario(SqliteStore(path)))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    asyncio.run(SqliteStore(path).close())
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(StoreError, match="written by a newer dinie-contract"):
        SqliteStore(path)


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("version", [0, 1, -1, 99])
def test_a_database_of_another_program_is_refused_and_left_as_it_is(
    tmp_path: Path, mode: str, version: int
) -> None:
    path = tmp_path / "?an other%41.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("CREATE TABLE theirs (one)")
        connection.commit()
    path.chmod(0o664)
    before = path.read_bytes()

    with pytest.raises(StoreError, match="is a database of another program"):
        SqliteStore(path)
    assert path.read_bytes() == before
    assert [(one.name, one.stat().st_mode & 0o777) for one in tmp_path.iterdir()] == [
        (path.name, 0o664)
    ]


def test_a_file_that_is_no_database_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("notes of somebody" * 100)
    path.chmod(0o664)
    with pytest.raises(StoreError, match="it is no SQLite file"):
        SqliteStore(path)
    assert path.stat().st_mode & 0o777 == 0o664


@pytest.mark.parametrize(
    "content", [b"no database at all" * 100, b"SQLite format 3\0" + b"x" * 4000]
)
def test_a_file_that_is_no_store_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mock.db"
    path.write_bytes(content)

    with pytest.raises(StoreError, match=r"mock\.db cannot be used"):
        SqliteStore(path)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgres://x", "'postgres' is no known kind of store"),
        ("mock.db", r"'mock\.db' is no known kind of store"),
        ("sqlite://host/mock.db", "names a host"),
        ("sqlite:///no/such/folder/mock.db", "cannot be used"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(url: str, reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        backend_of(url).open_store(url)


def test_a_fresh_file_that_another_process_is_opening_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    # Of the same library: the locks of another one in this process would not meet.
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    soon = threading.Timer(0.3, other.execute, ["ROLLBACK"])
    soon.start()
    try:
        asyncio.run(SqliteStore(path).close())
    finally:
        soon.join()
        other.close()
