"""Operations that the harness has no body or no credentials for cost nobody the verdict."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.mock_server.kept.contracts import answer, contract, obj, operation, text
from tests.other_contracts.judging import accused, judged_mock

ERROR = answer(obj("message", message=text()))
REFUSALS = {"400": ERROR, "401": ERROR, "404": ERROR}
NOTE = obj("id", "label", id=text(), label=text())


def with_text() -> dict[str, dict[str, Any]]:
    made = operation({"201": answer(NOTE), **REFUSALS}, text(), media_type="text/plain")
    return {"/texts": {"post": made}}


def opened_otherwise() -> dict[str, dict[str, Any]]:
    read = operation({"200": answer(NOTE), "401": ERROR}, security=[{"basic": []}])
    return {"/other": {"get": read}}


def by_day() -> dict[str, dict[str, Any]]:
    body = obj("label", label=text())
    put = operation({"200": answer(NOTE), "201": answer(NOTE), **REFUSALS}, body)
    return {"/days/{day}": {"put": put}}


@pytest.mark.parametrize("more", [with_text, opened_otherwise, by_day])
def test_the_mock_conforms(more: Any, tmp_path: Path) -> None:
    made = operation({"201": answer(NOTE), **REFUSALS}, obj("label", label=text()))
    read = operation({"200": answer(NOTE), **REFUSALS})
    document = contract({"/notes": {"post": made}, "/notes/{id}": {"get": read}, **more()})
    document["security"] = [{"bearer": []}]
    document["components"]["securitySchemes"]["basic"] = {"type": "http", "scheme": "basic"}
    if more is by_day:
        day = document["paths"]["/days/{day}"]["parameters"][0]
        day["schema"] = text(format="date")
    file = tmp_path / "notes.json"
    file.write_text(json.dumps(document))
    code, report = judged_mock(file, tmp_path)

    assert accused(report) == []
    assert code == 0
