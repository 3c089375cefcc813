"""References by the names that schemas give themselves lead to these schemas."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from openapi.contract import Contract
from openapi.errors import ContractError

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}

REFERENCES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an anchor": ({"$ref": "#number"}, {"Number": {"$anchor": "number", **NUMBER}}),
    "an anchor of the same resource": (
        {"$id": "https://example.com/own", "$ref": "#number",
         "$defs": {"n": {"$anchor": "number", **NUMBER}}},
        {"Text": {"$anchor": "number", **TEXT}},
    ),
    "an absolute id": (
        {"$ref": "https://example.com/number"},
        {"Number": {"$id": "https://example.com/number", **NUMBER}},
    ),
    "a relative id": ({"$ref": "number"}, {"Number": {"$id": "number", **NUMBER}}),
    "an id by a base": (
        {"$id": "https://example.com/a/", "allOf": [{"$ref": "number"}],
         "$defs": {"n": {"$id": "number", **NUMBER}}},
        {},
    ),
    "a pointer within a resource": (
        {"$id": "https://example.com/own", "$ref": "#/$defs/n", "$defs": {"n": NUMBER}},
        {},
    ),
    "an anchor of another resource": (
        {"$ref": "https://example.com/all#number"},
        {"All": {"$id": "https://example.com/all",
                 "$defs": {"n": {"$anchor": "number", **NUMBER}}}},
    ),
    "a pointer into another resource": (
        {"$ref": "https://example.com/all#/$defs/a%20number"},
        {"All": {"$id": "https://example.com/all", "$defs": {"a number": NUMBER}}},
    ),
    "a dynamic anchor": (
        {"$dynamicRef": "#number"}, {"Number": {"$dynamicAnchor": "number", **NUMBER}},
    ),
    "a property called $id": (
        {"$ref": "#number"},
        {"Number": {"$anchor": "number", **NUMBER},
         "Other": {"type": "object", "properties": {"$id": TEXT, "$anchor": TEXT}}},
    ),
    "an example with $id": (
        {"$ref": "#/components/schemas/Number", "example": {"$id": "x", "$ref": "#y"}},
        {"Number": {"$anchor": "number", **NUMBER}},
    ),
}  # fmt: skip


def contract_with(schema: dict[str, Any], components: dict[str, Any], folder: Path) -> Contract:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Names", "version": "1"},
        "paths": {
            "/one": {
                "post": {
                    "operationId": "make",
                    "requestBody": {"content": {"application/json": {"schema": schema}}},
                    "responses": {"204": {"description": "done"}},
                }
            }
        },
        "components": {"schemas": components},
    }
    path = folder / "names.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return Contract.from_file(path)


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_by_a_name_leads_to_its_schema(name: str, tmp_path: Path) -> None:
    schema, components = REFERENCES[name]
    contract = contract_with(schema, components, tmp_path)

    assert list(contract.flaws) == []
    body = contract.operations["make"].request_body
    assert body is not None
    found = body.content["application/json"].schema
    assert found is not None
    assert found.is_valid(5)
    assert not found.is_valid("five")


def test_a_tree_by_a_dynamic_reference_is_checked_down_to_its_leaves(tmp_path: Path) -> None:
    tree = {
        "$id": "https://example.com/tree",
        "$dynamicAnchor": "node",
        "type": "object",
        "properties": {
            "value": NUMBER, "below": {"type": "array", "items": {"$dynamicRef": "#node"}},
        },
        "required": ["value"],
    }  # fmt: skip
    contract = contract_with({"$ref": "https://example.com/tree"}, {"Tree": tree}, tmp_path)
    body = contract.operations["make"].request_body
    assert body is not None
    found = body.content["application/json"].schema
    assert found is not None
    assert found.is_valid({"value": 1, "below": [{"value": 2, "below": []}]})
    assert not found.is_valid({"value": 1, "below": [{"below": []}]})


def test_a_name_that_nothing_has_is_told(tmp_path: Path) -> None:
    with_another = {"Number": {"$anchor": "number", **NUMBER}}
    contract = contract_with({"$ref": "#nobody"}, with_another, tmp_path)

    with pytest.raises(ContractError, match="#nobody"):
        contract.leave_out_unusable()
