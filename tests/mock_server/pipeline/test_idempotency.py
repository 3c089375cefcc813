"""One execution for each key, whatever is sent again, and for 24 hours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Response
from mock_server.partners.partners import Partner
from mock_server.pipeline.idempotency import Idempotency
from mock_server.settings import Settings
from mock_server.store.interface import IdempotencyRecord, Write
from mock_server.store.sqlite_store import SqliteStore
from openapi.contract import Contract
from tests.mock_server.clients import Client, ManualClock, Partnered, Serving

DAY = 24 * 3600


def test_the_same_request_again_gets_the_same_bytes(mock: Partnered) -> None:
    first, again = mock.create(key="one"), mock.create(key="one")

    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["cache-control"] == "no-store"
    assert mock.listed() == [first.json()["id"]]


@pytest.mark.parametrize(
    "spelling",
    [
        b'{"name": "A", "expires_at": null, "n": 1}',
        b'{"n":1.0,"expires_at":null,"name":"A"}',
        b' { "expires_at" : null , "name" : "\\u0041" , "n": 1e0 } ',
    ],
)
def test_the_same_json_value_is_the_same_request(mock: Partnered, spelling: bytes) -> None:
    json, key = ("Content-Type", "application/json"), ("Idempotency-Key", "one")
    first = mock.post(b'{"name":"A","expires_at":null,"n":1}', json, key)

    assert mock.post(spelling, json, key).content == first.content


BIG = 2**64 + 1


@pytest.mark.parametrize(
    ("one", "other", "are_equal"),
    [
        (f"{BIG}", f"{BIG}", True),
        (f"{BIG}", f"{BIG + 1}", False),
        (f"-{BIG}", f"{BIG}", False),
        (f"[{BIG}]", f"[{BIG + 1}]", False),
        (f'{{"a":{BIG}}}', f'{{"a":{BIG + 2}}}', False),
        (f"{2**63}", f"{2**63 + 1}", False),
        ("1" + "0" * 40, "1e40", True),
        ("1" + "0" * 40, "10.00e39", True),
        ("1" + "0" * 39 + "1", "1e40", False),
        ("1e18", "1000000000000000000", True),
        ("1e17", "100000000000000000", True),
        ("9007199254740993", "9007199254740993.0", True),
        ("9007199254740993.0", "9007199254740992", False),
        ("0.10", "1e-1", True),
        ("0.1", "0.11", False),
        ("-0.0", "0", True),
        ("-120e-1", "-12", True),
        ("9" * 300, "9" * 300, True),
        ("9" * 300, "9" * 299 + "8", False),
        (f"1e-{'9' * 5000}", f"1e-{'9' * 5000}", True),
        (f'"{BIG}"', f"{BIG}", False),
        ('"1e2"', '"100"', False),
    ],
    ids=lambda one: str(one)[:20],
)
def test_numbers_under_one_key_are_compared_exactly(
    mock: Partnered, one: str, other: str, *, are_equal: bool
) -> None:
    headers = ("Content-Type", "application/json"), ("Idempotency-Key", "one")
    first = mock.post(f'{{"name":"A","n":{one}}}'.encode(), *headers)
    second = mock.post(f'{{"n": {other}, "name":"A"}}'.encode(), *headers)

    assert first.status_code == 201
    assert second.status_code == (201 if are_equal else 422)
    assert (second.content == first.content) == are_equal


@pytest.mark.parametrize(
    "body",
    [
        {"name": "B"},
        {"name": "A", "expires_at": "2027-03-04T00:00:00Z"},
        {"name": "A", "expires_at": None},
        {"name": "A", "more": 1},
    ],
)
def test_another_body_with_a_used_key_is_refused(mock: Partnered, body: dict[str, Any]) -> None:
    first = mock.create({"name": "A"}, key="one")
    refused = mock.create(body, key="one")

    assert refused.status_code == 422
    assert refused.json()["code"] == "idempotency_key_reused"
    assert mock.listed() == [first.json()["id"]]
    assert mock.create({"name": "A"}, key="one").content == first.content


@pytest.mark.parametrize("others", [["KEY", "key"], ["key", "keyx"], ["a" * 5000, "a" * 5001]])
def test_keys_that_differ_at_all_are_different(mock: Partnered, others: list[str]) -> None:
    ids = {mock.create(key=key).json()["id"] for key in others}
    assert len(ids) == 2


def test_without_a_key_every_request_creates(mock: Partnered) -> None:
    assert mock.create().json()["id"] != mock.create().json()["id"]
    assert mock.create(key="").json()["id"] != mock.create(key="").json()["id"]


def test_a_key_belongs_to_its_partner(mock: Partnered, other_partner: Partnered) -> None:
    own, foreign = mock.create(key="shared"), other_partner.create(key="shared")

    assert own.json()["client_secret"] != foreign.json()["client_secret"]
    assert "idempotent-replayed" not in foreign.headers


def test_a_failed_request_does_not_burn_its_key(mock: Partnered, client: Client) -> None:
    unauthenticated = client.post(
        "/v3/auth/credentials", json={"name": "x"}, headers={"Idempotency-Key": "one"}
    )
    assert unauthenticated.status_code == 401
    assert mock.create({"name": 5}, key="one").status_code == 422
    unreadable = mock.post(b"{", ("Content-Type", "application/json"), ("Idempotency-Key", "one"))
    assert unreadable.status_code == 400
    forced = mock.request(
        "POST",
        "/auth/credentials",
        json={"name": "x"},
        headers={"Idempotency-Key": "one", "Prefer": "code=500"},
    )
    assert forced.status_code == 500

    created = mock.create({"name": "x"}, key="one")
    assert created.status_code == 201
    assert "idempotent-replayed" not in created.headers


def test_a_key_is_free_again_after_24_hours(mock: Partnered, clock: ManualClock) -> None:
    first = mock.create(key="one")
    clock.instant += DAY - 1
    assert mock.create(key="one").content == first.content

    clock.instant += 1
    later = mock.create({"name": "Another"}, key="one")
    assert later.status_code == 201
    assert later.json()["id"] != first.json()["id"]
    assert mock.create({"name": "Another"}, key="one").content == later.content


def test_a_replay_outlives_the_revocation_of_what_it_made(mock: Partnered) -> None:
    first = mock.create(key="one")
    mock.revoke(first.json()["client_id"])

    assert mock.create(key="one").content == first.content


@pytest.mark.parametrize(
    "key", ["x" * 60_000, "ключ".encode().decode("latin-1"), '"quoted"', "a, b"]
)
def test_strange_keys_work(mock: Partnered, key: str) -> None:
    headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)]
    first = mock.post(b'{"name":"x"}', *headers)

    assert first.status_code == 201
    assert mock.post(b'{"name":"x"}', *headers).content == first.content


def test_the_header_means_nothing_where_the_contract_does_not_declare_it(mock: Partnered) -> None:
    client_id = mock.create().json()["client_id"]
    path, headers = f"/auth/credentials/{client_id}", {"Idempotency-Key": "one"}

    assert mock.request("DELETE", path, headers=headers).status_code == 204
    assert mock.request("DELETE", path, headers=headers).status_code == 409


def test_a_commit_that_a_store_sent_twice_is_no_replay(
    serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client of Redis sends a command once more where the connection broke under the first."""
    commit = SqliteStore.commit

    async def twice(
        self: SqliteStore, writes: Sequence[Write], record: IdempotencyRecord | None, now: float
    ) -> IdempotencyRecord | None:
        await commit(self, writes, record, now)
        return await commit(self, writes, record, now)

    monkeypatch.setattr(SqliteStore, "commit", twice)
    partner = Partner("partner", "dinie_ci_live_a", "dinie_cs_live_a", "dinie_at_a")
    settings = Settings((partner,), store=f"sqlite:///{tmp_path / 'mock.db'}")
    headers = {"Authorization": f"Bearer {partner.token}", "Idempotency-Key": "one"}
    with serving(settings) as client:
        answers = [
            client.post("/v3/auth/credentials", json={"name": "x"}, headers=headers)
            for _ in range(2)
        ]
    assert [one.headers.get("idempotent-replayed") for one in answers] == [None, "true"]
    assert answers[0].content == answers[1].content


@pytest.mark.anyio
async def test_a_replay_does_not_run_the_operation_as_long_as_there_is_a_record() -> None:
    runs: list[Exchange] = []
    store = SqliteStore()
    create = next(one for one in Contract.bundled().operations.values() if one.idempotency_header)

    async def operate(scope: Scope, _: Receive, __: Send) -> None:
        exchange = Exchange.of(scope)
        exchange.response = Response(201, b"%d" % len(runs))
        runs.append(exchange)

    stage = Idempotency(operate, store)

    async def answered(now: float) -> bytes:
        scope = {"path": "/", "query_string": b"", "headers": [(b"idempotency-key", b"one")]}
        exchange = Exchange(scope, unused, now, operation=create, partner_id="partner")
        exchange.enter()
        await stage(scope, unused, unused)
        assert exchange.response is not None
        assert exchange.executed is not exchange.is_replay
        return exchange.response.body

    assert [await answered(0.0) for _ in range(3)] == [b"0"] * 3
    assert len(runs) == 1
    assert await answered(DAY + 1.0) == b"1"
    await store.reset_partner("partner")
    assert [await answered(DAY + 1.0) for _ in range(2)] == [b"2"] * 2
    assert len(runs) == 3


async def unused(*_: object) -> Any:
    raise AssertionError
