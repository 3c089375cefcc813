"""Forms of parts: what is written is read again, and bytes are a file."""

from typing import Any

from conformance.target.exchange import Request
from openapi.contract import Contract
from openapi.media_types import MULTIPART
from openapi.operation import MediaType
from tests.other_contracts.styles import TEXT, answer, document, thing

MEMBERS = {
    "title": TEXT,
    "tags": {"type": "array", "items": TEXT},
    "about": {"type": "object"},
    "file": {"type": "string", "format": "binary"},
}


def form(encoding: dict[str, Any] | None = None) -> MediaType:
    schema = {"schema": thing(["title"], **MEMBERS), "encoding": encoding or {}}
    paths = {"/files": {"post": {
        "requestBody": {"content": {MULTIPART: schema}}, "responses": {"201": answer()},
    }}}  # fmt: skip
    found = Contract(document("Files", paths)).operations["POST /files"].object_body
    assert found is not None
    return found


def written(value: dict[str, Any], encoding: dict[str, Any] | None = None) -> str:
    return Request("POST", "/files").with_form(value, form(encoding)).body.decode()


def test_bytes_are_a_file_and_texts_are_none() -> None:
    text = written({"title": "A", "file": "abc", "about": {"a": 1}, "tags": ["x", "y"]})

    assert 'name="title"\r\n\r\nA\r\n' in text
    assert 'name="file"; filename="file"\r\nContent-Type: application/octet-stream' in text
    assert 'name="about"\r\nContent-Type: application/json\r\n\r\n{"a": 1}' in text
    assert text.count('name="tags"') == 2


def test_a_part_has_the_media_type_of_its_encoding() -> None:
    assert "Content-Type: image/png\r\n" in written(
        {"file": "abc"}, {"file": {"contentType": "image/png, image/gif"}}
    )


def test_what_is_null_has_no_part() -> None:
    assert "title" not in written({"title": None, "file": "abc"})


def test_members_are_read_again_and_replaced_in_the_same_form() -> None:
    request = Request("POST", "/files").with_form({"title": "one\r\ntwo", "file": "a"}, form())
    again = request.with_json({"title": "three"})

    assert request.members == {"title": "one\r\ntwo", "file": "a"}
    assert again.members == {"title": "three"}
    assert dict(again.headers)["Content-Type"].startswith(MULTIPART)
