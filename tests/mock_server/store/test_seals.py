"""What is put away for a request comes out for the same request, and for no other."""

import sqlite3
import uuid
from pathlib import Path
from typing import Any

import pytest

from mock_server.settings import Settings
from mock_server.store.file_seal import FileSeal
from mock_server.store.seals import MemorySeal, Seal
from tests.mock_server.clients import FIRST, Partnered, serve

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


@pytest.mark.parametrize("seal", [FileSeal(), MemorySeal()], ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("asked", [b"", b"\0", b"POST\0{}", b"x" * 100_000])
def test_it_opens_for_the_same_request_only(seal: Seal, asked: bytes) -> None:
    stored = seal.close(KEY, b"the answer", asked)

    assert seal.open(KEY, stored, asked) == b"the answer"
    assert seal.open(KEY, stored, asked + b"x") is None
    assert seal.open(KEY, stored, asked[1:] or b"y") is None


def test_in_a_file_nothing_can_be_read_without_the_key() -> None:
    seal = FileSeal()
    stored = seal.close(KEY, b"the answer", b"asked")

    assert b"answer" not in stored
    assert b"asked" not in stored
    assert seal.open(OTHER_KEY, stored, b"asked") is None
    assert seal.close(KEY, b"the answer", b"asked") != stored


def test_a_store_file_holds_no_secret_and_no_key(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    secrets: list[str] = []
    with serve(Settings(partners=(FIRST,), store=f"sqlite:///{path}")) as client:
        mock = Partnered(client, FIRST)
        for _ in range(20):
            key = str(uuid.uuid4())
            made: Any = mock.create(key=key).json()
            secrets += [key, made["client_secret"]]
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    written = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert b"Production Key" in written
    for secret in [*secrets, FIRST.client_secret, str(FIRST.token)]:
        assert secret.encode() not in written
