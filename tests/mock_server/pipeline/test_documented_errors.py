"""Each error that the bundled contract shows is what the mock answers, to the last member."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mock_server.settings import Settings
from mock_server.store.sqlite_store import SqliteStore
from openapi.contract import Contract
from tests.mock_server.clients import FIRST, Partnered, Serving

CREDENTIALS = "/v3/auth/credentials"
UNKNOWN = f"{CREDENTIALS}/dinie_ci_live_0f8e2b7c4d5a6b1c9e3f7a2d8b4c6e10"
FORM = {"grant_type": "client_credentials"}

SHOWN: dict[str, dict[str, Any]] = {
    example["code"]: example
    for operation in Contract.bundled().operations.values()
    for status, answer in operation.responses.items()
    if status.startswith(("4", "5"))
    for media_type in answer.content.values()
    for example in media_type.examples
    if isinstance(example, dict)
}


def create(mock: Partnered, **options: Any) -> httpx.Response:
    return mock.request("POST", "/auth/credentials", **options)


def conflict(mock: Partnered) -> httpx.Response:
    path = f"/auth/credentials/{mock.create().json()['client_id']}"
    assert mock.request("DELETE", path).status_code == 204
    return mock.request("DELETE", path)


def reused_key(mock: Partnered) -> httpx.Response:
    headers = {"Idempotency-Key": "a key"}
    assert create(mock, json={"name": "one"}, headers=headers).status_code == 201
    return create(mock, json={"name": "two"}, headers=headers)


def expired(mock: Partnered) -> httpx.Response:
    mock.request("GET", "/auth/credentials", headers={"Prefer": "fault=expired-token"})
    return mock.request("GET", "/auth/credentials")


def failed(mock: Partnered) -> httpx.Response:
    async def fail(*_: object) -> None:
        raise RuntimeError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SqliteStore, "list_credentials", fail)
        return mock.request("GET", "/auth/credentials")


PROVOKED: dict[str, Callable[[Partnered], httpx.Response]] = {
    "malformed_body": lambda mock: create(
        mock, content=b"{", headers={"Content-Type": "application/json"}
    ),
    "invalid_content_type": lambda mock: create(
        mock, content=b"x", headers={"Content-Type": "text/plain"}
    ),
    "missing_token": lambda mock: mock.client.get(CREDENTIALS),
    "invalid_token": lambda mock: mock.request(
        "GET", "/auth/credentials", headers={"Authorization": "Bearer x"}
    ),
    "token_expired": expired,
    "invalid_client": lambda mock: mock.client.post(
        "/v3/auth/token", data=FORM, auth=("dinie_ci_live_first", "wrong")
    ),
    "not_found": lambda mock: mock.request("DELETE", UNKNOWN.removeprefix("/v3")),
    "already_revoked": conflict,
    "missing_required_field": lambda mock: create(mock, json={}),
    "invalid_type": lambda mock: create(mock, json={"name": 5}),
    "invalid_format": lambda mock: create(mock, json={"name": "x", "expires_at": "tomorrow"}),
    "idempotency_key_reused": reused_key,
    "internal_error": failed,
}


def test_every_error_that_the_contract_shows_is_provoked() -> None:
    assert {*PROVOKED, "rate_limit_exceeded"} == SHOWN.keys()


def assert_shown(answer: httpx.Response, code: str) -> None:
    shown = dict(SHOWN[code])
    found = answer.json()
    assert answer.status_code == shown["status"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert found.pop("instance") == answer.request.url.path
    del shown["instance"]
    for one in (found, shown):
        # The one part of a detail that no example can foretell.
        one["detail"] = re.sub(r"req_[0-9a-f]+-[0-9a-f]+", "req_id", one["detail"])
    assert found == shown
    assert list(found) == list(shown)


@pytest.mark.parametrize("code", PROVOKED)
def test_an_error_is_answered_as_the_contract_shows_it(mock: Partnered, code: str) -> None:
    assert_shown(PROVOKED[code](mock), code)


def test_too_many_requests_are_answered_as_the_contract_shows_it(serving: Serving) -> None:
    with serving(Settings(partners=(FIRST,), rate_limit="1/hour")) as client:
        mock = Partnered(client, FIRST)
        assert mock.request("GET", "/auth/credentials").status_code == 200
        assert_shown(mock.request("GET", "/auth/credentials"), "rate_limit_exceeded")


@pytest.mark.parametrize(
    "body",
    [{"name": "x", "expires_at": 5}, {"name": 5, "expires_at": "x"}, [], {"name": None}],
)
def test_every_refusal_of_a_body_has_the_members_that_are_shown(
    mock: Partnered, body: object
) -> None:
    answer = create(
        mock,
        content=httpx.Request("POST", "http://x", json=body).content,
        headers={"Content-Type": "application/json"},
    ).json()
    assert answer.keys() == SHOWN["invalid_type"].keys()
    assert answer["param"] == answer["errors"][0]["param"]
    for one in answer["errors"]:
        assert one.keys() == {"param", "detail", "code"}
        assert re.fullmatch(r"This field .*\.", one["detail"])


@pytest.mark.parametrize("changes", [{"status": "revoked"}, {"expires_at": "2020-01-01T00:00:00Z"}])
def test_no_login_says_which_client_ids_there_are(mock: Partnered, changes: dict[str, str]) -> None:
    key = mock.create().json()
    if "status" in changes:
        mock.request("DELETE", f"/auth/credentials/{key['client_id']}")
    else:
        key = mock.create({"name": "x", **changes}).json()
    answer = mock.client.post(
        "/v3/auth/token", data=FORM, auth=(key["client_id"], key["client_secret"])
    )
    assert_shown(answer, "invalid_client")
