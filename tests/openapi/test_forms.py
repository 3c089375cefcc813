"""Forms: fields by the schema and the encoding of their property."""

from typing import Any

import pytest

from openapi.contract import Contract
from openapi.forms import Part, read_form
from openapi.operation import MediaType, media_type_of

Json = dict[str, Any]

ADDRESS: Json = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "zip": {"type": "integer"}},
}
PROPERTIES: Json = {
    "name": {"type": "string"},
    "age": {"type": "integer"},
    "addr": ADDRESS,
    "tags": {"type": "array", "items": {"type": "string"}},
    "lines": {"type": "array", "items": ADDRESS},
    "file": {"type": "string", "format": "binary"},
    "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
    "any": {},
}


def media_types(*names: str, encoding: Json | None = None) -> dict[str, MediaType]:
    schema = {"type": "object", "properties": PROPERTIES}
    one = {"schema": schema, "encoding": encoding or {}}
    body = {"content": dict.fromkeys(names, one)}
    operation = {"requestBody": body, "responses": {"200": {"description": "x"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/": {"post": operation}},
    }
    read = Contract(document).operations["POST /"].request_body
    assert read is not None
    return dict(read.content)


def form(*parts: tuple[str, ...], encoding: Json | None = None) -> tuple[Json, list[str]]:
    [media_type] = media_types("multipart/form-data", encoding=encoding).values()
    assert media_type.schema is not None
    sent = [Part(*one) for one in parts]
    read = read_form(sent, media_type.schema.outline, media_type.encoding)
    return read.value, [f"{one.param} {one.detail}" for one in read.errors]


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        ([("name", "7"), ("age", "7")], {"name": "7", "age": 7}),
        ([("addr", '{"city": "Rome", "zip": 1}')], {"addr": {"city": "Rome", "zip": 1}}),
        ([("addr", '{"zip": 1}', "application/json; charset=utf-8")], {"addr": {"zip": 1}}),
        ([("addr", "Rome")], {"addr": "Rome"}),
        ([("addr", "7")], {"addr": "7"}),
        ([("addr[city]", "Rome"), ("addr[zip]", "1")], {"addr": {"city": "Rome", "zip": 1}}),
        ([("name[x]", "1")], {"name[x]": "1"}),
        ([("tags", "a"), ("tags", "b,c")], {"tags": ["a", "b,c"]}),
        ([("tags", '["a", "b"]', "application/json")], {"tags": ["a", "b"]}),
        ([("lines", '{"zip": 1}'), ("lines", '{"zip": 2}')], {"lines": [{"zip": 1}, {"zip": 2}]}),
        ([("lines", '[{"zip": 1}]')], {"lines": [{"zip": 1}]}),
        ([("file", "\xff\0", "image/png")], {"file": "\xff\0"}),
        ([("files", "a", "image/png"), ("files", "b")], {"files": ["a", "b"]}),
        ([("any", "[1]")], {"any": "[1]"}),
        ([("any", "[1]", "application/json")], {"any": [1]}),
        ([("new", '{"a": 1}', "application/vnd.x+json"), ("other", "1")],
         {"new": {"a": 1}, "other": "1"}),
    ],
)  # fmt: skip
def test_a_field_is_read_by_its_property_and_its_media_type(
    parts: list[tuple[str, ...]], value: Json
) -> None:
    assert form(*parts) == (value, [])


@pytest.mark.parametrize(
    ("encoding", "parts", "value"),
    [
        (
            {"addr": {"style": "deepObject", "explode": True}},
            [("addr[city]", "Rome"), ("name", "x")],
            {"addr": {"city": "Rome"}, "name": "x"},
        ),
        ({"tags": {"explode": False}}, [("tags", "a,b")], {"tags": ["a", "b"]}),
        ({"tags": {"style": "pipeDelimited"}}, [("tags", "a|b")], {"tags": ["a", "b"]}),
        ({"tags": {"style": "spaceDelimited"}}, [("tags", "a b")], {"tags": ["a", "b"]}),
        (
            {"addr": {"style": "form", "explode": True}},
            [("city", "Rome"), ("zip", "1")],
            {"addr": {"city": "Rome", "zip": 1}},
        ),
        ({"addr": {"explode": False}}, [("addr", "zip,1")], {"addr": {"zip": 1}}),
        ({"any": {"contentType": "application/json"}}, [("any", "[1]")], {"any": [1]}),
        ({"name": {"contentType": "application/json"}}, [("name", '"x"')], {"name": "x"}),
        (
            {"file": {"contentType": "image/png, image/jpeg"}},
            [("file", "x", "image/jpeg")],
            {"file": "x"},
        ),
        ({"file": {"contentType": "image/*"}}, [("file", "x", "image/gif")], {"file": "x"}),
        ({"file": {"contentType": "image/*"}}, [("file", "x")], {"file": "x"}),
    ],
)
def test_a_field_is_read_by_its_encoding(
    encoding: Json, parts: list[tuple[str, ...]], value: Json
) -> None:
    assert form(*parts, encoding=encoding) == (value, [])


@pytest.mark.parametrize(
    ("encoding", "parts", "errors"),
    [
        ({}, [("addr", "{", "application/json")], ["addr must be JSON"]),
        ({"any": {"contentType": "application/json"}}, [("any", "x")], ["any must be JSON"]),
        (
            {"file": {"contentType": "image/png, image/jpeg"}},
            [("file", "x", "text/plain")],
            ["file must be sent as image/png or image/jpeg"],
        ),
        (
            {"files": {"contentType": "image/png"}},
            [("files", "x", "image/png"), ("files", "x", "text/plain")],
            ["files[1] must be sent as image/png"],
        ),
    ],
)
def test_a_part_that_is_not_of_its_media_type_is_refused(
    encoding: Json, parts: list[tuple[str, ...]], errors: list[str]
) -> None:
    assert form(*parts, encoding=encoding)[1] == errors


V1, V2 = "application/json;version=1", "application/json;version=2"
RANGES = ("*/*", "application/*", "application/*+json", "application/json", "text/plain", V1)


@pytest.mark.parametrize(
    ("names", "given", "found"),
    [
        ((V1, V2), V1, V1),
        ((V1, V2), 'Application/JSON; charset=utf-8; Version="2"', V2),
        ((V1, V2), "application/json", None),
        ((V1, V2), "application/json;version=3", None),
        ((V1,), "application/json", V1),
        ((V1,), "application/json;version=3", None),
        ((V1, "application/json"), "application/json", "application/json"),
        ((V1, "application/json"), "application/json;version=3", "application/json"),
        (("application/json; charset=utf-8",), "application/json", "application/json"),
        (RANGES, "application/json;version=1", V1),
        (RANGES, "application/json;version=2", "application/json"),
        (RANGES, "application/vnd.x+json", "application/*+json"),
        (RANGES, "application/pdf", "application/*"),
        (RANGES, "image/png", "*/*"),
        (RANGES, "text/plain;format=flowed", "text/plain"),
        (("application/*",), "text/plain", None),
        (("application/*+json",), "application/json", None),
        (("multipart/form-data",), "multipart/form-data; boundary=x", "multipart/form-data"),
    ],
)
def test_the_most_specific_media_type_matches(
    names: tuple[str, ...], given: str, found: str | None
) -> None:
    matched = media_type_of(media_types(*names), given)

    assert (matched and matched.name) == found
