"""Items that are made in a parent, and read, changed and deleted on a path without it."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.mock_process import mock_process
from openapi.contract import Contract
from openapi.recognition import collections_of
from tests.mock_server.clients import Client
from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import answer, array, contract, obj, operation, ref, text
from tests.mock_server.store.backends import redis_url

__all__ = ["redis_url"]

COMMENT = obj("id", "text", id=text(), text=text(), mood=text())
DOC = obj("id", "title", id=text(), title=text())


def comments(doc: str = "id", comment: str = "id", **paths: Any) -> dict[str, Any]:
    """A contract of comments that are made in documents."""
    one = answer(ref("Comment"))
    new = obj("text", text=text(), mood=text())
    return contract(
        {
            "/docs": {"post": operation({"201": answer(DOC)}, obj("title", title=text()))},
            f"/docs/{{{doc}}}": {
                "get": operation({"200": answer(DOC)}), "delete": operation({"204": answer()}),
            },
            f"/docs/{{{doc}}}/comments": {
                "post": operation({"201": one}, new),
                "get": operation({"200": answer(array(ref("Comment")))}),
            },
            f"/comments/{{{comment}}}": {
                "get": operation({"200": one}),
                "patch": operation({"200": one}, obj(text=text(), mood=text())),
                "delete": operation({"204": answer()}),
            },
            "/comments": {"get": operation({"200": answer(array(ref("Comment")))})},
            f"/comments/{{{comment}}}/hide": {"post": operation({"204": answer()})},
            **paths,
        },
        Comment=COMMENT,
    )  # fmt: skip


def made(client: Client, path: str, **body: Any) -> Any:
    answered = client.post(f"/v1{path}", json=body)
    assert answered.status_code == 201
    return answered.json()


@pytest.mark.parametrize(("doc", "comment"), [("id", "id"), ("docId", "commentId")])
def test_what_is_made_in_a_parent_is_found_without_it(start: Start, doc: str, comment: str) -> None:
    client = start(comments(doc, comment))
    first, second = (made(client, "/docs", title=one)["id"] for one in ("a", "b"))
    mine = made(client, f"/docs/{first}/comments", text="one")
    other = made(client, f"/docs/{second}/comments", text="two", mood="good")
    assert mine["id"] != other["id"]
    path = f"/v1/comments/{mine['id']}"
    assert client.get(path).json() == mine
    assert client.get(f"/v1/docs/{first}/comments").json() == [mine]
    assert client.get(f"/v1/docs/{second}/comments").json() == [other]
    assert client.get("/v1/comments").json() == [mine, other]

    changed = client.request("PATCH", path, json={"text": "new"}).json()
    assert changed == {**mine, "text": "new"}
    assert client.get(f"/v1/docs/{first}/comments").json() == [changed]
    assert client.post(f"{path}/hide").status_code == 204
    assert client.delete(path).status_code == 204
    for method in ("GET", "DELETE"):
        assert client.request(method, path).status_code == 404
    assert client.post(f"{path}/hide").status_code == 404
    assert client.get(f"/v1/docs/{first}/comments").json() == []
    assert client.get("/v1/comments").json() == [other]


def test_what_is_made_in_a_parent_goes_with_it(start: Start) -> None:
    client = start(comments())
    doc = made(client, "/docs", title="a")["id"]
    mine = made(client, f"/docs/{doc}/comments", text="one")
    assert client.delete(f"/v1/docs/{doc}").status_code == 204
    assert client.get(f"/v1/comments/{mine['id']}").status_code == 404
    assert client.get("/v1/comments").json() == []
    assert client.post(f"/v1/docs/{doc}/comments", json={"text": "x"}).status_code == 404


def test_both_paths_lead_to_one_item(start: Start) -> None:
    document = comments()
    nested = document["paths"]["/comments/{id}"]
    names = [{"name": one, "in": "path", "required": True, "schema": text()}
             for one in ("id", "cid")]  # fmt: skip
    document["paths"]["/docs/{id}/comments/{cid}"] = {**nested, "parameters": names}
    client = start(document)
    doc, other = (made(client, "/docs", title=one)["id"] for one in ("a", "b"))
    mine = made(client, f"/docs/{doc}/comments", text="one")
    inside, flat = f"/v1/docs/{doc}/comments/{mine['id']}", f"/v1/comments/{mine['id']}"
    assert client.get(inside).json() == client.get(flat).json() == mine
    assert client.get(f"/v1/docs/{other}/comments/{mine['id']}").status_code == 404
    assert client.request("PATCH", inside, json={"mood": "good"}).json()["mood"] == "good"
    assert client.get(flat).json() == {**mine, "mood": "good"}
    assert client.delete(inside).status_code == 204
    assert client.get(flat).status_code == 404


def test_two_posts_make_items_of_one_kind(start: Start) -> None:
    document = comments()
    post = document["paths"]["/docs/{id}/comments"]["post"]
    document["paths"]["/comments"]["post"] = post
    client = start(document)
    doc = made(client, "/docs", title="a")["id"]
    alone = made(client, "/comments", text="alone")
    mine = made(client, f"/docs/{doc}/comments", text="one")
    assert client.get("/v1/comments").json() == [alone, mine]
    assert client.get(f"/v1/docs/{doc}/comments").json() == [mine]
    assert client.get(f"/v1/comments/{alone['id']}").json() == alone


def recordings() -> dict[str, Any]:
    """Recordings of calls, and of all calls with schemas of another name."""
    members = {"sid": text(), "call_sid": text(), "status": text(), "track": text()}
    paths = {}
    for parent, name in (("/Calls/{CallSid}", "CallRecording"), ("", "Recording")):
        page = answer(obj("recordings", recordings=array(ref(name))))
        paths[f"{parent}/Recordings.json"] = {"get": operation({"200": page})}
        paths[f"{parent}/Recordings/{{Sid}}.json"] = {
            "get": operation({"200": answer(ref(name))}),
            "delete": operation({"204": answer()}),
        }
    made = operation({"201": answer(ref("CallRecording"))}, obj(track=text()))
    paths["/Calls/{CallSid}/Recordings.json"]["post"] = made
    own = {**members, "media_url": text()}
    return contract(paths, CallRecording=obj("sid", **members), Recording=obj("sid", **own))


def test_two_places_have_one_item_where_it_names_its_parent(start: Start) -> None:
    client = start(recordings())
    mine = made(client, "/Calls/C1/Recordings.json", track="both")

    assert mine["call_sid"] == "C1"
    for parent in ("/Calls/C1", ""):
        listed = client.get(f"/v1{parent}/Recordings.json").json()["recordings"]
        shown = client.get(f"/v1{parent}/Recordings/{mine['sid']}.json").json()
        for one in (*listed, shown):
            assert {name: one[name] for name in mine} == mine
        assert len(listed) == 1
    assert client.get("/v1/Calls/C2/Recordings.json").json()["recordings"] == []
    assert client.delete(f"/v1/Recordings/{mine['sid']}.json").status_code == 204
    assert client.get(f"/v1/Calls/C1/Recordings/{mine['sid']}.json").status_code == 404


@pytest.mark.parametrize("change", ["another parent", "a POST of its own"])
def test_two_places_of_two_kinds_have_two_items(change: str) -> None:
    document = recordings()
    if change == "another parent":
        for schema in document["components"]["schemas"].values():
            schema["properties"]["room_sid"] = schema["properties"].pop("call_sid")
    else:
        post = document["paths"]["/Calls/{CallSid}/Recordings.json"]["post"]
        document["paths"]["/Recordings.json"]["post"] = {
            **post, "responses": {"201": answer(ref("Recording"))},
        }  # fmt: skip
    read = Contract(document)
    found = collections_of(read, frozenset())
    of_call = read.operations["GET /Calls/{CallSid}/Recordings/{Sid}.json"]
    one = found.of(of_call)
    assert one
    assert one is not found.of(read.operations["GET /Recordings/{Sid}.json"])


REFUND, OTHER = obj("id", id=text(), fee=text()), obj("id", id=text(), charge=text())


@pytest.mark.parametrize(
    ("post", "get", "more"),
    [
        # Of another kind, by the members or by the names of the schemas.
        (REFUND, OTHER, {}),
        (ref("Refund"), ref("Other"), {"/fees/{fee}/refunds/{id}": ref("Refund")}),
    ],
)
def test_another_kind_of_the_same_name_is_no_such_item(post: Any, get: Any, more: Any) -> None:
    read = Contract(
        contract(
            {
                "/fees/{fee}/refunds": {"post": operation({"201": answer(post)}, REFUND)},
                "/refunds/{id}": {"get": operation({"200": answer(get)})},
                **{path: {"get": operation({"200": answer(one)})} for path, one in more.items()},
            },
            Refund=REFUND, Other=OTHER,
        )
    )  # fmt: skip
    found = collections_of(read, frozenset())
    assert all(found.of(one) is None for one in read.operations.values()
               if one.path.startswith("/refunds"))  # fmt: skip


@pytest.mark.parametrize("names", [{"track_id": text()}, {"id": text()}])
def test_a_post_that_adds_what_is_there_makes_nothing(names: Any) -> None:
    track = answer(obj("id", id=text(), title=text()))
    read = Contract(
        contract(
            {
                "/lists/{list}/tracks": {"post": operation({"201": track}, obj(**names))},
                "/tracks/{track_id}": {"get": operation({"200": track})},
            }
        )
    )
    assert not collections_of(read, frozenset()).has_any()


def test_items_in_a_parent_on_a_redis_server(tmp_path: Path, redis_url: str) -> None:
    file = tmp_path / "contract.json"
    file.write_text(json.dumps(comments()))
    store = ("--store", redis_url)
    with (
        mock_process("--contract", str(file), *store) as mock,
        httpx.Client(base_url=mock.base_url) as client,
    ):
        doc = client.post("/docs", json={"title": "a"}).json()["id"]
        mine = client.post(f"/docs/{doc}/comments", json={"text": "one"}).json()
        assert client.get(f"/comments/{mine['id']}").json() == mine
        assert client.delete(f"/docs/{doc}").status_code == 204
        assert client.get(f"/comments/{mine['id']}").status_code == 404
