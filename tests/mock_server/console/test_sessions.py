"""A browser signs in with the admin token, and its session is worth no more than it must be."""

import time
from collections.abc import Iterator

import httpx
import pytest

from mock_server.control import access
from mock_server.settings import Settings
from tests.mock_server.clients import FIRST, Client, serve

ADMIN = "an-admin-token-of-some-length"
SESSION = "/_mock/ui/session"
JOURNAL = f"/_mock/partners/{FIRST.partner_id}/journal"
PAGE = f"/_mock/ui/partners/{FIRST.partner_id}"


@pytest.fixture
def guarded() -> Iterator[Client]:
    with serve(Settings(partners=(FIRST,), admin_token=ADMIN)) as client:
        yield client


def signed_in(client: Client, **headers: str) -> httpx.Response:
    return client.post(SESSION, json={"admin_token": ADMIN}, headers=headers)


def cookie(answer: httpx.Response) -> dict[str, str]:
    return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}


def test_a_page_without_a_session_asks_for_the_token(guarded: Client) -> None:
    answer = guarded.get(PAGE)

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/_mock/ui/sign-in"
    assert "Admin token" in guarded.get("/_mock/ui/sign-in").text


def test_a_session_opens_pages_and_control_plane(guarded: Client) -> None:
    session = cookie(signed_in(guarded))

    assert FIRST.client_secret in guarded.get(PAGE, headers=session).text
    assert guarded.get(JOURNAL, headers=session).status_code == 200


def test_no_script_reads_the_cookie_and_no_other_site_sends_it(guarded: Client) -> None:
    given = signed_in(guarded).headers["Set-Cookie"]

    assert "; HttpOnly" in given
    assert "; SameSite=Strict" in given
    assert "; Path=/_mock;" in given
    assert ADMIN not in given


@pytest.mark.parametrize("token", ["", "wrong", ADMIN[:-1], f"{ADMIN}x", "\ud800"])
def test_a_wrong_token_begins_no_session(guarded: Client, token: str) -> None:
    body = f'{{"admin_token": "{token}"}}'.encode("ascii", "backslashreplace")
    answer = guarded.post(SESSION, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in {400, 401, 422}
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://elsewhere.example"}, {"Sec-Fetch-Site": "same-site"}]
)
def test_a_page_of_another_origin_has_nothing_of_a_session(
    guarded: Client, headers: dict[str, str]
) -> None:
    session = cookie(signed_in(guarded))

    assert signed_in(guarded, **headers).status_code == 403
    assert guarded.get(JOURNAL, headers=session | headers).status_code == 403
    assert guarded.delete(SESSION, headers=session | headers).status_code == 403
    assert guarded.get(JOURNAL, headers=session).status_code == 200


def test_a_session_ends(guarded: Client) -> None:
    session, other = cookie(signed_in(guarded)), cookie(signed_in(guarded))
    ended = guarded.delete(SESSION, headers=session)

    assert ended.status_code == 204
    assert "Max-Age=0" in ended.headers["Set-Cookie"]
    assert guarded.get(JOURNAL, headers=session).status_code == 401
    assert guarded.get(JOURNAL, headers=other).status_code == 200


@pytest.mark.parametrize("value", ["", "guess", "a" * 10_000])
def test_a_made_up_cookie_is_no_session(guarded: Client, value: str) -> None:
    signed_in(guarded)

    assert guarded.get(JOURNAL, headers={"Cookie": f"dinie_mock={value}"}).status_code == 401


def test_a_mock_without_an_admin_token_has_no_sessions(client: Client) -> None:
    answer = client.post(SESSION, json={"admin_token": ""})

    assert answer.status_code == 401
    assert client.get(PAGE).status_code in {200, 403}


def test_a_session_ends_after_its_time(guarded: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    session, now = cookie(signed_in(guarded)), time.monotonic()
    monkeypatch.setattr(access.time, "monotonic", lambda: now + 12 * 3600 + 1)

    assert guarded.get(JOURNAL, headers=session).status_code == 401


def test_the_journal_does_not_hold_the_admin_token(guarded: Client) -> None:
    guarded.get("/v3/nothing", headers={"X-K": ADMIN})
    journal = guarded.get("/_mock/journal", headers={"Authorization": f"Bearer {ADMIN}"})

    assert journal.json()["data"]
    assert ADMIN not in journal.text


def test_mocks_on_two_ports_of_one_host_have_cookies_of_their_own(guarded: Client) -> None:
    first = signed_in(guarded, Host="localhost:8080").headers["Set-Cookie"]
    second = signed_in(guarded, Host="localhost:8081").headers["Set-Cookie"]

    assert first.partition("=")[0] != second.partition("=")[0]
