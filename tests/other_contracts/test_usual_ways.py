"""Usual ways of writing contracts: the mock of each conforms, whatever the harness sends it."""

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.target.members import identifier_in
from openapi.contract import Contract
from tests.other_contracts.judging import accused, judged_mock

TEXT: dict[str, Any] = {"type": "string"}
INSTANT = {"type": "string", "format": "date-time"}
SET_BY_SERVER = {"readOnly": True}


def contract(
    parameter: str, *, refusals: tuple[str, ...] = ("4XX",), **members: Any
) -> dict[str, Any]:
    """A contract with one schema for requests and answers, and a PUT that may create.

    The first member names a note, and stands in its path.
    """
    key = next(iter(members))
    error = {"description": "Wrong", "content": {"application/json": {"schema": {
        "type": "object", "required": ["message"], "properties": {"message": TEXT}}}}}  # fmt: skip
    item = {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}
    some = {"application/json": {"schema": {
        "type": "array", "items": {"$ref": "#/components/schemas/Note"}}}}  # fmt: skip
    body = {"required": True, "content": item}

    def answers(**found: Any) -> dict[str, Any]:
        own = {key[1:]: {"description": "Done", "content": one} for key, one in found.items()}
        return {"responses": {**own, **dict.fromkeys(refusals, error)}}

    return {
        "openapi": "3.1.0",
        "info": {"title": "Notes", "version": "1"},
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Note": {
                "type": "object", "required": [key, "title"],
                "properties": {"title": TEXT, **members}}},
        },
        "paths": {
            "/notes": {
                "post": {"operationId": "make", "requestBody": body, "parameters": [
                    {"name": "Idempotency-Key", "in": "header", "schema": TEXT}],
                    **answers(_201=item)},
                "get": {"operationId": "list", **answers(_200=some)},
            },
            f"/notes/{{{parameter}}}": {
                "parameters": [
                    {"name": parameter, "in": "path", "required": True, "schema": members[key]}],
                "get": {"operationId": "read", **answers(_200=item)},
                "put": {"operationId": "put", "requestBody": body,
                        **answers(_200=item, _201=item)},
                "patch": {"operationId": "change", "requestBody": {"required": True, "content": {
                    "application/json": {"schema": {
                        "type": "object", "minProperties": 1, "properties": {"title": TEXT}}}}},
                    **answers(_200=item)},
                "delete": {"operationId": "end", **answers(_204={})},
            },
            "/notes/count": {"get": {"operationId": "count", **answers(_200={"application/json": {
                "schema": {"type": "object", "properties": {"count": {"type": "integer"}}}}})}},
            "/notes/bulk": {"post": {"operationId": "bulk", "requestBody": {
                "required": True, "content": some}, **answers(_200=some)}},
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("parameter", "members"),
    [
        ("id", {"id": {"type": "integer", **SET_BY_SERVER}, "due": INSTANT}),
        ("id", {"id": {**TEXT, "format": "uuid", **SET_BY_SERVER},
                "until": {**INSTANT, **SET_BY_SERVER},
                "deletedAt": {**INSTANT, **SET_BY_SERVER},
                "deleted": {"type": "boolean", **SET_BY_SERVER}}),
        ("note", {"slug": {**TEXT, "pattern": "^[a-z0-9-]{1,40}$"}}),
    ],
    ids=["the same number for two partners", "what the server sets", "what clients choose"],
)  # fmt: skip
def test_the_mock_of_a_usual_contract_conforms(
    parameter: str, members: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "notes.json"
    file.write_text(json.dumps(contract(parameter, **members)))
    code, report = judged_mock(file, tmp_path)

    assert accused(report) == []
    assert code == 0


def test_refusals_that_say_nothing_of_bodies_leave_that_open(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    own = {"id": {**TEXT, "format": "uuid", **SET_BY_SERVER}}
    file.write_text(json.dumps(contract("id", refusals=("401", "404"), **own)))
    code, report = judged_mock(file, tmp_path)

    assert accused(report) == []
    assert code == 0


@pytest.mark.parametrize(
    ("responses", "body", "is_left"),
    [
        (["201", "401", "404"], True, True),
        (["201", "401", "404"], False, False),
        (["201", "401", "400"], True, False),
        (["201", "422"], True, False),
        (["201", "4XX"], True, False),
        (["201", "default"], True, False),
        (["201"], False, True),
    ],
)
def test_a_contract_leaves_open_what_it_says_nothing_of(
    responses: list[str], *, body: bool, is_left: bool
) -> None:
    asked = {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}
    answers = {"responses": {one: {"description": "x"} for one in responses}}
    document = contract("id", id=TEXT)
    document["paths"] = {"/a": {"post": {**answers, **(asked if body else {})}}}
    [operation] = Contract(document).operations.values()

    assert operation.leaves_refusals == is_left


@pytest.mark.parametrize(
    ("value", "text"), [(5, "5"), (5.0, "5"), ("5", "5"), (5.5, None), (True, None), (1e400, None)]
)
def test_an_integer_is_an_id_however_it_is_written(value: object, text: str | None) -> None:
    assert identifier_in({"id": value}, "id") == text
