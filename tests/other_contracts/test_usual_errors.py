"""An operation for which a contract has nothing but server errors is not accused of these."""

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.probe.violation import Violation
from conformance.server.robustness.survival import expect_no_server_error
from conformance.target.exchange import Answer, Request
from openapi.contract import Contract
from tests.other_contracts.judging import accused, judged_mock
from tests.other_contracts.styles import answer, taken, thing

TEXT = {"type": "string"}
ERROR = answer(thing(["message"], message=TEXT))
NEW = {"required": True, **taken(thing(["name"], name=TEXT))}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Errors", "version": "1"},
    "paths": {
        "/broken": {
            "get": {"responses": {"500": ERROR}},
            "post": {"requestBody": NEW, "responses": {"503": ERROR}},
        },
        "/range": {"get": {"responses": {"5XX": ERROR}}},
        "/whole": {"get": {"responses": {"200": answer(), "500": ERROR}}},
        "/default": {"get": {"responses": {"500": ERROR, "default": answer()}}},
    },
}


def test_the_mock_is_not_accused_of_the_errors_that_are_documented_alone(tmp_path: Path) -> None:
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(DOCUMENT))

    code, report = judged_mock(path, tmp_path)

    assert accused(report) == []
    assert code == 0
    verified = {one["id"] for one in report["results"]
                if one["outcome"] == "passed" and one["operation"] == "GET /range"}  # fmt: skip
    assert "generated.nothing-makes-it-fail" not in verified
    assert not {one for one in verified if one.startswith("robustness.")}


@pytest.mark.parametrize(
    ("name", "status", "is_fault"),
    [
        ("GET /broken", 500, False),
        ("GET /broken", 502, True),
        ("POST /broken", 500, True),
        ("GET /range", 502, False),
        ("GET /whole", 500, True),
        ("GET /default", 500, True),
    ],
)
def test_any_other_server_error_is_a_fault(name: str, status: int, *, is_fault: bool) -> None:
    operation = Contract(DOCUMENT).operations[name]
    request = Request(operation.method, operation.path)
    exchange = JudgedExchange(operation, request, Answer(status), Purpose.GENERATED)

    try:
        expect_no_server_error(exchange)
    except Violation:
        assert is_fault
    else:
        assert not is_fault
