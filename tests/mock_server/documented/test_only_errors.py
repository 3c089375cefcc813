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


CODES = ["invalid_request", "unauthenticated", "forbidden", "not_found", "conflict", "rate_limited",
         "internal", "unavailable"]  # fmt: skip


@pytest.mark.parametrize("key", ["own", "range"])
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid_request"),
        (401, "unauthenticated"),
        (403, "forbidden"),
        (404, "not_found"),
        (409, "conflict"),
        (422, "invalid_request"),
        (429, "rate_limited"),
        (500, "internal"),
        (503, "unavailable"),
    ],
)
@pytest.mark.parametrize("asked_by", ["code", "fault"])
def test_a_made_up_error_that_is_asked_for_has_the_code_of_its_status(
    serving: Serving, tmp_path: Path, status: int, code: str, key: str, asked_by: str
) -> None:
    schema = {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"enum": CODES}, "message": {"type": "string"}},
            }
        },
    }
    error = {"description": "It.", "content": {"application/json": {"schema": schema}}}
    keys = [f"{status // 100}XX"] if key == "range" else [str(status)]
    contract = contract_of(tmp_path, {"200": body("ok"), **dict.fromkeys(keys, error)})
    answer = asked(serving, contract, Prefer=f"{asked_by}={status}")

    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
