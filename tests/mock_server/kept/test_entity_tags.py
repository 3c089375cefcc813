"""Entity tags of kept items, and requests that name them (RFC 9110, sections 8.8.3 and 13)."""

from typing import Any

import pytest

from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import Schema, answer, contract, obj, operation, text

TAGGED = {"ETag": {"schema": text(), "required": True}}


def notes(**tag: Any) -> dict[str, Any]:
    """Notes with a tag, settings that are there from the beginning, and a picture."""
    note, new = obj("id", id=text(), name=text()), obj(name=text())
    headers = {"ETag": {**TAGGED["ETag"], **tag}}

    def changed(body: Schema) -> dict[str, Schema]:
        return {"200": answer(body, headers=headers), "412": answer(), "404": answer()}

    def read(body: Schema) -> dict[str, Schema]:
        return {"200": answer(body, headers=headers), "304": answer(), "404": answer()}

    picture = {"image/png": {}}
    shown = {**answer(headers=headers), "content": picture}
    return contract(
        {
            "/notes": {"post": operation({"201": answer(note, headers=headers)}, new)},
            "/notes/{id}": {
                "get": operation(read(note)),
                "put": operation(changed(note), new),
                "patch": operation(changed(note), new),
                "delete": operation({"204": answer(), "412": answer()}),
            },
            "/notes/{id}/archive": {"post": operation(changed(note))},
            "/settings": {"get": operation(read(new)), "put": operation(changed(new), new)},
            "/picture": {
                "get": operation({"200": shown, "304": answer()}),
                "put": {
                    **operation({"204": answer(), "412": answer()}),
                    "requestBody": {"content": picture},
                },
            },
        }
    )


@pytest.mark.parametrize("tag", [{}, {"schema": text(pattern="^W/")}, {"example": '"abc"'}])
def test_the_tag_of_an_item_changes_with_it(start: Start, tag: dict[str, Any]) -> None:
    client = start(notes(**tag))
    made = client.post("/v1/notes", json={"name": "a"})
    note, first = f"/v1/notes/{made.json()['id']}", made.headers["etag"]
    assert first.removeprefix("W/").strip('"').isalnum()
    assert first.startswith('W/"' if "schema" in tag else '"')
    assert client.get(note).headers["etag"] == first

    same = client.get(note, headers={"If-None-Match": f'"x", {first}'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first)
    assert "content-length" not in same.headers
    assert client.get(note, headers={"If-None-Match": '"x"'}).json() == made.json()

    for method in ("PUT", "PATCH"):
        second = client.request(method, note, json={"name": method}, headers={"If-Match": first})
        assert second.status_code == 200
        assert second.headers["etag"] == client.get(note).headers["etag"] != first
        stale = client.request(method, note, json={"name": "c"}, headers={"If-Match": first})
        assert stale.status_code == 412
        unwanted = client.request(method, note, json={"name": "c"}, headers={"If-None-Match": "*"})
        assert unwanted.status_code == 412
        assert client.get(note).json() == second.json()
        assert client.get(note, headers={"If-None-Match": first}).status_code == 200
        first = second.headers["etag"]
    stale = {"If-Match": made.headers["etag"]}
    assert client.post(f"{note}/archive", headers=stale).status_code == 412
    assert client.delete(note, headers=stale).status_code == 412
    assert client.delete(note, headers={"If-Match": "*"}).status_code == 204


def test_what_is_there_from_the_beginning_has_a_tag(start: Start) -> None:
    client = start(notes())
    first = client.get("/v1/settings")
    tag = {"If-Match": first.headers["etag"]}
    assert (
        client.get("/v1/settings", headers={"If-None-Match": first.headers["etag"]}).content == b""
    )
    assert client.put("/v1/settings", json={"name": "x"}, headers=tag).status_code == 200
    assert client.put("/v1/settings", json={"name": "y"}, headers=tag).status_code == 412
    assert client.get("/v1/settings").json() == {"name": "x"}


def test_a_body_as_it_was_sent_has_a_tag(start: Start) -> None:
    client = start(notes())
    png = {"Content-Type": "image/png"}
    assert client.get("/v1/picture").headers["etag"] == '"text"'
    assert client.put("/v1/picture", content=b"1", headers=png).status_code == 204
    first = client.get("/v1/picture").headers["etag"]
    assert client.get("/v1/picture", headers={"If-None-Match": first}).status_code == 304
    change = {**png, "If-Match": first}
    assert client.put("/v1/picture", content=b"2", headers=change).status_code == 204
    assert client.put("/v1/picture", content=b"3", headers=change).status_code == 412
    assert client.get("/v1/picture").content == b"2"


@pytest.mark.parametrize("without", ["412", "ETag"])
def test_a_version_is_not_compared_where_that_is_not_documented(start: Start, without: str) -> None:
    document = notes()
    by_id = document["paths"]["/notes/{id}"]
    by_id["patch"]["responses"].pop(without, None)
    by_id["get"]["responses"]["200"]["headers"].pop(without, None)
    client = start(document)
    note = f"/v1/notes/{client.post('/v1/notes', json={'name': 'a'}).json()['id']}"
    changed = client.request("PATCH", note, json={"name": "b"}, headers={"If-Match": '"x"'})
    assert (changed.status_code, changed.json()["name"]) == (200, "b")
