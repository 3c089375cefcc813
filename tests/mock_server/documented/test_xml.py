"""Values as XML, by the ``xml`` objects of their schema."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from mock_server.documented.xml import is_xml_document, xml_text
from openapi.contract import Contract

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
ANIMAL = {"type": "string", "xml": {"name": "animal"}}
COMPONENTS: Json = {
    "Item": {"type": "object", "properties": {"name": TEXT}, "xml": {"name": "item"}},
    "Plain": {"type": "object", "properties": {"name": TEXT}},
    "Special": {"allOf": [{"$ref": "#/components/schemas/Item"}, {"properties": {"x": TEXT}}]},
    "Items": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
    "Wrapped": {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Item"},
        "xml": {"wrapped": True, "name": "items"},
    },
}


def ref(name: str, **others: Any) -> Json:
    return {"$ref": f"#/components/schemas/{name}", **others}


def written(schema: Json, value: object) -> str:
    content = {"application/xml": {"schema": schema}}
    operation = {"responses": {"200": {"description": "x", "content": content}}}
    contract = Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/": {"get": operation}},
            "components": {"schemas": COMPONENTS},
        }
    )
    read = contract.operations["GET /"].responses["200"].content["application/xml"].schema
    assert read is not None
    text = xml_text(value, read, contract.resolve_schema)
    ET.fromstring(text)  # with namespaces
    assert is_xml_document(text)
    head, _, body = text.partition("\n")
    assert head == '<?xml version="1.0" encoding="UTF-8"?>'
    return body


def object_of(xml: Json | None = None, **properties: Json) -> Json:
    return {"type": "object", "properties": properties, "xml": xml or {"name": "a"}}


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        (ref("Item"), {"name": "x"}, "<item><name>x</name></item>"),
        (ref("Plain"), {"name": "x"}, "<Plain><name>x</name></Plain>"),
        (ref("Special"), {"name": "x", "x": "y"}, "<item><name>x</name><x>y</x></item>"),
        ({"type": "object", "title": "My thing"}, {"b": 1}, "<My_thing><b>1</b></My_thing>"),
        ({"type": "object"}, {}, "<root/>"),
        ({"type": "string"}, "<&>", "<root>&lt;&amp;&gt;</root>"),
        (object_of(b=TEXT, c={}), {"b": None, "c": True}, "<a><b/><c>true</c></a>"),
        (object_of(b={}), {"b": {"c": 1.5, "d": [1, 2]}},
         "<a><b><c>1.5</c><d>1</d><d>2</d></b></a>"),
        (object_of(b=TEXT), {"b": "a\x00\ud800b"}, "<a><b>a\ufffd\ufffdb</b></a>"),
        ({"type": "object", "additionalProperties": ANIMAL}, {"x": "y"},
         "<root><animal>y</animal></root>"),
        (object_of(), {"1 b": 1, "é:": 2}, "<a><_1_b>1</_1_b><é_>2</é_></a>"),
        # names and attributes
        (object_of(id={"type": "integer", "xml": {"attribute": True}}, b=TEXT), {"b": "x", "id": 7},
         '<a id="7"><b>x</b></a>'),
        (object_of(id={"xml": {"attribute": True, "name": "key"}}), {"id": '"<'},
         '<a key="&quot;&lt;"/>'),
        (object_of(id={"xml": {"attribute": True}}), {"id": None}, "<a/>"),
        (object_of(b={"type": "string", "xml": {"name": "c"}}), {"b": "x"}, "<a><c>x</c></a>"),
        (object_of(b=ref("Item")), {"b": {"name": "x"}}, "<a><item><name>x</name></item></a>"),
        (object_of(b=ref("Item", xml={"name": "c"})), {"b": {"name": "x"}},
         "<a><c><name>x</name></c></a>"),
        # namespaces
        (object_of({"name": "a", "namespace": "urn:x", "prefix": "p"}, b=TEXT), {"b": "x"},
         '<p:a xmlns:p="urn:x"><b>x</b></p:a>'),
        (object_of({"name": "a", "namespace": "urn:x"}, b=TEXT), {"b": "x"},
         '<a xmlns="urn:x"><b>x</b></a>'),
        (object_of({"name": "a", "namespace": "urn:x", "prefix": "p"},
                   b={"xml": {"namespace": "urn:x", "prefix": "p"}},
                   c={"xml": {"prefix": "p"}}, d={"xml": {"prefix": "q"}}),
         {"b": 1, "c": 2, "d": 3},
         '<p:a xmlns:p="urn:x"><p:b>1</p:b><p:c>2</p:c><d>3</d></p:a>'),
        (object_of(b={"xml": {"attribute": True, "prefix": "p", "namespace": "urn:x"}}), {"b": 1},
         '<a xmlns:p="urn:x" p:b="1"/>'),
        # arrays, as the specification shows them
        (object_of(animals={"type": "array", "items": TEXT}), {"animals": ["x", "y"]},
         "<a><animals>x</animals><animals>y</animals></a>"),
        (object_of(animals={"type": "array", "items": ANIMAL}), {"animals": ["x", "y"]},
         "<a><animal>x</animal><animal>y</animal></a>"),
        (object_of(animals={"type": "array", "items": ANIMAL, "xml": {"name": "aliens"}}),
         {"animals": ["x"]}, "<a><animal>x</animal></a>"),
        (object_of(animals={"type": "array", "items": TEXT, "xml": {"wrapped": True}}),
         {"animals": ["x"]}, "<a><animals><animals>x</animals></animals></a>"),
        (object_of(animals={"type": "array", "items": ANIMAL, "xml": {"wrapped": True}}),
         {"animals": ["x"]}, "<a><animals><animal>x</animal></animals></a>"),
        (object_of(animals={"type": "array", "items": ANIMAL,
                            "xml": {"wrapped": True, "name": "aliens"}}),
         {"animals": ["x", "y"]}, "<a><aliens><animal>x</animal><animal>y</animal></aliens></a>"),
        (object_of(animals={"type": "array", "items": TEXT,
                            "xml": {"wrapped": True, "name": "aliens"}}),
         {"animals": ["x"]}, "<a><aliens><aliens>x</aliens></aliens></a>"),
        (object_of(b={"type": "array", "items": ref("Item"), "xml": {"wrapped": True}}),
         {"b": [{"name": "x"}]}, "<a><b><item><name>x</name></item></b></a>"),
        (object_of(b={"type": "array", "items": TEXT, "xml": {"wrapped": True}}), {"b": []},
         "<a><b></b></a>"),
        (ref("Items"), [{"name": "x"}, {}], "<Items><item><name>x</name></item><item/></Items>"),
        (ref("Wrapped"), [{"name": "x"}], "<items><item><name>x</name></item></items>"),
        ({"type": "array", "items": ref("Plain")}, [{}], "<root><Plain/></root>"),
        ({"type": "array", "items": TEXT}, ["x"], "<root><item>x</item></root>"),
        ({"type": "array", "items": {"type": "array", "items": TEXT}}, [["x"]],
         "<root><item><item>x</item></item></root>"),
        # alternatives
        ({"oneOf": [ref("Plain"), ref("Item")]}, {"name": "x"}, "<Plain><name>x</name></Plain>"),
        ({"oneOf": [object_of({"name": "b"}, k={"const": "b"}),
                    object_of({"name": "c"}, k={"const": "c"})]},
         {"k": "c"}, "<c><k>c</k></c>"),
        (object_of(b={"anyOf": [{"type": "null"}, ref("Item")]}), {"b": {"name": "x"}},
         "<a><item><name>x</name></item></a>"),
    ],
)  # fmt: skip
def test_a_value_is_written_by_its_xml_objects(schema: Json, value: object, text: str) -> None:
    assert written(schema, value) == text


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("pet.yaml", "pet"),
        ("pets.yaml#/Cat", "Cat"),
        ("sub/all.yaml#/components/schemas/Dog", "Dog"),
        ("sub/all.yaml#/components/schemas/Dog/properties/tail", "root"),
    ],
)
def test_a_schema_in_another_file_has_its_name_there(
    tmp_path: Path, reference: str, name: str
) -> None:
    (tmp_path / "sub").mkdir()
    any_object = "{type: object, properties: {tail: {type: object}}}"
    (tmp_path / "pet.yaml").write_text(any_object)
    (tmp_path / "pets.yaml").write_text(f"Cat: {any_object}")
    (tmp_path / "sub" / "all.yaml").write_text(f"components: {{schemas: {{Dog: {any_object}}}}}")
    answer = (
        f"{{description: d, content: {{application/xml: {{schema: {{$ref: '{reference}'}}}}}}}}"
    )
    (tmp_path / "api.yaml").write_text(
        "{openapi: 3.0.3, info: {title: t, version: '1'},"
        f" paths: {{/: {{get: {{responses: {{'200': {answer}}}}}}}}}}}"
    )
    contract = Contract.from_file(tmp_path / "api.yaml")
    schema = contract.operations["GET /"].responses["200"].content["application/xml"].schema
    assert schema is not None

    assert xml_text({}, schema, contract.resolve_schema).endswith(f"\n<{name}/>")


@pytest.mark.parametrize("text", ["", "x", "<a>", "<a></b>", "<a/><b/>", "\ud800"])
def test_any_other_text_is_no_document(text: str) -> None:
    assert not is_xml_document(text)
