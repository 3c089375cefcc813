"""Parts of contracts that are odd and sound are served, with answers that fit."""

from pathlib import Path
from typing import Any

import pytest

from openapi.contract import Contract
from tests.mock_server.kept.conftest import Start, start
from tests.mock_server.kept.contracts import (
    answer,
    array,
    contract,
    number,
    obj,
    operation,
    ref,
    text,
)

__all__ = ["start"]

TREE = {
    "$dynamicAnchor": "node",
    **obj("v", v=number(), kids={"type": "array", "items": {"$dynamicRef": "#node"}}),
}
SCHEMAS: dict[str, Any] = {
    "nothing more than it must have": {
        **obj(a=text(), b=text()),
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "one of many, the last of which takes whatever the others take": {
        "oneOf": [*(obj(name, **{name: text()}) for name in "abcdefg"), {"type": "object"}]
    },
    "few members": {**obj(a=text(), b=text()), "minProperties": 1, "maxProperties": 1},
    "one optional member": {**obj("a", a=text(), b=text(), c=text()), "maxProperties": 2},
    "names by a pattern": {
        "type": "object",
        "propertyNames": {"pattern": "^x-"},
        "minProperties": 2,
        "additionalProperties": number(),
    },
    "a password": text(pattern=r"^(?=.*\d)(?=.*[a-z])(?=.*[^\w]).{8,12}$"),
    "an image in JSON": text(contentEncoding="base64", contentMediaType="image/png"),
    "JSON in JSON": text(contentMediaType="application/json", contentSchema=obj("a", a=number())),
    "a tuple": {"type": "array", "prefixItems": [text(), number()], "items": False, "minItems": 2},
    "unevaluated": {
        "allOf": [obj("a", a=text())],
        "properties": {"b": number()},
        "unevaluatedProperties": False,
    },
    "a condition": {
        **obj("k", k={"enum": ["a", "b"]}),
        "if": {"properties": {"k": {"const": "a"}}},
        "then": {"required": ["x"], "properties": {"x": number()}},
        "else": {"required": ["y"], "properties": {"y": text()}},
    },
    "a constant": {"const": {"x": [1, None]}},
    "recursion": ref("Node"),
    "a dynamic anchor": ref("Tree"),
    "dependent": {
        **obj("a", a=text(), b=text()),
        "dependentRequired": {"a": ["b"]},
        "dependentSchemas": {"b": {"required": ["c"], "properties": {"c": number()}}},
    },
    "several of one": {**array(number()), "contains": {"const": 3}, "minContains": 2},
}


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("prefer", ["", "dynamic=true"])
def test_data_of_a_schema_fits_it(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, prefer: str
) -> None:
    called = operation({"200": answer(SCHEMAS[name])})
    node = obj("kids", kids=array(ref("Node")))
    document = contract({"/things": {"get": called}}, Node=node, Tree=TREE)
    found = start(document).get("/v1/things", headers={"Prefer": prefer} if prefer else {})
    assert found.status_code == 200, found.text
    [documented] = Contract.from_file(tmp_path / "contract.json").operations.values()
    schema = documented.responses["200"].content["application/json"].schema
    assert schema is not None
    assert schema.errors(found.json()) == []
    assert not caplog.records


@pytest.mark.parametrize("status", ["204", "205", "304"])
def test_an_answer_without_a_body_by_its_status_has_none(start: Start, status: str) -> None:
    called = operation({status: answer(text())})
    found = start(contract({"/things": {"get": called}})).get("/v1/things")
    assert (found.status_code, found.content) == (int(status), b"")


def test_a_media_type_that_no_header_has_is_told_and_left_out(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    content = {"application/jsôn€": {"schema": number()}, "application/json": {"schema": number()}}
    called = operation({"200": {"description": "x", "content": content}})
    found = start(contract({"/things": {"get": called}})).get("/v1/things")
    assert found.json() == 0
    assert "is no text that a header may have" in caplog.text
