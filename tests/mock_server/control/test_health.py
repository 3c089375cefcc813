"""The probes of an orchestrator: whether the mock lives, and whether it works."""

import asyncio
import contextlib
import signal
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from demo.mock_process import mock_process
from mock_server import __version__
from mock_server.app import create_app
from mock_server.settings import Settings
from mock_server.store.interface import StoreError
from mock_server.store.sqlite_store import SqliteStore
from tests.mock_server.clients import FIRST, Client, Job, Judge, Serving

PROBES = ("/_mock/health", "/_mock/ready", "/_mock/metrics")
ADMIN = "an-admin-token"


def test_health_shows_version_and_uptime(client: Client, judged: Judge) -> None:
    first = judged(client.get("/_mock/health"))
    assert first.status_code == 200
    shown = first.json()
    assert (shown["status"], shown["version"], shown["contract"]) == (
        "ok",
        __version__,
        "2026-03-01",
    )
    assert client.get("/_mock/health").json()["uptime_seconds"] >= shown["uptime_seconds"]


def test_ready_is_200_once_the_store_works(client: Client, judged: Judge) -> None:
    response = judged(client.get("/_mock/ready"))
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize("path", PROBES)
def test_head_is_answered_and_other_methods_are_not(
    client: Client, judged: Judge, path: str
) -> None:
    assert judged(client.request("HEAD", path)).status_code == 200
    for method in ("POST", "PUT", "DELETE", "PROPFIND"):
        response = client.request(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", PROBES)
def test_nothing_may_keep_an_answer(client: Client, path: str) -> None:
    assert client.get(path).headers["cache-control"] == "no-store"


def test_only_metrics_need_the_admin_token(serving: Serving, judged: Judge) -> None:
    with serving(Settings(admin_token=ADMIN)) as client:
        assert client.get("/_mock/health").status_code == 200
        assert client.get("/_mock/ready").status_code == 200
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            refused = judged(client.get("/_mock/metrics", headers=headers))
            assert refused.status_code == 401
            assert "dinie_mock" not in refused.text
        headers = {"Authorization": f"Bearer {ADMIN}"}
        assert client.get("/_mock/metrics", headers=headers).status_code == 200


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """While there is an error in it, the store's check raises that."""
    errors: list[Exception] = []

    async def check(_: SqliteStore) -> None:
        if errors:
            raise errors[0]

    monkeypatch.setattr(SqliteStore, "check", check)
    return errors


def test_a_store_that_fails_is_a_503_and_health_does_not_care(
    client: Client, judged: Judge, failing: list[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    failing.append(StoreError("redis://db.internal:6379 cannot be used: refused"))
    for _ in range(3):
        response = judged(client.get("/_mock/ready"))
        assert (response.status_code, response.json()["code"]) == (503, "not_ready")
        assert response.headers["retry-after"] == "1"
        assert response.json()["detail"] == "The store does not answer; the log says more."
        assert "db.internal" not in response.text
        assert client.get("/_mock/health").status_code == 200
    failing.clear()
    assert client.get("/_mock/ready").status_code == 200
    logged = [one.getMessage() for one in caplog.records if one.name == "mock_server"]
    assert logged == [
        "not ready: redis://db.internal:6379 cannot be used: refused",
        "ready again: the store answers",
    ]


def test_a_store_that_does_not_answer_is_a_503_too(
    client: Client, judged: Judge, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def check(_: SqliteStore) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(SqliteStore, "check", check)
    assert judged(client.get("/_mock/ready")).status_code == 503
    assert "the store did not answer within 2 s" in caplog.text


def test_it_is_ready_from_its_start_to_its_end() -> None:
    async def ask(app: ASGIApp) -> int:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as http:
            assert (await http.get("/_mock/health")).status_code == 200
            return (await http.get("/_mock/ready")).status_code

    async def live() -> list[int]:
        app = create_app(Settings())
        received: asyncio.Queue[Any] = asyncio.Queue()
        sent: asyncio.Queue[Any] = asyncio.Queue()
        found = [await ask(app)]
        lifespan = asyncio.ensure_future(
            app({"type": "lifespan", "asgi": {}}, received.get, sent.put)
        )
        await received.put({"type": "lifespan.startup"})
        await sent.get()
        found.append(await ask(app))
        await received.put({"type": "lifespan.shutdown"})
        await sent.get()
        await lifespan
        return [*found, await ask(app)]

    assert asyncio.run(live()) == [503, 200, 503]


def test_it_is_not_ready_once_shutdown_was_requested_and_answers_meanwhile(
    serving: Serving,
) -> None:
    is_ending = False
    app = create_app(Settings((FIRST,)), is_ending=lambda: is_ending)
    with serving(app) as client:
        assert client.get("/_mock/ready").status_code == 200
        is_ending = True
        refused = client.get("/_mock/ready")
        assert (refused.status_code, refused.json()["code"]) == (503, "not_ready")
        authorization = {"Authorization": f"Bearer {FIRST.token}"}
        assert client.get("/v3/auth/credentials", headers=authorization).status_code == 200


def test_it_is_not_ready_from_the_signal_on() -> None:
    with mock_process() as mock, httpx.Client(base_url=mock.origin) as client:
        assert client.get("/_mock/ready").status_code == 200
        mock.process.send_signal(signal.SIGTERM)
        found = []
        with contextlib.suppress(httpx.TransportError):
            while True:
                found.append(client.get("/_mock/ready").status_code)
        assert set(found) <= {503}
        assert mock.process.wait(30) == 0


def test_a_file_that_takes_no_write_any_more_is_not_ready_and_is_again(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    with mock_process("--store", f"sqlite:///{path}") as mock:
        ready = f"{mock.origin}/_mock/ready"
        assert httpx.get(ready).status_code == 200
        with sqlite3.connect(path, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            refused = httpx.get(ready)
            other.execute("ROLLBACK")
        other.close()
        assert refused.status_code == 503
        assert str(path) not in refused.text
        assert httpx.get(ready).status_code == 200
        assert f"not ready: {path} cannot be used" in mock.log()


@pytest.mark.thorough
@pytest.mark.parametrize("options", [("--no-control",), ("--workers", "2"), ()])
def test_they_are_there_with_and_without_the_control_plane(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    with mock_process("--store", f"sqlite:///{tmp_path / 'mock.db'}", *options) as mock:
        for path in PROBES:
            assert httpx.get(mock.origin + path).status_code == 200
        assert "dinie_mock_build_info" in httpx.get(f"{mock.origin}/_mock/metrics").text
        control = httpx.get(f"{mock.origin}/_mock/partners").status_code
    assert control == (404 if options else 200)


def test_probes_are_in_no_journal_and_in_no_count(job: Job) -> None:
    for path in PROBES:
        job.call("GET", f"/..{path}")
        job.http.get(path)
    assert job.http.get("/_mock/journal").json()["data"] == []
    assert 'le="' not in job.http.get("/_mock/metrics").text
