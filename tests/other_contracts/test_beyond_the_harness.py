"""Operations that the harness can say less of cost nobody the verdict."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text
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


def refused_without_fault() -> dict[str, dict[str, Any]]:
    # Nobody knows what makes a teapot of it: it has no parameter, no body and no token.
    brewed = operation({"200": answer(obj(cups=number())), "418": ERROR}, security=[])
    return {"/tea": {"get": brewed}}


@pytest.mark.parametrize("more", [refused_without_fault, with_text, opened_otherwise, by_day])
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


def test_a_creation_without_a_body_is_known_by_its_location(tmp_path: Path) -> None:
    item = obj("slug", "label", slug=text(pattern="^[a-z0-9]+(-[a-z0-9]+)*$"), label=text())
    made = operation(
        {"201": answer(headers={"Location": {"required": True, "schema": text()}}), **REFUSALS},
        item,
    )
    paged = {"limit": number(minimum=1, maximum=100), "offset": number(minimum=0)}
    document = contract({
        "/things": {
            "post": made, "get": operation({"200": answer(array(item)), **REFUSALS}, query=paged),
        },
        "/things/{slug}": {
            "get": operation({"200": answer(item), **REFUSALS}),
            # What is not there is gone, by this contract.
            "delete": operation({"204": answer(), "401": ERROR, "410": ERROR}),
        },
    })  # fmt: skip
    document["security"] = [{"bearer": []}]
    file = tmp_path / "things.json"
    file.write_text(json.dumps(document))
    code, report = judged_mock(file, tmp_path)

    assert accused(report) == []
    assert code == 0
    passed = {one["id"] for one in report["results"] if one["outcome"] == "passed"}
    assert {"lists.pagination-is-complete", "revocation.unknown-id-is-404"} <= passed
