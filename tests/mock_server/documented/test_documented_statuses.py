"""A refusal has a status that the operation documents, where one says the same."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from mock_server.exchange.problems import CONTROL_STYLE, Problem, ProblemType
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from tests.mock_server.clients import Client, serve

TEXT = {"type": "string"}
ERROR = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": {"type": "integer"}, "message": TEXT},
}
SETS = ("400", "422", "4XX", "default", "", "403 410 413 415", "409 400", "409 4XX")


def operation(statuses: str) -> dict[str, Any]:
    """An operation that documents these refusals, and the statuses of the mock among them."""
    body = {"type": "object", "required": ["name"], "properties": {"name": TEXT}}
    refusal = {"description": "No.", "content": {"application/json": {"schema": ERROR}}}
    return {
        "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": TEXT}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": {"description": "Yes."}, **dict.fromkeys(statuses.split(), refusal)},
    }


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    contract = tmp_path_factory.mktemp("statuses") / "contract.json"
    contract.write_text(json.dumps({
        "openapi": "3.1.0",
        "info": {"title": "Statuses", "version": "1"},
        "security": [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {f"/{at}": {"post": operation(one)} for at, one in enumerate(SETS)},
    }))  # fmt: skip
    with serve(Settings(contract=contract, partners=(Partner("p", "p", "s", "token"),))) as made:
        yield made


def send(client: Client, statuses: str, body: bytes = b'{"name": "x"}', **headers: str) -> int:
    """The status of the answer to a request, whose body is of the documented schema."""
    usual = {"Authorization": "Bearer token", "Content-Type": "application/json"}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"/{SETS.index(statuses)}"
    answer = client.post(path, content=body, headers={**usual, **given})
    if statuses and answer.status_code >= 400 and (str(answer.status_code) in statuses.split()):
        assert answer.json().keys() == {"code", "message"}
    return answer.status_code


KINDS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "value": ({"body": b"{}"}, (400, 422, 422, 422, 422, 422, 400, 422)),
    "syntax": ({"body": b"{"}, (400, 422, 400, 400, 400, 400, 400, 400)),
    "type": ({"Content_Type": "text/csv"}, (400, 422, 400, 400, 400, 415, 400, 400)),
    "size": ({"body": b'"%b"' % (b"x" * 2**20)}, (400, 422, 400, 400, 400, 413, 400, 400)),
    "coding": ({"Content_Encoding": "br"}, (400, 422, 415, 415, 415, 415, 400, 415)),
    "token": ({"Authorization": ""}, (401, 401, 401, 401, 401, 403, 401, 401)),
    "preference": ({"Prefer": "code=x"}, (400,) * len(SETS)),
}
"""Kinds of requests to refuse, and the status for each of the sets."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", range(len(SETS)))
def test_a_refusal_has_the_documented_status(client: Client, kind: str, at: int) -> None:
    request, statuses = KINDS[kind]
    assert send(client, SETS[at], **request) == statuses[at]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [("400", 400), ("422", 422), ("409 400", 409), ("409 4XX", 409), ("4XX", 422), ("", 422)],
)
def test_a_reused_key_has_the_documented_status(
    client: Client, statuses: str, expected: int
) -> None:
    key = {"Idempotency_Key": f"key of {statuses}"}
    assert send(client, statuses, **key) == 200
    assert send(client, statuses, b'{"name": "y"}', **key) == expected


def test_a_gzipped_body_that_is_wrong_is_refused_as_a_plain_one(client: Client) -> None:
    assert send(client, "400", gzip.compress(b"{}"), Content_Encoding="gzip") == 400


@pytest.mark.parametrize(
    ("kind", "documented", "expected"),
    [
        (ProblemType.STORE_FULL, "503", 503),
        (ProblemType.STORE_FULL, "500", 500),
        (ProblemType.STORE_FULL, "5XX 500", 500),
        (ProblemType.STORE_FULL, "5XX", 507),
        (ProblemType.CONFLICT, "404", 404),
        (ProblemType.CONFLICT, "400 409", 409),
        (ProblemType.NOT_FOUND, "410", 410),
        (ProblemType.NOT_FOUND, "400", 404),
        (ProblemType.NOT_ACCEPTABLE, "400", 406),
        (ProblemType.RATE_LIMIT_EXCEEDED, "503", 429),
        (ProblemType.INTERNAL, "503", 500),
    ],
)
def test_each_kind_has_statuses_that_say_the_same(
    kind: ProblemType, documented: str, expected: int
) -> None:
    problem = Problem(kind, "code", "Detail.")
    problem.take_status(documented.split())
    assert problem.status == expected
    assert problem.document("/", CONTROL_STYLE)["status"] == expected
