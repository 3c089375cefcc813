"""A load of what has no name of its own, or none in the list: it is found by its id."""

import json
from pathlib import Path
from typing import Any

import pytest

from demo.mock_process import mock_process
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text
from tests.other_contracts.judging import TOKENS, accused, loaded

SIZE = number(minimum=1, maximum=100)
BOX = obj("id", "size", id=text(), size=SIZE)
LABELLED = obj("id", "label", id=text(), label=text())
SHORT = obj("id", id=text(), size=SIZE)

KINDS = {
    "no name": (obj("size", size=SIZE), BOX, BOX),
    "no name in the list": (obj("label", label=text()), LABELLED, SHORT),
}  # fmt: skip


def boxes(sent: Any, made: Any, listed: Any) -> dict[str, Any]:
    error = {"400": answer(obj("message", message=text())), "401": answer(), "404": answer()}
    paging = {"limit": number(minimum=1, maximum=100), "offset": number(minimum=0)}
    document = contract({
        "/boxes": {
            "post": operation({"201": answer(made), **error}, sent),
            "get": operation({"200": answer(array(listed)), **error}, query=paging),
        },
        "/boxes/{id}": {
            "get": operation({"200": answer(made), **error}),
            "delete": operation({"204": answer(), **error}),
        },
    })  # fmt: skip
    document["security"] = [{"bearer": []}]
    return document


@pytest.mark.parametrize("kind", KINDS)
def test_all_is_found_and_removed(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "boxes.json"
    file.write_text(json.dumps(boxes(*KINDS[kind])))
    with mock_process("--contract", str(file), "--partner", f"one:secret:{TOKENS[0]}") as mock:
        code, report = loaded(file, mock.base_url, tmp_path)

    assert accused(report) == []
    assert code == 0
    counts = report["load"]["counts"]
    assert counts["listed"] == counts["revoked"] == counts["created"] > 5
    assert counts["not_listed"] == counts["missing"] == counts["left_behind"] == 0
