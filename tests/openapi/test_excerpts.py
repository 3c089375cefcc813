"""A schema is compiled from the part of a document that it leads to, and from no more."""

from typing import Any

import jsonschema_rs
import pytest

from openapi import schema as schema_module
from openapi.excerpts import Excerpts
from openapi.references import References
from openapi.schema import Schemas

Json = dict[str, Any]


def excerpt(document: Json, pointer: str) -> Json:
    return Excerpts(References(document)).of(pointer)


def document(**schemas: Json) -> Json:
    return {"openapi": "3.1.0", "components": {"schemas": schemas}}


def test_an_excerpt_has_what_a_schema_leads_to() -> None:
    first = {"items": {"$ref": "#/components/schemas/Second"}}
    second = {"allOf": [{"$ref": "#/components/schemas/Third%20one"}]}
    schemas = {"First": first, "Second": second, "Third one": {"type": "string"}, "Other": {}}
    found = excerpt(document(**schemas), "#/components/schemas/First")
    del schemas["Other"]
    assert found == {"components": {"schemas": schemas}}
    assert found["components"]["schemas"]["First"] is first


def test_what_is_in_another_is_there_once() -> None:
    whole = {"properties": {"a": {"type": "string"}, "b": {"$ref": "#/x/First/properties/a"}}}
    other = {"properties": {"c": {"$ref": "#/x/First/properties/a"}}}
    contract = {"x": {"First": whole, "Other": other}}
    assert excerpt(contract, "#/x/First") == {"x": {"First": whole}}
    part = {"First": {"properties": {"a": {"type": "string"}}}}
    assert excerpt(contract, "#/x/Other") == {"x": {"Other": other, **part}}
    assert contract["x"] == {"First": whole, "Other": other}


def test_a_place_in_a_list_stays_what_it_is() -> None:
    contract = {"x": [{}, {"type": "string"}, {"items": {"$ref": "#/x/1"}}]}
    found = Schemas(contract).at("#/x/2")
    assert found.is_valid(["a"])
    assert [(one.param, one.detail) for one in found.errors([1])] == [("[0]", "must be a string")]


def test_a_dynamic_reference_leads_anywhere() -> None:
    tree = {"$dynamicAnchor": "node", "properties": {"next": {"$dynamicRef": "#node"}}}
    contract = document(Tree=tree, Other={})
    assert excerpt(contract, "#/components/schemas/Tree") is contract


@pytest.mark.parametrize("reference", ["#", "#name", "#%20", "other.json", "https://a/b#/c", ""])
def test_a_reference_in_an_example_leads_wherever_it_may(reference: str) -> None:
    contract = document(One={"type": "string", "examples": [{"$ref": reference}]}, Other={})
    found = Schemas(contract).at("#/components/schemas/One")
    assert (found.is_valid("a"), found.is_valid(1)) == (True, False)


def test_a_schema_takes_no_copy_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[Json] = []
    made = jsonschema_rs.Registry

    def registry(resources: list[tuple[str, Json]]) -> jsonschema_rs.Registry:
        copied.extend(one for _, one in resources)
        return made(resources=resources)

    monkeypatch.setattr(schema_module.jsonschema_rs, "Registry", registry)
    schemas = Schemas(document(One={"type": "string"}, Other={"type": "integer"}))
    found = schemas.at("#/components/schemas/One")
    assert found.is_valid("a")
    assert copied == [{"components": {"schemas": {"One": {"type": "string"}}}}]


def test_a_part_is_compiled_with_what_it_leads_to_alone() -> None:
    whole = document(One={"properties": {"a": {"$ref": "#/components/schemas/Two"}}}, Two={})
    part = {"items": {"$ref": "#/components/schemas/Two"}}
    found = Excerpts(References(whole)).for_definition(part)
    assert found == {"components": {"schemas": {"Two": {}}}}
    assert Excerpts(References(whole)).for_definition({"type": "string"}) == {}
