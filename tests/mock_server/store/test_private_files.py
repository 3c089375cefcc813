"""The files of a SQLite store hold the key that signs tokens: they are their owner's alone."""

import asyncio
import logging
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest

from demo.mock_process import mock_process
from mock_server.store.interface import StoreError
from mock_server.store.opening import backend_of
from mock_server.store.sqlite_store import SqliteStore

BESIDE = ("-wal", "-shm")


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}


def private(name: str) -> dict[str, int]:
    return dict.fromkeys((name, *(name + end for end in BESIDE)), 0o600)


@pytest.mark.thorough
@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_mock_makes_private_files_whatever_the_umask(tmp_path: Path, workers: str) -> None:
    store = f"sqlite:///{tmp_path / 'mock.db'}"
    with mock_process("--store", store, "--workers", workers) as mock:
        headers = {"Authorization": f"Bearer {mock.token}"}
        url = f"{mock.base_url}/auth/credentials"
        assert httpx.post(url, json={"name": "x"}, headers=headers).status_code == 201
        assert modes(tmp_path) == private("mock.db")


def test_a_file_is_private_before_sqlite_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "mock.db", []
    connect = apsw.Connection

    def opening(*arguments: Any, **named: Any) -> apsw.Connection:
        seen.append(modes(tmp_path))
        return connect(*arguments, **named)

    monkeypatch.setattr(apsw, "Connection", opening)
    before = os.umask(0)
    try:
        asyncio.run(SqliteStore(path).close())
    finally:
        os.umask(before)
    assert seen == [{"mock.db": 0o600}]


def test_an_open_file_is_made_private_with_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "mock.db"
    asyncio.run(SqliteStore(path).close())
    path.chmod(0o664)
    asyncio.run(SqliteStore(path).close())
    assert modes(tmp_path) == {"mock.db": 0o600}
    [line] = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert line.getMessage() == f"{path} was open to others, and is private from now on"


@pytest.mark.thorough
def test_the_files_that_a_killed_mock_left_open_are_made_private(tmp_path: Path) -> None:
    options = ("--store", f"sqlite:///{tmp_path / 'mock.db'}")
    with mock_process(*options) as mock:
        mock.stop(signal.SIGKILL)
    for one in tmp_path.iterdir():
        one.chmod(0o666)
    assert set(modes(tmp_path)) == set(private("mock.db"))
    with mock_process(*options):
        assert modes(tmp_path) == private("mock.db")


def test_a_file_that_only_its_owner_reads_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    asyncio.run(SqliteStore(path).close())
    path.chmod(0o444)
    try:
        asyncio.run(SqliteStore(path).close())
    except StoreError:
        assert os.geteuid() != 0  # another user cannot write it
    assert modes(tmp_path)["mock.db"] == 0o400


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_leads_to_a_private_file(tmp_path: Path, *, exists: bool) -> None:
    folder, link = tmp_path / "volume", tmp_path / "mock.db"
    folder.mkdir()
    link.symlink_to(folder / "real.db")
    if exists:
        asyncio.run(SqliteStore(folder / "real.db").close())
        (folder / "real.db").chmod(0o644)
    before = os.umask(0)
    try:
        store = SqliteStore(link)
        assert modes(folder) == private("real.db")
        asyncio.run(store.close())
    finally:
        os.umask(before)


def test_a_second_opening_in_one_process_keeps_the_locks_of_the_first(tmp_path: Path) -> None:
    """Closing any descriptor of a file drops all locks that a process has on it (POSIX)."""
    path = tmp_path / "mock.db"
    url = f"sqlite:///{path}"
    store = SqliteStore(path)
    store._execute("BEGIN IMMEDIATE")
    backend = backend_of(url)
    asyncio.run(backend.open_counters(url).close())
    pid = os.fork()
    if not pid:
        # Another process: to it the locks of the first one matter.
        other = apsw.Connection(str(path))
        try:
            other.execute("BEGIN IMMEDIATE")
        except apsw.BusyError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
    store._execute("ROLLBACK")
    asyncio.run(store.close())


def test_the_file_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mock.db"
    asyncio.run(SqliteStore(path).close())
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(StoreError, match=r"mock\.db belongs to another user"):
        SqliteStore(path)


def test_a_place_that_cannot_be_used_is_still_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="its folder must exist"):
        SqliteStore(tmp_path / "no" / "such" / "mock.db")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(StoreError, match="cannot be used"):
        SqliteStore(loop)
