"""What cannot be read is a 400; what reads well and is wrong is a 422 for every bad field."""

from typing import Any

import pytest

from tests.mock_server.clients import Partnered

JSON = ("Content-Type", "application/json")


def deep(levels: int) -> bytes:
    return b'{"name":"x","more":' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"{",
        b"nul",
        b'{"name":"x",}',
        b"{'name':'x'}",
        b'{"name":"x"} trailing',
        b'{"name":NaN}',
        b'{"name":Infinity}',
        b'{"name":"\x01"}',
        b'{"name":"\\x"}',
        b'{"name":"\xff\xfe"}',
        '{"name":"x"}'.encode("utf-16"),
        b'{"name":"\\ud800"}',
        b'{"name":"\\udc00\\ud800"}',
        b"\xef\xbb\xbf{}",
        deep(101),
        deep(5_000),
        deep(200_000),
        b"[" * 500_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda content: repr(content[:24]),
)
def test_a_body_that_is_not_json_is_unreadable(mock: Partnered, content: bytes) -> None:
    response = mock.post(content, JSON)

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "malformed_body"
    assert mock.listed() == []


def test_a_body_over_the_limit_is_refused(mock: Partnered) -> None:
    response = mock.post(b'{"name":"' + b"x" * 1_048_576 + b'"}', JSON)

    assert response.status_code == 400
    assert response.json()["code"] == "body_too_large"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Content-Type", "")],
        [("Content-Type", "text/plain")],
        [("Content-Type", "application/x-www-form-urlencoded")],
        [("Content-Type", "application/jsonp")],
        [("Content-Type", "application/problem+json")],
        [("Content-Type", "application/json, text/plain")],
        [JSON, JSON],
        [JSON, ("Content-Type", "text/plain")],
    ],
)
def test_the_content_type_must_be_one_that_is_documented(
    mock: Partnered, headers: list[tuple[str, str]]
) -> None:
    response = mock.post(b'{"name":"x"}', *headers)

    assert response.status_code == 400
    assert response.json()["code"] == "invalid_content_type"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/json;x=,",
    ],
)
def test_parameters_and_case_of_the_content_type_do_not_matter(
    mock: Partnered, content_type: str
) -> None:
    assert mock.post(b'{"name":"x"}', ("Content-Type", content_type)).status_code == 201


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("name", "missing_required_field")]),
        ({"name": None}, [("name", "invalid_type")]),
        ({"name": 5}, [("name", "invalid_type")]),
        ({"name": ["x"]}, [("name", "invalid_type")]),
        ({"name": "x", "expires_at": "tomorrow"}, [("expires_at", "invalid_format")]),
        ({"name": "x", "expires_at": 1803945600}, [("expires_at", "invalid_type")]),
        ({"name": "x", "expires_at": ""}, [("expires_at", "invalid_format")]),
        (
            {"expires_at": False},
            [("name", "missing_required_field"), ("expires_at", "invalid_type")],
        ),
        (
            {"name": {}, "expires_at": "2027-02-30T00:00:00Z"},
            [("name", "invalid_type"), ("expires_at", "invalid_format")],
        ),
        ([], [("body", "invalid_type")]),
        ("text", [("body", "invalid_type")]),
        (5, [("body", "invalid_type")]),
    ],
)
def test_every_bad_field_is_named(
    mock: Partnered, body: Any, errors: list[tuple[str, str]]
) -> None:
    response = mock.create(body)

    assert response.status_code == 422
    problem = response.json()
    found = {(one["param"], one["code"]) for one in problem["errors"]}
    assert found == set(errors)
    assert len(problem["errors"]) == len(errors)
    assert problem["param"] == problem["errors"][0]["param"]
    assert problem["code"] == problem["errors"][0]["code"]
    assert mock.listed() == []


def test_a_null_body_is_json_and_wrong(mock: Partnered) -> None:
    response = mock.post(b"null", JSON)

    assert response.status_code == 422
    assert response.json()["errors"][0]["param"] == "body"


@pytest.mark.parametrize(
    "expires_at",
    [
        "2027-03-04T00:00:00Z",
        "2027-03-04t00:00:00z",
        "2027-03-04T00:00:00.123456789+05:30",
        "2027-03-04T00:00:00-00:00",
        "2016-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "2020-01-01T00:00:00Z",
    ],
)
def test_every_rfc_3339_date_is_taken_and_can_be_enforced(mock: Partnered, expires_at: str) -> None:
    key = mock.create({"name": "x", "expires_at": expires_at}).json()

    assert key["expires_at"] == expires_at
    assert mock.token(key["client_id"], key["client_secret"]).status_code in {200, 401}


def test_unknown_members_are_allowed_and_dropped(mock: Partnered) -> None:
    response = mock.create({"name": "x", "color": "red"})

    assert response.status_code == 201
    assert "color" not in response.json()


def test_a_body_where_none_is_documented_does_not_matter(mock: Partnered) -> None:
    response = mock.request(
        "GET", "/auth/credentials", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 200
