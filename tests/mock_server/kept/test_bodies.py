"""Bodies without members of their own, which a PUT writes and the GET on its path shows."""

from typing import Any

import pytest

from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import (
    Schema,
    answer,
    array,
    contract,
    number,
    obj,
    operation,
    text,
)

PNG = b"\x89PNG\r\n\x1a\n\x00sent"
JSON = "application/json"


def content(**of: Schema) -> Schema:
    return {name: {"schema": one} if one else {} for name, one in of.items()}


def boxes(types: dict[str, Schema], shown: dict[str, Schema] | None = None) -> dict[str, Any]:
    """Boxes, each with a label of these media types."""
    whole = {"description": "It.", "content": content(**(types if shown is None else shown))}
    put = {"responses": {"204": answer()}, "requestBody": {"content": content(**types)}}
    return contract(
        {
            "/boxes": {"post": operation({"201": answer(obj("id", id=text()))}, obj())},
            "/boxes/{id}": {
                "get": operation({"200": answer(obj("id", id=text()))}),
                "delete": operation({"204": answer()}),
            },
            "/boxes/{id}/label": {
                "get": operation({"200": whole, "404": answer()}),
                "put": put,
                "delete": operation({"204": answer()}),
            },
        }
    )


@pytest.mark.parametrize(
    ("types", "sent", "body"),
    [
        ({JSON: {"type": "number"}}, JSON, b"4.50"),
        ({JSON: {"type": ["string", "null"]}}, JSON, b"null"),
        ({JSON: array(text())}, JSON, b'["a", "b"]'),
        ({JSON: array(obj("id", id=number()))}, JSON, b'[{"id": 7}]'),
        ({JSON: {"type": "object", "additionalProperties": text()}}, JSON, b'{"a": "b"}'),
        ({"text/plain": text()}, "text/plain; charset=utf-8", "olá".encode()),
        ({"application/octet-stream": {}}, "application/octet-stream", b"\x00\xff"),
        ({JSON: text(), "image/*": {}}, "image/png", PNG),
    ],
)  # fmt: skip
def test_a_get_shows_the_body_that_a_put_wrote(
    start: Start, types: dict[str, Schema], sent: str, body: bytes
) -> None:
    client = start(boxes(types))
    box, other = (f"/v1/boxes/{client.post('/v1/boxes', json={}).json()['id']}" for _ in "ab")
    before = client.get(f"{other}/label")
    assert before.status_code == 200
    headers = {"Content-Type": sent}
    assert client.put(f"{box}/label", content=body, headers=headers).status_code == 204
    shown = client.get(f"{box}/label")
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, body, sent)
    assert ("content-security-policy" in shown.headers) == (sent != JSON)
    assert client.get(f"{other}/label").content == before.content

    assert client.delete(f"{box}/label").status_code == 204
    assert client.get(f"{box}/label").status_code == 404
    assert client.put(f"{box}/label", content=body, headers=headers).status_code == 204
    assert client.get(f"{box}/label").content == body
    client.delete(box)
    assert client.get(f"{box}/label").status_code == 404
    assert client.put(f"{box}/label", content=body, headers=headers).status_code == 404


def test_a_put_of_any_type_is_shown_where_the_get_documents_it(start: Start) -> None:
    client = start(boxes({"*/*": {}}, {"application/pdf": {}, "image/*": {}}))
    box = f"/v1/boxes/{client.post('/v1/boxes', json={}).json()['id']}"
    headers = {"Content-Type": "image/png"}
    assert client.put(f"{box}/label", content=PNG, headers=headers).status_code == 204
    shown = client.get(f"{box}/label")
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")


@pytest.mark.parametrize(
    "shown",
    [
        {"text/csv": text()},
        {JSON: number(maximum=3)},
        {JSON: obj(size=number())},
    ],
)
def test_a_get_shows_no_body_that_it_does_not_document(
    start: Start, shown: dict[str, Schema]
) -> None:
    client = start(boxes({JSON: number()}, shown))
    box = f"/v1/boxes/{client.post('/v1/boxes', json={}).json()['id']}"
    before = client.get(f"{box}/label")
    assert client.put(f"{box}/label", json=4).status_code == 204
    assert client.get(f"{box}/label").content == before.content
