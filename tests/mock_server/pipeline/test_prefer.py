"""``Prefer: code=NNN`` on the bundled contract."""

from typing import Any

import pytest

from tests.mock_server.clients import Client, Partnered


def prefer(mock: Partnered, text: str, **options: Any) -> Any:
    headers = {"Prefer": text, **options.pop("headers", {})}
    return mock.request("POST", "/auth/credentials", headers=headers, json={"name": "x"}, **options)


@pytest.mark.parametrize("status", [201, 400, 401, 422, 429, 500])
def test_each_documented_status_can_be_had(mock: Partnered, status: int) -> None:
    response = prefer(mock, f"code={status}")

    assert response.status_code == status
    assert response.headers["preference-applied"] == f"code={status}"
    assert mock.listed() == []


def test_a_forced_429_says_how_long_to_wait(mock: Partnered) -> None:
    assert int(prefer(mock, "code=429").headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    "text",
    ["code=500", "code = 500", 'code="500"', "CODE=500", "wait=1, code=500", "a; b, code=500"],
)
def test_the_preference_is_read_as_rfc_7240_writes_it(mock: Partnered, text: str) -> None:
    assert prefer(mock, text).status_code == 500


@pytest.mark.parametrize("text", ["respond-async", "wait=10", "status_code=500", "xcode=429", ""])
def test_other_preferences_are_ignored(mock: Partnered, text: str) -> None:
    assert prefer(mock, text).status_code == 201


@pytest.mark.parametrize("status", [302, 403, 408, 418, 451, 502, 503, 504, 599])
@pytest.mark.parametrize("body", ["", ", body=problem", ", body=html", ", body=empty", "; body=x"])
def test_any_other_status_is_a_gateways(mock: Partnered, status: int, body: str) -> None:
    response = prefer(mock, f"code={status}{body}")

    assert response.status_code == status
    assert mock.listed() == []
    if body == ", body=html":
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.headers["content-security-policy"] == "sandbox"
        assert f"<h1>{status} " in response.text
    elif body == ", body=empty" or (status == 302 and body != ", body=problem"):
        assert response.content == b""
        assert "content-type" not in response.headers
    else:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == status
        assert "dinie" not in response.text


def test_a_gateway_may_answer_a_documented_status_too(mock: Partnered) -> None:
    assert "<h1>500 Internal Server Error</h1>" in prefer(mock, "code=500, body=html").text
    assert prefer(mock, "code=429, body=empty").content == b""
    applied = prefer(mock, 'body="html", code=500').headers["preference-applied"]
    assert applied == "code=500, body=html"


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_a_body_has_none(mock: Partnered, status: int) -> None:
    assert prefer(mock, f"code={status}, body=html").content == b""


@pytest.mark.parametrize(
    "text", ["code=abc", "code=", "code=99999", "code=0429", "code=199", "code=600"]
)
def test_what_is_no_status_is_refused_with_the_documented_ones(mock: Partnered, text: str) -> None:
    response = prefer(mock, text)

    assert response.status_code == 400
    assert response.json()["code"] == "undocumented_code"
    assert "201, 400, 401, 422, 429, 500" in response.json()["detail"]


def test_an_example_and_new_data_change_no_state(mock: Partnered) -> None:
    refused = prefer(mock, "example=invalid_format")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_format")
    assert refused.headers["preference-applied"] == "example=invalid_format"
    answers = [prefer(mock, "dynamic=true", headers={"Idempotency-Key": "k"}) for _ in range(3)]
    assert [one.status_code for one in answers] == [201] * 3
    assert len({one.json()["client_secret"] for one in answers}) == 3
    assert mock.listed() == []


@pytest.mark.parametrize(("text", "status"), [("wait=1", 201), ("wait=1, fault=none", 400)])
def test_a_preference_without_a_meaning_is_told(mock: Partnered, text: str, status: int) -> None:
    response = prefer(mock, text)

    assert response.status_code == status
    assert response.headers.get("preference-ignored") == ("wait" if status == 201 else None)


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ("dynamic=maybe", "dynamic"),
        ("dynamic=FALSE", None),
        ("code=401, body=picture", "body"),
        ("code=503, body=html, dynamic=2", "dynamic"),
    ],
)
def test_a_value_without_a_meaning_is_told(
    mock: Partnered, text: str, ignored: str | None
) -> None:  # fmt: skip
    assert prefer(mock, text).headers.get("preference-ignored") == ignored


def test_a_refusal_tells_of_other_preferences_too(mock: Partnered) -> None:
    response = mock.request("POST", "/auth/credentials", headers={"Prefer": "wait=1"}, json={})

    assert response.status_code == 422
    assert response.headers["preference-ignored"] == "wait"


def test_a_preference_needs_authentication(client: Client) -> None:
    response = client.post("/v3/auth/credentials", headers={"Prefer": "code=201"})
    assert response.status_code == 401


def test_the_token_operation_can_be_forced_without_credentials(client: Client) -> None:
    assert client.post("/v3/auth/token", headers={"Prefer": "code=500"}).status_code == 500
