"""The values of XML documents, by the ``xml`` objects of their schema."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.documented.xml import xml_text
from mock_server.documented.xml_reading import parse_xml, read_xml
from openapi.contract import Contract
from openapi.schema import Schema

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
COUNT: Json = {"type": "integer"}
NULLABLE: Json = {"type": ["string", "null"]}
ITEM = {"$ref": "#/components/schemas/Item"}
CAT = {"$ref": "#/components/schemas/Cat"}
DOG = {"$ref": "#/components/schemas/Dog"}


def obj(*required: str, xml: Json | None = None, **properties: Json) -> Json:
    found: Json = {"type": "object", "properties": properties, "required": list(required)}
    return {**found, "xml": xml} if xml else found


def array(items: Json, **xml: Any) -> Json:
    return {"type": "array", "items": items, **({"xml": xml} if xml else {})}


COMPONENTS: Json = {
    "Item": obj("name", name=TEXT, xml={"name": "item"}),
    "Cat": obj("kind", kind={"const": "cat"}, lives=COUNT),
    "Dog": obj("kind", kind={"const": "dog"}, name=TEXT),
}


def schema_of(definition: Json) -> tuple[Schema, Contract]:
    content = {"application/xml": {"schema": definition}}
    contract = Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {
                "/": {"post": {"requestBody": {"content": content}, "responses": {"204": {}}}}
            },
            "components": {"schemas": COMPONENTS},
        }
    )
    body = contract.operations["POST /"].request_body
    assert body is not None
    schema = body.content["application/xml"].schema
    assert schema is not None
    return schema, contract


def read(definition: Json, text: str) -> Any:
    return read_xml(parse_xml(text.encode()), schema_of(definition)[0])


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        (ITEM, "<item><name>x</name></item>", {"name": "x"}),
        (obj(n=COUNT, f={"type": "number"}, b={"type": "boolean"}, c={"type": "boolean"}),
         "<r><n> +7 </n><f>1.5</f><b>true</b><c>0</c></r>",
         {"n": 7, "f": 1.5, "b": True, "c": False}),
        (obj(t=TEXT), "<r><t> a &lt; <![CDATA[<b>]]></t></r>", {"t": " a < <b>"}),
        (obj(t=TEXT), "<r><t>of <b>two</b> kinds</t></r>", {"t": "of two kinds"}),
        (obj(t={"enum": [1, 2]}), "<r><t>2</t></r>", {"t": 2}),
        (obj(t=NULLABLE), "<r><t/></r>", {"t": None}),
        (obj(t={"type": "object"}), "<r><t/></r>", {"t": {}}),
        (obj("t", t=NULLABLE), "<r/>", {"t": None}),
        (obj(n={"type": ["integer", "null"]}),
         "<r xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><n i:nil='true'/></r>",
         {"n": None}),
        # names and attributes
        (obj(a={**TEXT, "xml": {"name": "b"}}), "<r><b>x</b></r>", {"a": "x"}),
        (obj(a={**TEXT, "xml": {"name": "b"}}), "<r><a>x</a></r>", {"a": "x"}),
        (obj(a={**TEXT, "xml": {"name": "b"}}, b={**TEXT, "xml": {"name": "a"}}),
         "<r><a>x</a><b>y</b></r>", {"b": "x", "a": "y"}),
        (obj(i={**COUNT, "xml": {"attribute": True, "name": "id"}}), "<r id='7'/>", {"i": 7}),
        (obj(i=COUNT), "<r i='7' xml:lang='pt' other='x'/>", {"i": 7}),
        # namespaces
        (obj(a=TEXT), "<p:r xmlns:p='urn:x'><p:a>x</p:a></p:r>", {"a": "x"}),
        (obj(a={**TEXT, "xml": {"name": "n", "namespace": "urn:a"}},
             b={**TEXT, "xml": {"name": "n", "namespace": "urn:b"}}),
         "<r xmlns:q='urn:b'><q:n>y</q:n><n xmlns='urn:a'>x</n></r>", {"a": "x", "b": "y"}),
        (obj(a={**TEXT, "xml": {"attribute": True, "prefix": "p", "namespace": "urn:x"}}),
         "<r xmlns:z='urn:x' z:a='1'/>", {"a": "1"}),
        # lists
        (obj(a=array(COUNT)), "<r><a>1</a><a>2</a></r>", {"a": [1, 2]}),
        (obj(a=array({**COUNT, "xml": {"name": "n"}}, name="ignored")), "<r><n>1</n></r>",
         {"a": [1]}),
        (obj(a=array(COUNT, wrapped=True)), "<r><a><a>1</a></a></r>", {"a": [1]}),
        (obj(a=array({**COUNT, "xml": {"name": "n"}}, wrapped=True, name="all")),
         "<r><all><n>1</n><n>2</n></all></r>", {"a": [1, 2]}),
        (obj(a=array(COUNT, wrapped=True)), "<r><a/></r>", {"a": []}),
        (obj("a", a=array(COUNT)), "<r/>", {"a": []}),
        (obj(a=array(array(COUNT))), "<r><a><a>1</a></a><a/></r>", {"a": [[1], []]}),
        (obj(a={"anyOf": [{"type": "null"}, array(ITEM)]}), "<r><item><name>x</name></item></r>",
         {"a": [{"name": "x"}]}),
        (array(ITEM), "<all><item><name>x</name></item><item><name/></item></all>",
         [{"name": "x"}, {"name": ""}]),
        # members of other names
        ({"type": "object", "additionalProperties": COUNT}, "<r><x>1</x></r>", {"x": 1}),
        ({"type": "object"}, "<r><x><y>1</y><y>2</y></x></r>", {"x": {"y": ["1", "2"]}}),
        # alternatives
        ({"oneOf": [CAT, DOG]}, "<r><kind>dog</kind><name>x</name></r>",
         {"kind": "dog", "name": "x"}),
        ({"oneOf": [CAT, DOG]}, "<r><kind>cat</kind><lives>9</lives></r>",
         {"kind": "cat", "lives": 9}),
        (obj(pets=array({"anyOf": [DOG, CAT]}, wrapped=True)),
         "<r><pets><Cat><kind>cat</kind></Cat></pets></r>", {"pets": [{"kind": "cat"}]}),
        (obj(a={"oneOf": [COUNT, obj(n=COUNT)]}), "<r><a><n>1</n></a></r>", {"a": {"n": 1}}),
        (obj(a={"oneOf": [COUNT, obj(n=COUNT)]}), "<r><a>1</a></r>", {"a": 1}),
    ],
)  # fmt: skip
def test_a_document_is_read_by_its_xml_objects(schema: Json, text: str, value: object) -> None:
    assert read(schema, text) == (value, [])


@pytest.mark.parametrize(
    ("schema", "text", "param"),
    [
        (obj(n=COUNT), "<r><n>x</n></r>", "n"),
        (obj(a=array(COUNT, wrapped=True)), "<r><a><a>1</a><a>x</a></a></r>", "a[1]"),
        (ITEM, "<item/>", "name"),
        (obj(n=TEXT), "<r><n>x</n><n>y</n></r>", "n"),
        ({**obj(n=TEXT), "additionalProperties": False}, "<r><m>x</m></r>", "m"),
    ],
)
def test_a_document_that_is_not_valid_has_errors(schema: Json, text: str, param: str) -> None:
    assert [one.param for one in read(schema, text)[1]] == [param]


@pytest.mark.parametrize(
    ("schema", "text"),
    [(ITEM, "<other/>"), (TEXT, "<svg><g/></svg>"), ({**TEXT, "maxLength": 1}, "<a>long</a>")],
)
def test_a_document_that_its_schema_does_not_describe_is_taken_as_it_is(
    schema: Json, text: str
) -> None:
    assert read(schema, text) == (None, [])


WHOLE = obj(
    "id", "tags", "notes",
    id={**COUNT, "xml": {"attribute": True}},
    name={**TEXT, "xml": {"name": "title", "prefix": "p", "namespace": "urn:p"}},
    price={"type": "number"}, sold={"type": "boolean"}, kind={"enum": ["a", "b"]},
    tags=array({**TEXT, "minLength": 1, "xml": {"name": "tag"}}),
    notes=array(obj("of", of={"anyOf": [DOG, CAT]}), wrapped=True, name="remarks"),
    xml={"name": "thing", "namespace": "urn:t"},
)  # fmt: skip
# The parser reads all kinds of line ends as one, and no document has the other characters.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r", min_codepoint=32)).map(
    lambda text: text.replace("\ufffe", "").replace("\uffff", "")
)
PETS = st.one_of(
    st.fixed_dictionaries({"kind": st.just("cat")}, optional={"lives": st.integers()}),
    st.fixed_dictionaries({"kind": st.just("dog")}, optional={"name": TEXTS}),
)
THINGS = st.fixed_dictionaries(
    {
        "id": st.integers(),
        "tags": st.lists(TEXTS.filter(bool), max_size=3),
        "notes": st.lists(st.fixed_dictionaries({"of": PETS}), max_size=3),
    },
    optional={
        "name": TEXTS,
        "price": st.floats(-1e300, 1e300),
        "sold": st.booleans(),
        "kind": st.sampled_from(["a", "b"]),
    },
)
SCHEMA, CONTRACT = schema_of(WHOLE)


@given(THINGS)
def test_what_is_written_is_read_as_the_same_value(value: Json) -> None:
    text = xml_text(value, SCHEMA, CONTRACT.resolve_schema)

    assert read_xml(parse_xml(text.encode()), SCHEMA) == (value, [])
