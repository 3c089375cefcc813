"""How items are sent: in which bodies and media types, and in which patches."""

from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import (
    THING,
    answer,
    array,
    contract,
    number,
    obj,
    operation,
    text,
)

FORM = "application/x-www-form-urlencoded"
TAGGED = obj("id", id=number(), tags=array(text()))


def test_json_api(start: Start) -> None:
    attributes = obj(title=text(), created_at=text(format="date-time"))
    shown = obj("id", "type", id=text(), type=text(const="articles"), attributes=attributes)
    sent = obj("data", data=obj(type=text(const="articles"), attributes=obj(title=text())))
    one = answer(obj("data", data=shown))
    document = contract(
        {
            "/articles": {
                "post": operation({"201": one}, sent, media_type="application/vnd.api+json"),
                "get": operation({"200": answer(obj(data=array(shown)))}),
            },
            "/articles/{id}": {
                "get": operation({"200": one}),
                "patch": operation({"200": one}, sent, media_type="application/vnd.api+json"),
            },
        }
    )
    client = start(document)
    head = {"Content-Type": "application/vnd.api+json"}
    body = {"data": {"type": "articles", "attributes": {"title": "One"}}}
    made = client.post("/v1/articles", json=body, headers=head).json()["data"]
    assert made["attributes"]["title"] == "One"
    body["data"]["attributes"] = {"title": "Two"}
    path = f"/v1/articles/{made['id']}"
    changed = client.request("PATCH", path, json=body, headers=head).json()["data"]
    assert (changed["id"], changed["attributes"]["title"]) == (made["id"], "Two")
    assert client.get("/v1/articles").json() == {"data": [changed]}


def test_a_put_on_the_path_of_the_post_names_the_item_in_its_body(start: Start) -> None:
    pet = obj("name", id=number(), name=text(), status=text(enum=["sold", "available"]))
    document = contract(
        {
            "/pet": {
                "post": operation({"200": answer(pet)}, pet),
                "put": operation({"200": answer(pet)}, pet),
            },
            "/pet/{petId}": {
                "get": operation({"200": answer(pet)}),
                "post": operation({"200": answer()}, obj(name=text()), media_type=FORM),
            },
        },
        ids=number(),
    )
    client = start(document)
    assert client.post("/v1/pet", json={"id": 12, "name": "Rex"}).json() == {
        "id": 12,
        "name": "Rex",
        "status": "sold",
    }
    changed = client.put("/v1/pet", json={"id": 12, "name": "Tom", "status": "available"})
    assert client.get("/v1/pet/12").json() == changed.json()
    assert changed.json()["name"] == "Tom"
    assert client.put("/v1/pet", json={"id": 13, "name": "Tom"}).status_code == 404
    assert client.post("/v1/pet/12", data={"name": "Tim"}).status_code == 200
    assert client.get("/v1/pet/12").json()["name"] == "Tim"


def test_forms_with_names_in_another_spelling(start: Start) -> None:
    call = obj("sid", sid=text(pattern="^CA[0-9a-f]{32}$"), friendly_name=text())
    sent = obj("FriendlyName", FriendlyName=text())
    document = contract(
        {
            "/Calls.json": {"post": operation({"201": answer(call)}, sent, media_type=FORM)},
            "/Calls/{Sid}.json": {
                "get": operation({"200": answer(call)}),
                "post": operation({"200": answer(call)}, sent, media_type=FORM),
                "delete": operation({"204": answer()}),
            },
        }
    )
    client = start(document)
    made = client.post("/v1/Calls.json", data={"FriendlyName": "Rex"}).json()
    assert made["friendly_name"] == "Rex"
    path = f"/v1/Calls/{made['sid']}.json"
    assert client.post(path, data={"FriendlyName": "Tom"}).json()["friendly_name"] == "Tom"
    assert client.get(path).json() == {**made, "friendly_name": "Tom"}
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_a_post_with_query_parameters_in_place_of_a_body(start: Start) -> None:
    document = contract(
        {
            "/boards": {"post": operation({"200": answer(THING)}, query={"name": text()})},
            "/boards/{id}": {"get": operation({"200": answer(THING)})},
        }
    )
    client = start(document)
    assert client.post("/v1/boards?name=Rex").json() == {"id": 1, "name": "Rex"}
    assert client.get("/v1/boards/1").json() == {"id": 1, "name": "Rex"}


def test_json_patches(start: Start) -> None:
    document = contract(
        {
            "/things": {"post": operation({"201": answer(TAGGED)}, obj(tags=array(text())))},
            "/things/{id}": {
                "patch": operation(
                    {"200": answer(TAGGED)}, array(obj()), media_type="application/json-patch+json"
                )
            },
        },
        ids=number(),
    )
    client = start(document)
    head = {"Content-Type": "application/json-patch+json"}
    client.post("/v1/things", json={"tags": ["a"]})
    steps = [
        {"op": "add", "path": "/tags/-", "value": "b"},
        {"op": "replace", "path": "/id", "value": 9},
    ]
    changed = client.request("PATCH", "/v1/things/1", json=steps, headers=head)
    assert changed.json() == {"id": 1, "tags": ["a", "b"]}
    steps = [{"op": "test", "path": "/tags/0", "value": "x"}]
    assert client.request("PATCH", "/v1/things/1", json=steps, headers=head).status_code == 422
    for steps in ([{"op": "replace", "path": "", "value": 1}], [{"op": "remove", "path": ""}]):
        refused = client.request("PATCH", "/v1/things/1", json=steps, headers=head)
        assert refused.status_code == 422


def test_a_null_takes_away_or_is_kept_as_the_contract_has_it(start: Start) -> None:
    shown = obj("id", id=number(), note=text(), owner={"type": ["string", "null"]})
    sent = obj(note={"type": ["string", "null"]}, owner={"type": ["string", "null"]})
    document = contract(
        {
            "/things": {"post": operation({"201": answer(shown)}, sent)},
            "/things/{id}": {"patch": operation({"200": answer(shown)}, sent)},
        }
    )
    client = start(document)
    client.post("/v1/things", json={"note": "n", "owner": "o"})
    changed = client.request("PATCH", "/v1/things/1", json={"owner": None})
    assert changed.json() == {"id": 1, "note": "n", "owner": None}
    changed = client.request("PATCH", "/v1/things/1", json={"note": None})
    assert "note" not in changed.json()


def test_several_items_at_once_are_answered_as_documented(start: Start) -> None:
    sent = {"oneOf": [obj("name", name=text()), array(obj("name", name=text()))]}
    document = contract(
        {
            "/things": {
                "post": operation({"200": answer(THING)}, sent),
                "get": operation({"200": answer(array(THING))}),
            },
            "/things/{id}": {"get": operation({"200": answer(THING)})},
        }
    )
    client = start(document)
    assert client.post("/v1/things", json=[{"name": "a"}, {"name": "b"}]).status_code == 200
    assert client.get("/v1/things").json() == []


def test_a_file_is_no_member(start: Start) -> None:
    document = contract(
        {
            "/files": {
                "post": operation(
                    {"201": answer(obj("id", id=number(), title=text(), content=text()))},
                    obj("title", title=text(), content=text(format="binary")),
                    media_type="multipart/form-data",
                )
            },
            "/files/{id}": {"get": operation({"200": answer(obj(id=number(), title=text()))})},
        }
    )
    client = start(document)
    files = {"title": (None, "Rex"), "content": ("a.bin", b"\xff\xfe\x00", "application/pdf")}
    made = client.post("/v1/files", files=files)
    assert made.status_code == 201
    assert client.get("/v1/files/1").json() == {"id": 1, "title": "Rex"}
