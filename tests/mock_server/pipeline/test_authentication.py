"""Tokens and challenges (RFC 6750, RFC 6749)."""

import base64
from typing import Any

import pytest

from mock_server.partners.access_tokens import PREFIX
from tests.mock_server.clients import Client, ManualClock, Partnered

TOKEN_PATH = "/v3/auth/token"


def basic(client_id: str, client_secret: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def test_a_token_comes_for_basic_and_a_form(mock: Partnered, client: Client) -> None:
    partner = mock.partner
    answer = client.post(
        TOKEN_PATH,
        data={"grant_type": "client_credentials"},
        headers=basic(partner.client_id, partner.client_secret),
    )

    assert answer.status_code == 200
    body = answer.json()
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 3600
    assert body["access_token"].startswith(PREFIX)
    assert body["access_token"].count(".") == 2


def test_a_token_comes_for_a_json_body(mock: Partnered) -> None:
    partner = mock.partner
    assert mock.token(partner.client_id, partner.client_secret).status_code == 200


def test_a_token_is_good_for_one_hour(mock: Partnered, clock: ManualClock) -> None:
    answer = mock.token(mock.partner.client_id, mock.partner.client_secret).json()
    headers = {"Authorization": f"Bearer {answer['access_token']}"}

    clock.instant += 3599
    assert mock.request("GET", "/auth/credentials", headers=headers).status_code == 200
    clock.instant += 1
    expired = mock.request("GET", "/auth/credentials", headers=headers)
    assert expired.status_code == 401
    assert expired.json()["code"] == "token_expired"
    assert 'error="invalid_token"' in expired.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({}, "grant_type", "missing_required_field"),
        ({"grant_type": "password"}, "grant_type", "invalid_value"),
        ({"grant_type": 5}, "grant_type", "invalid_type"),
        ({"grant_type": "client_credentials", "client_id": 1}, "client_id", "invalid_type"),
    ],
)
def test_the_grant_is_checked(client: Client, body: dict[str, Any], param: str, code: str) -> None:
    answer = client.post(TOKEN_PATH, json=body)

    assert answer.status_code == 422
    assert [(one["param"], one["code"]) for one in answer.json()["errors"]] == [(param, code)]


@pytest.mark.parametrize(
    ("client_id", "client_secret"),
    [("unknown", "x"), ("dinie_ci_live_first", "wrong"), ("dinie_ci_live_first", ""), ("", "")],
)
def test_wrong_credentials_are_challenged(
    mock: Partnered, client_id: str, client_secret: str
) -> None:
    answer = mock.token(client_id, client_secret)

    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_client"
    assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Basic /w=="])
def test_unreadable_basic_credentials_are_challenged(client: Client, header: str) -> None:
    data = {"grant_type": "client_credentials"}
    answer = client.post(TOKEN_PATH, data=data, headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_client"


@pytest.mark.parametrize(
    "header", [None, "", "dinie_at_first", "Basic eDp5", "Token dinie_at_first"]
)
def test_a_missing_token_is_challenged_without_an_error_code(
    client: Client, header: str | None
) -> None:
    headers = {"Authorization": header} if header is not None else {}
    answer = client.get("/v3/auth/credentials", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["code"] == "missing_token"
    assert answer.headers["www-authenticate"] == 'Bearer realm="dinie"'


def test_a_token_in_the_query_is_not_looked_at(client: Client) -> None:
    answer = client.get("/v3/auth/credentials", params={"access_token": "dinie_at_first"})

    assert answer.status_code == 401
    assert answer.json()["code"] == "missing_token"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_case_insensitive(client: Client, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} dinie_at_first"}
    assert client.get("/v3/auth/credentials", headers=headers).status_code == 200


def damaged(token: str) -> list[str]:
    """Every one-letter change near the end, and the usual mutilations."""
    changed = [
        token[:-1] + letter for letter in "ABCDEFGHQRSTwxyz012345678-_" if letter != token[-1]
    ]
    return [
        *changed,
        token[:-1],
        token + "A",
        token + "=",
        token.swapcase(),
        token.upper(),
        token.removeprefix(PREFIX),
        token.replace(".", "", 1),
        PREFIX,
        "",
        token.split(".", maxsplit=1)[0] + "..",
        f"{token}, {token}",
    ]


def test_a_damaged_token_is_refused_and_creates_nothing(mock: Partnered) -> None:
    token = mock.token(mock.partner.client_id, mock.partner.client_secret).json()["access_token"]
    for text in damaged(token):
        answer = mock.request(
            "POST",
            "/auth/credentials",
            json={"name": "x"},
            headers={"Authorization": f"Bearer {text}"},
        )
        assert answer.status_code == 401, text
        assert answer.json()["code"] == "invalid_token"
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert text == "" or text not in answer.text
    assert mock.listed() == []


def test_a_token_that_says_none_is_its_algorithm_is_refused(client: Client) -> None:
    def part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    head, claims = '{"alg":"none","typ":"JWT"}', '{"sub":"partner_first","exp":9999999999}'
    token = f"{PREFIX}{part(head)}.{part(claims)}."
    answer = client.get("/v3/auth/credentials", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("content", [b"", b"not json", b"{}", b'{"name":' + b"[" * 5000])
def test_authentication_comes_before_any_look_at_the_body(client: Client, content: bytes) -> None:
    answer = client.post("/v3/auth/credentials", content=content)

    assert answer.status_code == 401
    assert answer.json()["code"] == "missing_token"
