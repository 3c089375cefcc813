"""Lists that the mock keeps no items of come to an end for a client that goes on."""

from typing import Any

import pytest

from tests.mock_server.kept.conftest import Start, start

__all__ = ["start"]

A = {"Authorization": "Bearer token-a"}
STRING = {"type": "string"}
ITEMS = {"type": "array", "items": {"type": "object", "properties": {"id": STRING}}}


def document(
    parameter: dict[str, Any], required: list[str], example: Any = None, **members: Any
) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": {"items": ITEMS, **members}}
    media = {"schema": schema} | ({"example": example} if example else {})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lists", "version": "1"},
        "security": [{"jwt": []}],
        "components": {"securitySchemes": {"jwt": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/v1/things": {
                "get": {
                    "parameters": [{"in": "query", **parameter}],
                    "responses": {
                        "200": {"description": "A page.", "content": {"application/json": media}}
                    },
                }
            }
        },
    }


TOKEN = {"name": "pageToken", "schema": STRING}
NULLABLE = {"type": ["string", "null"]}
PAGE = {"items": [{"id": "a"}], "nextPageToken": "page-2"}


@pytest.mark.parametrize(
    ("required", "schema", "last"),
    [
        (["items", "nextPageToken"], NULLABLE, {"nextPageToken": None}),
        (["items"], STRING, {}),
        (["items", "nextPageToken"], STRING, {"nextPageToken": ""}),
        (["items", "nextPageToken"], {"const": "page-2"}, {"nextPageToken": "page-2"}),
    ],
)
@pytest.mark.parametrize("stateless", [False, True])
def test_the_page_of_a_token_is_the_last_one(
    start: Start,
    required: list[str],
    schema: dict[str, Any],
    last: dict[str, Any],
    *,
    stateless: bool,
) -> None:
    text = {**schema, "type": schema.get("type", "string")}
    client = start(document(TOKEN, required, PAGE, nextPageToken=text), stateless=stateless)

    assert client.get("/v1/things", headers=A).json() == PAGE
    second = client.get("/v1/things?pageToken=page-2", headers=A).json()
    assert second == {"items": PAGE["items"], **last}


@pytest.mark.parametrize(
    ("kinds", "last"),
    [(["object", "null"], {"next_page": None}), ("object", {})],
)
def test_all_that_names_the_next_page_is_gone_on_the_last_one(
    start: Start, kinds: Any, last: dict[str, Any]
) -> None:
    members = {"offset": STRING, "path": STRING}
    page = {"items": [{"id": "a"}], "next_page": {"offset": "b", "path": "/things?offset=b"}}
    following = {"type": kinds, "required": ["offset", "path"], "properties": members}
    offset = {"name": "offset", "schema": STRING}
    client = start(document(offset, ["items"], page, next_page=following))

    assert client.get("/v1/things", headers=A).json() == page
    second = client.get("/v1/things?offset=b", headers=A).json()
    assert second == {"items": page["items"], **last}


def test_a_token_that_was_made_up_leads_to_the_last_page_too(
    start: Start,
) -> None:
    client = start(document(TOKEN, ["nextPageToken"], nextPageToken=NULLABLE), stateless=True)

    token = client.get("/v1/things", headers=A).json()["nextPageToken"]
    assert client.get(f"/v1/things?pageToken={token}", headers=A).json()["nextPageToken"] is None


@pytest.mark.parametrize(("page", "more"), [(1, True), (2, False)])
def test_a_later_page_by_number_has_no_more(
    start: Start,
    page: int,
    more: bool,  # noqa: FBT001 - of a table
) -> None:
    number = {"name": "page", "schema": {"type": "integer", "minimum": 1}}
    example = {"items": [], "has_more": True}
    client = start(document(number, ["items"], example, has_more={"type": "boolean"}))

    assert client.get(f"/v1/things?page={page}", headers=A).json()["has_more"] is more
