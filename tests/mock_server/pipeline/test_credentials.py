"""Create, list and revoke, as one partner and as two."""

import re
from typing import Any

import pytest

from tests.mock_server.clients import ManualClock, Partnered

FIELDS = {
    "id", "client_id", "name", "status", "expires_at",
    "created_at", "updated_at", "last_used_at", "client_secret",
}  # fmt: skip


def test_a_created_key_has_all_nine_fields(mock: Partnered) -> None:
    response = mock.create({"name": "Production Key", "expires_at": "2027-03-04T00:00:00Z"})

    assert response.status_code == 201
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    key = response.json()
    assert set(key) == FIELDS
    assert key["id"] == key["client_id"]
    assert key["name"] == "Production Key"
    assert key["status"] == "active"
    assert key["expires_at"] == "2027-03-04T00:00:00Z"
    assert key["created_at"] == key["updated_at"] == "2026-03-01T12:00:00.250Z"
    assert key["last_used_at"] is None
    assert re.fullmatch(r"dinie_cs_live_[A-Za-z0-9]{32}", key["client_secret"])


@pytest.mark.parametrize("body", [{"name": "x"}, {"name": "x", "expires_at": None}])
def test_a_key_without_an_expiry_never_expires(mock: Partnered, body: dict[str, Any]) -> None:
    assert mock.create(body).json()["expires_at"] is None


@pytest.mark.parametrize(
    "name", ["", " ", "chave de produção", "🔑" * 50, "\u0000", "é", "\u202e", "x" * 100_000]
)
def test_any_name_comes_back_unchanged(mock: Partnered, name: str) -> None:
    assert mock.create({"name": name}).json()["name"] == name
    assert mock.page().json()["data"][0]["name"] == name


def test_secrets_and_ids_are_unique(mock: Partnered) -> None:
    keys = [mock.create().json() for _ in range(50)]

    assert len({key["client_secret"] for key in keys}) == 50
    assert len({key["id"] for key in keys}) == 50


def test_a_list_never_shows_a_secret(mock: Partnered) -> None:
    mock.create()
    [listed] = mock.page().json()["data"]

    assert set(listed) == FIELDS - {"client_secret"}


def test_pages_hold_every_key_once_newest_first(mock: Partnered) -> None:
    created = [mock.create().json()["id"] for _ in range(53)]

    first = mock.page().json()
    assert first["has_more"]
    assert len(first["data"]) == 25

    seen, page = [], mock.page(limit=10).json()
    while True:
        seen += [one["id"] for one in page["data"]]
        if not page["has_more"]:
            break
        page = mock.page(limit=10, starting_after=seen[-1]).json()
    assert seen == created[::-1]


def test_a_page_that_is_exactly_full_has_no_more(mock: Partnered) -> None:
    for _ in range(3):
        mock.create()

    assert mock.page(limit=3).json()["has_more"] is False
    assert mock.page(limit=2).json()["has_more"] is True


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": ""}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"limit": [1, 2]}, "limit"),
        ({"limit": [2, 2]}, "limit"),
        ({"starting_after": "unknown"}, "starting_after"),
    ],
)
def test_a_bad_page_request_names_the_parameter(
    mock: Partnered, parameters: dict[str, Any], param: str
) -> None:
    response = mock.page(**parameters)

    assert response.status_code == 422
    assert [error["param"] for error in response.json()["errors"]] == [param]


def test_partners_see_only_their_own_keys(mock: Partnered, other_partner: Partnered) -> None:
    own = mock.create().json()["id"]
    foreign = other_partner.create().json()["id"]

    assert mock.listed() == [own]
    assert other_partner.listed() == [foreign]
    assert mock.revoke(foreign).status_code == 404
    assert mock.page(starting_after=foreign).status_code == 422


def test_a_key_can_be_exchanged_for_a_token_and_that_is_noted(
    mock: Partnered, clock: ManualClock
) -> None:
    key = mock.create().json()
    clock.instant += 60

    answer = mock.token(key["client_id"], key["client_secret"])

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    [listed] = mock.page().json()["data"]
    assert listed["last_used_at"] == "2026-03-01T12:01:00.250Z"


def test_a_revoked_key_gets_no_token_but_its_tokens_live_on(
    mock: Partnered, clock: ManualClock
) -> None:
    key = mock.create().json()
    token = mock.token(key["client_id"], key["client_secret"]).json()["access_token"]
    clock.instant += 5

    revoked = mock.revoke(key["client_id"])

    assert revoked.status_code == 204
    assert revoked.content == b""
    refused = mock.token(key["client_id"], key["client_secret"])
    assert refused.status_code == 401
    assert refused.json()["code"] == "invalid_client"
    authorization = {"Authorization": f"Bearer {token}"}
    [listed] = mock.request("GET", "/auth/credentials", headers=authorization).json()["data"]
    assert listed["status"] == "revoked"
    assert listed["updated_at"] == "2026-03-01T12:00:05.250Z"


def test_a_key_is_revoked_only_once(mock: Partnered) -> None:
    client_id = mock.create().json()["client_id"]

    assert mock.revoke(client_id).status_code == 204
    again = mock.revoke(client_id)
    assert again.status_code == 409
    assert again.json()["code"] == "already_revoked"
    assert mock.revoke("unknown").status_code == 404


@pytest.mark.parametrize("expires_at", ["2026-03-01T12:30:00Z", "2026-03-01T09:30:00-03:00"])
def test_an_expired_key_gets_no_token(mock: Partnered, clock: ManualClock, expires_at: str) -> None:
    key = mock.create({"name": "Short", "expires_at": expires_at}).json()

    clock.instant += 1799
    assert mock.token(key["client_id"], key["client_secret"]).status_code == 200
    clock.instant += 1
    assert mock.token(key["client_id"], key["client_secret"]).status_code == 401
