"""An operation without a documented success answers what it documents, or says that it has none."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_server.app import create_app
from mock_server.settings import Settings
from openapi.errors import ContractError
from tests.mock_server.clients import Serving


def body(example: str) -> dict[str, Any]:
    schema = {"type": "object", "required": ["why"], "properties": {"why": {"type": "string"}}}
    content = {"application/json": {"schema": schema, "example": {"why": example}}}
    return {"description": "It.", "content": content}


def contract_of(folder: Path, responses: dict[str, Any]) -> Path:
    path = folder / "contract.json"
    path.write_text(json.dumps({
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/a": {"get": {"responses": responses}},
            "/b": {"get": {"responses": {"200": {"description": "b"}}}},
        },
    }))  # fmt: skip
    return path


def asked(serving: Serving, contract: Path, **headers: str) -> httpx.Response:
    with serving(Settings(contract=contract)) as client:
        return client.get("/a", headers=headers)


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        (["404"], 404),
        (["500", "404"], 404),
        (["4XX"], 400),
        (["5XX", "409"], 409),
        (["503"], 503),
        (["404", "default"], 200),
        (["404", "301"], 301),
        (["404", "3XX"], 300),
        (["404", "2XX"], 200),
        (["404", "202"], 202),
        (["101", "404"], 404),
    ],
)
def test_the_documented_answer_of_the_lowest_status_is_given(
    serving: Serving, tmp_path: Path, keys: list[str], status: int
) -> None:
    contract = contract_of(tmp_path, {one: body(one) for one in keys})

    answer = asked(serving, contract)

    assert answer.status_code == status
    assert answer.json()["why"] in keys
    if str(status) in keys:
        assert answer.json() == {"why": str(status)}
    drawn = asked(serving, contract, Prefer="dynamic=true")
    assert drawn.status_code == status


@pytest.mark.parametrize("responses", [{}, {"101": {"description": "Go on."}}])
def test_nothing_documented_is_a_501_and_told_at_the_start(
    serving: Serving, tmp_path: Path, caplog: pytest.LogCaptureFixture, responses: dict[str, Any]
) -> None:
    contract = contract_of(tmp_path, responses)

    answer = asked(serving, contract)

    assert (answer.status_code, answer.json()["code"]) == (501, "not_served")
    assert "#/paths/~1a/get/responses: documents no answer" in answer.json()["detail"]
    assert asked(serving, contract, Prefer="dynamic=true").status_code == 501
    assert asked(serving, contract, Prefer="code=404").status_code == 404
    told = [one.getMessage() for one in caplog.records]
    assert "#/paths/~1a/get/responses is not served: documents no answer" in told
    with pytest.raises(ContractError, match="get/responses"):
        create_app(Settings(contract=contract, strict_contract=True))
