"""Faults on a contract without idempotency keys, without authentication, with few statuses."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from mock_server.connection import ConnectionDropped
from mock_server.faults.presets import PRESETS, presets_for
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from openapi.contract import Contract
from tests.mock_server.clients import Client, Serving

PARTNER = Partner("partner_x", "id", "secret", "token")
HEADERS = {"Authorization": "Bearer token"}
LOOPBACK = {"Host": "localhost"}
FAULTS = f"/_mock/partners/{PARTNER.partner_id}/faults"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("foreign") / "foreign.yaml"
    done = {"200": {"description": "Done."}}
    broken = {"500": {"description": "Broken.", "content": {"text/plain": {"example": "broken"}}}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Foreign", "version": "1"},
        "security": [{"jwt": []}],
        "paths": {
            "/a": {"post": {"operationId": "add", "responses": done}},
            "/b": {"get": {"operationId": "look", "responses": done | broken}},
            "/c": {"get": {"responses": done | {"409": {"description": "Taken."}}}},
        },
        "components": {"securitySchemes": {"jwt": {"type": "http", "scheme": "bearer"}}},
    }
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture
def foreign(serving: Serving, file: Path) -> Iterator[Client]:
    with serving(Settings(contract=file, partners=(PARTNER,))) as client:
        yield client


def outcomes(client: Client, times: int) -> list[int | None]:
    found: list[int | None] = []
    for _ in range(times):
        try:
            found.append(client.post("/a", headers=HEADERS).status_code)
        except (ConnectionDropped, httpx.RemoteProtocolError):
            found.append(None)
    return found


EXPECTED: dict[str, list[int | None]] = {
    "lost-response": [None, 200, None],
    "failed-response": [500, 200, 500],
    "brownout": [500, 500, 200],
    "outage": [500, 500, 500],
    "rate-limit-storm": [429, 429, 200],
    "expired-token": [401, 401, 401],
    "gateway": [502, 200, 503, 200, 504, 200, 408, 200],
    "connection-reset": [None, 200, None],
    "refusal": [403, 403, 200],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_preset_puts_clients_of_any_contract_to_the_test(foreign: Client, name: str) -> None:
    answer = foreign.post(FAULTS, json={"preset": name}, headers=LOOPBACK)
    assert answer.status_code == 201, answer.text
    assert outcomes(foreign, len(EXPECTED[name])) == EXPECTED[name]


def test_a_preset_leaves_out_what_the_contract_cannot_have(foreign: Client) -> None:
    """No answer of this contract but one has a body that could be slow."""
    assert PRESETS.keys() - EXPECTED.keys() == {"slow"}
    added = foreign.post(FAULTS, json={"preset": "slow"}, headers=LOOPBACK).json()["data"]
    assert [one["action"]["kind"] for one in added] == ["delay"]


def test_exercise_leaves_out_the_presets_that_a_contract_cannot_have(file: Path) -> None:
    operations = Contract.from_file(file).operations.values()
    assert presets_for(operations) == tuple(PRESETS)
    public = [replace(one, security=()) for one in operations]
    assert set(PRESETS) - set(presets_for(public)) == {"expired-token"}


def test_a_documented_answer_stays_what_it_is(foreign: Client) -> None:
    foreign.post(FAULTS, json={"preset": "outage"}, headers=LOOPBACK)
    documented, gateways = (
        foreign.request(*one, headers=HEADERS) for one in (("GET", "/b"), ("POST", "/a"))
    )
    assert (documented.status_code, documented.text) == (500, "broken")
    assert gateways.json()["type"] == "about:blank"


@pytest.mark.parametrize(
    ("fault", "status", "media_type"),
    [
        ("503", 503, "application/problem+json"),
        ("502:html", 502, "text/html; charset=utf-8"),
        ("504:empty", 504, None),
        ("418:problem", 418, "application/problem+json"),
        ("409", 409, "application/problem+json"),
    ],
)
def test_a_status_of_the_start_is_for_each_request(
    serving: Serving, file: Path, fault: str, status: int, media_type: str | None
) -> None:
    with serving(Settings(contract=file, partners=(PARTNER,), faults=(fault,))) as client:
        for method, path in (("POST", "/a"), ("GET", "/b")):
            answer = client.request(method, path, headers=HEADERS)
            assert (answer.status_code, answer.headers.get("content-type")) == (status, media_type)
        [shown] = client.get(FAULTS, headers=LOOPBACK).json()["data"]
        assert (shown["name"], shown["fired"], "preset" in shown) == (fault, 2, False)


@pytest.mark.parametrize("fault", ["503", "502:html", "409"])
def test_a_request_may_ask_for_such_a_fault(foreign: Client, fault: str) -> None:
    headers: dict[str, Any] = {**HEADERS, "Prefer": f"fault={fault}"}
    assert foreign.post("/a", headers=headers).status_code == int(fault[:3])
    assert foreign.post("/a", headers=HEADERS).status_code == 200


@pytest.mark.parametrize("fault", ["199", "600", "5030", "502:pdf", "502:", ":html", "html"])
def test_what_is_no_fault_is_refused(foreign: Client, fault: str) -> None:
    answer = foreign.post("/a", headers={**HEADERS, "Prefer": f"fault={fault}"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_fault")
