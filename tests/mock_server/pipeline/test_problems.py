"""Every error is the same kind of document, whatever went wrong."""

import logging
from typing import Any

import pytest

from mock_server.exchange.problems import ProblemType
from mock_server.store.interface import StoreError
from mock_server.store.sqlite_store import SqliteStore
from openapi.contract import Contract
from tests.mock_server.clients import Partnered

PROBLEM = Contract.bundled().operations["createCredential"].responses["400"]
SCHEMA = PROBLEM.content["application/problem+json"].schema

REQUESTS: list[tuple[int, str, str, dict[str, Any]]] = [
    (400, "POST", "/auth/credentials", {"content": b"{"}),
    (401, "GET", "/auth/credentials", {"headers": {"Authorization": "Bearer x"}}),
    (404, "GET", "/", {}),
    (404, "GET", "/auth/credentials/", {}),
    (404, "GET", "/auth//credentials", {}),
    (404, "POST", "/AUTH/CREDENTIALS", {}),
    (404, "GET", "/a/path with spaces/é/<script>", {}),
    (404, "DELETE", "/auth/credentials/unknown", {}),
    (404, "DELETE", "/auth/credentials/a%2Fb", {}),
    (405, "PUT", "/auth/credentials", {}),
    (405, "OPTIONS", "/auth/token", {}),
    (405, "PROPFIND", "/auth/credentials/x", {}),
    (422, "POST", "/auth/credentials", {"json": {}}),
    (429, "POST", "/auth/credentials", {"headers": {"Prefer": "code=429"}}),
    (500, "POST", "/auth/credentials", {"headers": {"Prefer": "code=500"}}),
]


@pytest.mark.parametrize(("status", "method", "path", "options"), REQUESTS)
def test_it_is_a_true_problem_document(
    mock: Partnered, status: int, method: str, path: str, options: dict[str, Any]
) -> None:
    response = mock.request(method, path, **options)

    assert response.status_code == status
    assert response.headers["content-type"] in {
        "application/problem+json",
        "application/json",
    }
    problem = response.json()
    assert SCHEMA is not None
    assert SCHEMA.errors(problem) == []
    assert problem["status"] == status
    assert problem["type"].startswith("https://api.dinie.com.br/errors/")
    assert {"title", "detail", "instance", "code"} <= set(problem)


def test_the_titles_are_those_of_the_contracts_examples() -> None:
    """RFC 9457 section 3.1.3: the title of a type does not change."""
    shown = {
        (example["type"], example["title"], example["status"])
        for operation in Contract.bundled().operations.values()
        for answer in operation.responses.values()
        for media_type in answer.content.values()
        for example in media_type.examples
        if isinstance(example, dict) and "title" in example
    }
    raised = {
        (f"https://api.dinie.com.br/errors/{kind.value.slug}", kind.value.title, kind.value.status)
        for kind in ProblemType
    }
    assert len(shown) == 7
    assert shown <= raised


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/auth/credentials", "GET, HEAD, POST"),
        ("/auth/credentials/x", "DELETE"),
        ("/auth/token", "POST"),
    ],
)
def test_a_405_names_every_method_that_works(mock: Partnered, path: str, allow: str) -> None:
    response = mock.request("PATCH", path)

    assert response.status_code == 405
    assert response.headers["allow"] == allow


def test_an_unforeseen_failure_is_a_500_that_tells_nothing(
    mock: Partnered, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the inside of the mock")

    monkeypatch.setattr(SqliteStore, "list_credentials", fail)
    with caplog.at_level(logging.ERROR):
        response = mock.page()

    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "internal_error"
    assert "Traceback" not in response.text
    assert "inside" not in response.text
    assert "the inside of the mock" in caplog.text
    assert "dinie_at_first" not in caplog.text


def test_a_store_that_fails_confirms_nothing(
    mock: Partnered, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(SqliteStore, "commit", fail)
        response = mock.create(key="one")

    assert response.status_code == 500
    assert "client_secret" not in response.text
    assert mock.listed() == []
    assert mock.create(key="one").status_code == 201


def test_no_error_echoes_what_the_client_sent(mock: Partnered) -> None:
    secret = "dinie_cs_live_ffffffffffffffffffffffffffffffff"
    for body in ({"name": 5, "expires_at": secret}, {"name": {"secret": secret}}, [secret]):
        response = mock.create(body)
        assert response.status_code == 422
        assert secret not in response.text
    refused = mock.token("dinie_ci_live_first", secret)
    assert secret not in refused.text
