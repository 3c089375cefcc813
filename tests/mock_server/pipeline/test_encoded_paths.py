"""What a client sends for a path reaches it, however the contract writes that."""

from urllib.parse import unquote

import pytest

from tests.mock_server.kept.conftest import Start, start
from tests.mock_server.kept.contracts import answer, contract, obj, operation, text

__all__ = ["start"]


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/my%20things/{id}", "/my%20things/1"),
        ("/my things/{id}", "/my%20things/1"),
        ("/ação", "/a%C3%A7%C3%A3o"),
        ("/a%C3%A7%C3%A3o", "/a%c3%a7%c3%a3o"),
        ("/a%2Fb/{id}", "/a%2fb/1"),
        ("/50%", "/50%25"),
        ("/50%25", "/50%25"),
        ("/a%2Bb", "/a+b"),
        ("/%7E{user}", "/~me"),
        ("/a#b", "/a%23b"),
        ("/ações/{é o id}", "/a%C3%A7%C3%B5es/1"),
        ("/e/{id}%20x", "/e/1%20x"),
    ],
)
def test_it_is_found(start: Start, path: str, sent: str) -> None:
    called = operation({"200": answer(obj("ok", ok=text()))})
    client = start(contract({path: {"get": called}}))
    assert client.get(f"/v1{sent}").json() == {"ok": "text"}
    assert client.post(f"/v1{sent}").headers["allow"] == "GET, HEAD"
    assert client.get("/v1/a/b/1").status_code == 404


def test_a_path_with_a_control_character_is_told_and_not_served(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    called = {"get": operation({"200": answer()})}
    client = start(contract({"/a\x01b": called, "/other": called}))
    assert client.get("/v1/a%01b").status_code == 501
    assert client.get("/v1/other").status_code == 200
    assert "has a control character in its path" in caplog.text


@pytest.mark.parametrize("url", ["/ação", "/a%20b", "/€uro"])
def test_a_new_item_is_where_its_location_says(start: Start, url: str) -> None:
    item = obj("id", "name", id=text(), name=text())
    made = answer(item, headers={"Location": {"schema": text()}})
    paths = {
        "/things": {"post": operation({"201": made}, obj("name", name=text()))},
        "/things/{id}": {"get": operation({"200": answer(item)})},
    }
    client = start(contract(paths) | {"servers": [{"url": url}]})
    created = client.post(f"{unquote(url)}/things", json={"name": "x"})
    location = created.headers["location"]
    assert location.isascii()
    assert client.get(location).json() == created.json()


@pytest.mark.parametrize(("sent", "status"), [("f[x]=1", 200), ("f[x]=y", 422)])
def test_members_of_any_name_have_their_type(start: Start, sent: str, status: int) -> None:
    numbers = {"type": "object", "additionalProperties": {"type": "integer"}}
    free = {"name": "f", "in": "query", "style": "deepObject", "schema": numbers}
    called = operation({"200": answer()}, parameters=[free])
    client = start(contract({"/things": {"get": called}}))
    assert client.get(f"/v1/things?{sent}").status_code == status
