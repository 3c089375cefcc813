"""Who may use the control plane: all on loopback, else those with the admin token."""

import secrets
from collections.abc import Iterator

import httpx
import pytest

from demo.mock_process import mock_process
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from tests.mock_server.clients import Client, Judge, Serving

TOKEN = "an-admin-tóken"


@pytest.fixture
def client(serving: Serving) -> Iterator[Client]:
    with serving(Settings(admin_token=TOKEN)) as client:
        yield client


def ask(client: Client, authorization: str | None, path: str = "/_mock/partners") -> httpx.Response:
    headers = {} if authorization is None else {"Authorization": authorization.encode()}
    return client.get(path, headers=headers)


@pytest.mark.parametrize(
    ("authorization", "code", "error"),
    [
        (None, "missing_token", ""),
        ("", "missing_token", ""),
        ("Basic YTpi", "missing_token", ""),
        ("Bearer", "invalid_token", ', error="invalid_token"'),
        ("Bearer wrong", "invalid_token", ', error="invalid_token"'),
        (f"Bearer {TOKEN}x", "invalid_token", ', error="invalid_token"'),
        (f"Bearer {TOKEN[:-1]}", "invalid_token", ', error="invalid_token"'),
    ],
)
def test_without_the_token_nobody_gets_in(
    client: Client, judged: Judge, authorization: str | None, code: str, error: str
) -> None:
    response = judged(ask(client, authorization))
    assert (response.status_code, response.json()["code"]) == (401, code)
    assert response.headers["www-authenticate"].startswith('Bearer realm="dinie"' + error)
    assert TOKEN not in response.text


def test_with_the_token_all_of_it_is_open(client: Client, judged: Judge) -> None:
    assert judged(ask(client, f"Bearer {TOKEN}")).status_code == 200
    assert judged(ask(client, f"bearer {TOKEN}")).status_code == 200


def test_a_partners_token_is_no_admin_token(client: Client) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}".encode()}
    made = client.post("/_mock/partners", headers=headers).json()
    assert ask(client, f"Bearer {made['access_token']}").status_code == 401
    assert ask(client, f"Bearer {TOKEN}", "/v3/auth/credentials").status_code == 401


def test_a_refused_request_reveals_no_partner(client: Client) -> None:
    assert ask(client, None, "/_mock/partners/nobody").status_code == 401


def test_it_is_compared_in_constant_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append({one, other})
        return one == other

    monkeypatch.setattr(secrets, "compare_digest", compare)
    ask(client, "Bearer wrong")
    assert {b"wrong", TOKEN.encode()} in compared


def test_off_loopback_it_starts_with_the_token_and_asks_for_it() -> None:
    with mock_process("--host", "0.0.0.0", "--admin-token", "hush-hush") as mock:
        url = mock.origin.replace("0.0.0.0", "127.0.0.1") + "/_mock/partners"
        assert httpx.get(url).status_code == 401
        assert httpx.get(url, headers={"Authorization": "Bearer hush-hush"}).status_code == 200
        assert "hush" not in mock.announcement
        assert "hush" not in mock.log()


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_without_the_control_plane_its_paths_are_unknown(host: str) -> None:
    with mock_process("--no-control", "--host", host) as mock:
        origin = mock.origin.replace("0.0.0.0", "127.0.0.1")
        for path in ("/_mock", "/_mock/partners", "/_mock/journal"):
            response = httpx.get(origin + path)
            assert (response.status_code, response.json()["code"]) == (404, "not_found")
            assert response.headers["content-type"] == "application/problem+json"
        assert "Control" not in mock.announcement


def test_without_the_control_plane_presets_still_work(serving: Serving) -> None:
    partner = Partner("partner_a", "dinie_ci_live_a", "dinie_cs_live_a", "dinie_at_a")
    settings = Settings((partner,), faults=("rate-limit-storm",), control=False)
    headers = {"Authorization": "Bearer dinie_at_a"}
    with serving(settings) as client:
        answers = [client.get("/v3/auth/credentials", headers=headers) for _ in range(3)]
    assert [one.status_code for one in answers] == [429, 429, 200]
