"""Kept items on every store, with several mocks on those that processes share."""

import asyncio
import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_server.app import create_app
from mock_server.settings import Settings
from mock_server.store.opening import backend_of
from tests.mock_server.clients import serve
from tests.mock_server.kept.conftest import PARTNERS
from tests.mock_server.kept.contracts import payments, pets
from tests.mock_server.store.backends import cluster_url, redis_url, url

__all__ = ["cluster_url", "redis_url", "url"]

A = {"Authorization": "Bearer token-a"}


def settings(tmp_path: Path, url: str, document: dict[str, Any]) -> Settings:
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(document))
    if url.startswith("redis"):
        asyncio.run(empty(url))
    return Settings(contract=path, partners=PARTNERS, store=url)


async def empty(url: str) -> None:
    store = backend_of(url).open_store(url)
    await store._redis.flushdb()  # type: ignore[attr-defined]
    await store.close()


def test_what_one_mock_makes_another_on_its_store_has(url: str, tmp_path: Path) -> None:
    whole = settings(tmp_path, url, payments())
    with ExitStack() as stack:
        first = stack.enter_context(serve(whole))
        is_shared = backend_of(url).is_shared(url)
        other = stack.enter_context(serve(whole)) if is_shared else first
        customer = first.post("/v1/customers", json={}, headers=A).json()["data"]["id"]
        path = f"/v1/customers/{customer}/payments"
        send = {"json": {"amount": 3}, "headers": {**A, "Idempotency-Key": "k"}}
        made = first.post(path, **send)
        again = other.post(path, **send)
        assert (made.status_code, again.content) == (201, made.content)
        assert other.get(path, headers=A).json()["data"] == [made.json()["data"]]
        assert other.delete(f"/v1/customers/{customer}", headers=A).status_code == 204
        assert first.get(path, headers=A).status_code == 404
        assert first.post("/_mock/partners/partner_a/reset").status_code == 204


def test_of_changes_at_once_none_is_lost(url: str, tmp_path: Path) -> None:
    whole = settings(tmp_path, url, pets())
    members = [f"m{one}" for one in range(8)]
    pet = pets()["components"]["schemas"]["Pet"]
    document = json.loads(
        json.dumps(pets()).replace(json.dumps(pet), json.dumps(wide(pet, members)))
    )
    patch = document["paths"]["/pets/{petId}"]["patch"]["requestBody"]["content"]
    patch["application/json"]["schema"] = wide({"type": "object", "properties": {}}, members)
    whole.contract.write_text(json.dumps(document))  # type: ignore[union-attr]

    async def change_all() -> Any:
        async with started(whole) as client:
            await client.post("/v1/pets", json={"name": "Rex"})
            changes = (client.patch("/v1/pets/1", json={one: one}) for one in members)
            answers = await asyncio.gather(*changes)
            assert Counter(one.status_code for one in answers) == {200: len(members)}
            gone = await asyncio.gather(*(client.delete("/v1/pets/1") for _ in range(4)))
            assert Counter(one.status_code for one in gone) == {204: 1, 404: 3}
            return answers

    answers = asyncio.run(change_all())
    assert any(all(one.json()[name] == name for name in members) for one in answers)


def wide(schema: dict[str, Any], members: list[str]) -> dict[str, Any]:
    more = {one: {"type": "string"} for one in members}
    return {**schema, "properties": {**schema["properties"], **more}}


class started:  # noqa: N801 - a context manager
    """An application within its lifespan, and a client of it in the same event loop."""

    def __init__(self, whole: Settings) -> None:
        self._app = create_app(whole)

    async def __aenter__(self) -> httpx.AsyncClient:
        self._received: asyncio.Queue[Any] = asyncio.Queue()
        sent: asyncio.Queue[Any] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {}}
        self._task = asyncio.create_task(self._app(scope, self._received.get, sent.put))  # type: ignore[arg-type]
        await self._received.put({"type": "lifespan.startup"})
        assert (await sent.get())["type"] == "lifespan.startup.complete"
        transport = httpx.ASGITransport(self._app)  # type: ignore[arg-type]
        self._client = httpx.AsyncClient(transport=transport, base_url="http://mock")
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        await self._received.put({"type": "lifespan.shutdown"})
        await self._task


@pytest.mark.parametrize("count", [3])
def test_a_partner_that_is_full_is_told(tmp_path: Path, count: int, monkeypatch: Any) -> None:
    monkeypatch.setattr("mock_server.store.sqlite_items.MAX_ITEM_BYTES", count * 400)
    with serve(settings(tmp_path, "sqlite://", pets())) as client:
        for _ in range(count):
            assert client.post("/v1/pets", json={"name": "Rex"}).status_code == 201
        full = client.post("/v1/pets", json={"name": "x" * 400})
        assert (full.status_code, full.json()["code"]) == (507, "items_full")
        assert client.delete("/v1/pets/1").status_code == 204
        assert client.post("/v1/pets", json={"name": "Rex"}).status_code == 201
