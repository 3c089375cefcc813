"""Token operations of other contracts: the pair is checked, and the token is its partner's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from tests.mock_server.clients import Client, Serving

ONE = Partner.parse("one:secret-one:token-one")
TWO = Partner.parse("two:secret-two:token-two")
PAIR = {"client_id": "two", "client_secret": "secret-two"}
STRING = {"type": "string"}


def form(*required: str, **members: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": [*required], "properties": members}
    return {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}


def token_operation(body: dict[str, Any], **answer: Any) -> dict[str, Any]:
    members = {"access_token": STRING, "token_type": STRING, "expires_in": {"type": "integer"}}
    schema = {"type": "object", "required": [*(members | answer)], "additionalProperties": False,
              "properties": {**members, **answer}}  # fmt: skip
    return {
        "security": [],
        "requestBody": body,
        "responses": {
            "200": {"description": "A token.", "content": {"application/json": {"schema": schema}}},
            "401": {"description": "No token."},
        },
    }


GRANT = {"grant_type": STRING}
SCOPED = {"token_type": {"const": "Bearer"}, "scope": {"type": "string", "enum": ["all"]}}
NAMED = form("username", "password", username=STRING, password=STRING)
ITEM = {"type": "object", "required": ["id"], "properties": {"id": STRING}}
MADE = {"201": {"description": "Made.", "content": {"application/json": {"schema": ITEM}}}}
READ = {"200": {"description": "It.", "content": {"application/json": {"schema": ITEM}}}}
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Tokens", "version": "1"},
    "security": [{"jwt": []}],
    "components": {"securitySchemes": {"jwt": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/token": {"post": token_operation(form(*GRANT, **GRANT))},
        "/pairs": {"post": token_operation(
            form(*PAIR, client_id=STRING, client_secret=STRING, **GRANT), **SCOPED)},
        "/login": {"post": token_operation(NAMED)},
        "/orders": {"post": {"responses": MADE}},
        "/orders/{id}": {"get": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": STRING}],
            "responses": READ,
        }},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def issuing(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    file: Path = tmp_path_factory.mktemp("tokens") / "contract.json"
    file.write_text(json.dumps(CONTRACT))
    with serving(Settings(contract=file, partners=(ONE, TWO))) as client:
        yield client


def owner_of(client: Client, token: str) -> str:
    """The partner whose order the token reads."""
    for partner in (ONE, TWO):
        own = {"Authorization": f"Bearer {partner.token}"}
        made = client.post("/orders", headers=own).json()["id"]
        path, used = f"/orders/{made}", {"Authorization": f"Bearer {token}"}
        if client.get(path, headers=used).status_code == 200:
            return partner.client_id
    return "nobody"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/token", {"data": {"grant_type": "client_credentials", **PAIR}}),
        ("/token", {"data": {"grant_type": "x"}, "auth": ("two", "secret-two")}),
        ("/pairs", {"data": PAIR}),
    ],
)
def test_a_pair_is_exchanged_for_a_token_of_its_partner(
    issuing: Client, path: str, sent: dict[str, Any]
) -> None:
    answer = issuing.post(path, **sent)

    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_in"] == 3600
    assert owner_of(issuing, answer.json()["access_token"]) == "two"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/token", {"data": {"grant_type": "x", **PAIR, "client_secret": "secret-one"}}),
        ("/token", {"data": {"grant_type": "x"}, "auth": ("two", "wrong")}),
        ("/token", {"data": {"grant_type": "client_credentials"}}),
        ("/pairs", {"data": {**PAIR, "client_id": "three"}}),
    ],
)
def test_any_other_pair_gets_none(issuing: Client, path: str, sent: dict[str, Any]) -> None:
    answer = issuing.post(path, **sent)

    assert answer.status_code == 401
    assert "access_token" not in answer.text


def test_the_answer_has_what_the_contract_wants_beside_the_token(issuing: Client) -> None:
    answer = issuing.post("/pairs", data=PAIR).json()

    assert (answer["token_type"], answer["scope"]) == ("Bearer", "all")
    assert issuing.post("/token", data=GRANT, auth=("one", "secret-one")).json()[
        "token_type"
    ] == "bearer"  # fmt: skip


def test_a_login_of_another_kind_gets_a_token_of_the_first_partner(issuing: Client) -> None:
    answer = issuing.post("/login", data={"username": "ada", "password": "x"})

    assert owner_of(issuing, answer.json()["access_token"]) == "one"
