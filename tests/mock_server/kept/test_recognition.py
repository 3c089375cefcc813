"""Which operations are about one resource: by paths, ids, links and schemas."""

from typing import Any

import pytest

from tests.mock_server.kept.conftest import Start, made_and_shown
from tests.mock_server.kept.contracts import (
    THING,
    answer,
    array,
    contract,
    number,
    obj,
    operation,
    ref,
    text,
)

UUID = text(format="uuid")
KNOWN = "0c0f5a3e-6a1e-4f60-9a9d-0d8bd8a1c3b1"
COLOUR = obj("id", id=text(enum=["red", "blue"]))


@pytest.mark.parametrize(
    ("collection", "item"),
    [
        ("/things/", "/things/{id}/"),
        ("/Things.json", "/Things/{Sid}.json"),
        ("/api/v2/things", "/api/v2/things/{thing-id}"),
    ],
)
def test_paths_that_end_in_other_ways(start: Start, collection: str, item: str) -> None:
    document = contract(
        {
            collection: {"post": operation({"201": answer(THING)}, obj(name=text()))},
            item: {"get": operation({"200": answer(THING)})},
        }
    )
    place = item.replace(item[item.index("{") : item.index("}") + 1], "1")
    made_and_shown(start, document, collection, place)


@pytest.mark.parametrize("key", ["({%s})", "('{%s}')"])
def test_ids_in_parentheses(start: Start, key: str) -> None:
    order, line = key % "id", key % "lineId"
    one = obj("id", "lines", id=text(), lines=number(), name=text())
    part = obj("id", "orderId", id=text(), orderId=text(), name=text())
    located = {"Location": {"required": True, "schema": text()}}
    new = obj(name=text())
    document = contract(
        {
            "/Orders": {
                "get": operation({"200": answer(obj("value", value=array(one)))}),
                "post": operation({"201": answer(one, headers=located)}, new),
            },
            f"/Orders{order}": {
                "get": operation({"200": answer(one)}),
                "patch": operation({"200": answer(one)}, new),
                "delete": operation({"204": answer()}),
            },
            f"/Orders{order}/Lines": {
                "post": operation({"201": answer(part, headers=located)}, new)
            },
            f"/Orders{order}/Lines{line}": {"get": operation({"200": answer(part)})},
        }
    )
    client = start(document)
    made = client.post("/v1/Orders", json={"name": "Rex"})
    path = f"/v1/Orders{key % 'id'}".replace("{id}", made.json()["id"])
    assert made.headers["location"] == path
    assert client.get(path).json() == made.json()
    changed = client.request("PATCH", path, json={"name": "Max"}).json()
    assert changed == {**made.json(), "name": "Max"}
    assert client.get("/v1/Orders").json() == {"value": [changed]}
    inner = client.post(f"{path}/Lines", json={"name": "a"})
    assert inner.json()["orderId"] == made.json()["id"]
    assert client.get(inner.headers["location"]).json() == inner.json()
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get(inner.headers["location"]).status_code == 404
    assert client.get("/v1/Orders").json() == {"value": []}


@pytest.mark.parametrize(
    ("ids", "example", "kind"),
    [
        ({"anyOf": [number(), UUID]}, None, int),
        ({"anyOf": [number(), UUID]}, KNOWN, str),
        ({"oneOf": [ref("Id"), {"type": "null"}]}, None, str),
        (text(anyOf=[{"pattern": "^a[0-9]{4}$"}, {"pattern": "^b[0-9]{4}$"}]), None, str),
    ],
)
def test_an_id_of_several_types(start: Start, ids: Any, example: Any, kind: type) -> None:
    thing = answer(obj("id", id=ids, name=text()), example and {"id": example, "name": "x"})
    document = contract(
        {
            "/things": {"post": operation({"201": thing}, obj(name=text()))},
            "/things/{id}": {"get": operation({"200": thing})},
        },
        ids=ids,
        Id=UUID,
    )
    client = start(document)
    made = [client.post("/v1/things", json={"name": one}).json() for one in "ab"]
    assert [one["name"] for one in made] == ["a", "b"]
    assert [client.get(f"/v1/things/{one['id']}").json() for one in made] == made
    assert len({one["id"] for one in made} | {example}) == 3
    assert {type(one["id"]) for one in made} == {kind}


@pytest.mark.parametrize(
    ("ids", "body"), [(UUID, None), (number(), None), (text(pattern="^n_[0-9]{6}$"), obj("name"))]
)
def test_location_names_an_item_that_does_not_show_its_id(
    start: Start, ids: Any, body: Any
) -> None:
    located = {"Location": {"schema": text()}}
    note, made = obj("name", name=text(), size=number()), body and {**body, **obj(name=text())}
    document = contract(
        {
            "/notes": {
                "get": operation({"200": answer(array(note))}),
                "post": operation({"201": answer(made, headers=located)}, note),
            },
            "/notes/{noteId}": {
                "get": operation({"200": answer(note)}),
                "patch": operation({"200": answer(note)}, obj(size=number())),
                "delete": operation({"204": answer()}),
            },
        },
        ids=ids,
    )
    client = start(document)
    first, second = (
        client.post("/v1/notes", json={"name": one}).headers["location"] for one in "ab"
    )
    assert client.get(first).json() == {"name": "a"}
    assert client.request("PATCH", first, json={"size": 7}).json() == {"name": "a", "size": 7}
    assert client.get("/v1/notes").json() == [{"name": "a", "size": 7}, {"name": "b"}]
    assert client.delete(first).status_code == 204
    assert [client.get(one).status_code for one in (first, second)] == [404, 200]


@pytest.mark.parametrize(
    ("status", "body", "shown", "ids"),
    [
        ("201", None, "state", None),
        ("202", obj("message", message=text()), "state", None),
        ("202", obj("name", name=text()), "state", None),
        ("201", None, "name", text(enum=["red", "blue"])),
        ("201", None, "name", {"anyOf": [text(enum=["red"]), text(const="blue")]}),
    ],
)
def test_what_location_names_is_as_documented_where_no_answer_shows_it(
    start: Start, status: str, body: Any, shown: str, ids: Any
) -> None:
    report, located = obj(shown, **{shown: text()}), {"Location": {"schema": text()}}
    document = contract(
        {
            "/reports": {
                "get": operation({"200": answer(array(report))}),
                "post": operation({status: answer(body, headers=located)}, obj(name=text())),
            },
            "/reports/{id}": {"get": operation({"200": answer(report)})},
        },
        ids=ids,
    )
    client = start(document)
    assert client.post("/v1/reports", json={"name": "a"}).status_code == int(status)
    assert client.get("/v1/reports/red").json() == {shown: "text"}
    assert client.get("/v1/reports").json() == [{shown: "text"}]


def test_an_id_that_is_not_shown_is_none_of_an_item_that_is_there(start: Start) -> None:
    note, located = obj("name", name=text()), {"Location": {"schema": text()}}
    document = contract(
        {
            "/notes": {"post": operation({"201": answer(headers=located)}, note)},
            "/notes/{noteId}": {"get": operation({"200": answer(note)})},
        },
        ids={"anyOf": [text(pattern="^[ab]$"), text(pattern="^c$")]},
    )
    client = start(document)
    made = [client.post("/v1/notes", json={"name": f"n{at}"}) for at in range(9)]
    assert {one.status_code for one in made} == {201}
    places = [one.headers["location"] for one in made if "location" in one.headers]
    assert "/v1/notes/c" in places
    assert len(places) == len({*places})
    assert [client.get(one).status_code for one in places] == [200] * len(places)


def test_a_link_leads_to_the_item(start: Start) -> None:
    made = answer(obj("receipt", receipt=obj("number", number=text()), name=text()))
    made["links"] = {
        "show": {"operationId": "show", "parameters": {"no": "$response.body#/receipt/number"}}
    }
    shown = answer(obj("number", number=text(), name=text()))
    document = contract(
        {
            "/order": {"post": operation({"201": made}, obj(name=text()))},
            "/orders/{no}": {"get": operation({"200": shown}, operationId="show")},
        }
    )
    client = start(document)
    first = client.post("/v1/order", json={"name": "Rex"}).json()
    number_of = first["receipt"]["number"]
    assert client.get(f"/v1/orders/{number_of}").json()["number"] == number_of
    assert client.get("/v1/orders/other").status_code == 404


def test_the_same_schema_leads_to_the_item(start: Start) -> None:
    document = contract(
        {
            "/pets/new": {"post": operation({"201": answer(ref("Pet"))}, obj(name=text()))},
            "/pets/{id}": {"get": operation({"200": answer(ref("Pet"))})},
            "/pets": {"get": operation({"200": answer(array(ref("Pet")))})},
        },
        Pet=THING,
    )
    made_and_shown(start, document, "/pets/new", "/pets/1")
    # Where another POST makes them, an action with the same answer makes none.
    document["paths"]["/pets"]["post"] = operation({"201": answer(ref("Pet"))}, obj(name=text()))
    client = start(document)
    client.post("/v1/pets/new", json={"name": "Rex"})
    assert client.get("/v1/pets").json() == []


@pytest.mark.parametrize(
    "wrap",
    [
        lambda one: obj("data", data=one),
        lambda one: obj("thing", thing=one, ok={"type": "boolean"}),
        lambda one: obj("result", "meta", result=one, meta=obj(request_id=text())),
        lambda one: obj("response", response=obj("thing", thing=one)),
    ],
)
def test_items_in_an_envelope(start: Start, wrap: Any) -> None:
    document = contract(
        {
            "/things": {"post": operation({"201": answer(wrap(THING))}, obj(name=text()))},
            "/things/{id}": {"get": operation({"200": answer(wrap(THING))})},
        }
    )
    made_and_shown(start, document, "/things", "/things/1")


def test_an_object_in_an_item_is_no_envelope(start: Start) -> None:
    order = obj(total=number(), customer=obj("id", id=number()), address=obj(id=number()))
    document = contract(
        {
            "/orders": {"post": operation({"201": answer(order)}, obj(total=number()))},
            "/orders/{code}": {"get": operation({"200": answer(order)})},
        }
    )
    client = start(document)
    assert client.post("/v1/orders", json={"total": 1}).status_code == 201
    assert client.get("/v1/orders/x").status_code == 200


def test_what_is_no_resource_answers_as_documented(start: Start) -> None:
    me = answer(obj(name=text()), {"name": "me"})
    document = contract(
        {
            "/me": {"get": operation({"200": me}), "put": operation({"200": me}, obj(pin=text()))},
            "/search": {
                "post": operation(
                    {"200": answer(array(THING), [{"id": 3, "name": "x"}])}, obj(q=text())
                )
            },
            "/colours": {"post": operation({"201": answer(COLOUR)}, COLOUR)},
            "/colours/{id}": {"get": operation({"200": answer(COLOUR)})},
        }
    )
    client = start(document)
    assert client.put("/v1/me", json={"pin": "1"}).json() == {"name": "me"}
    assert client.get("/v1/me").json() == {"name": "me"}
    assert client.post("/v1/search", json={"q": "x"}).json() == [{"id": 3, "name": "x"}]
    assert client.get("/v1/colours/red").json()["id"] in {"red", "blue"}


def test_items_that_a_post_elsewhere_makes_bar_nothing_below(start: Start) -> None:
    repo = obj("name", name=text())
    document = contract(
        {
            "/repos/new": {"post": operation({"201": answer(ref("Repo"))}, obj(name=text()))},
            "/repos/{name}": {"get": operation({"200": answer(ref("Repo"))})},
            "/repos/{name}/issues": {"post": operation({"201": answer(THING)}, obj(name=text()))},
            "/repos/{name}/issues/{id}": {"get": operation({"200": answer(THING)})},
        },
        Repo=repo,
    )
    client = start(document)
    assert client.get("/v1/repos/hello").status_code == 404
    assert client.post("/v1/repos/hello/issues", json={"name": "a"}).json()["id"] == 1
    assert client.get("/v1/repos/hello/issues/1").json() == {"id": 1, "name": "a"}
    assert client.post("/v1/repos/new", json={"name": "hello"}).json() == {"name": "hello"}
    assert client.get("/v1/repos/hello").json() == {"name": "hello"}


def test_other_operations_on_an_item_that_is_not_there_are_404(start: Start) -> None:
    document = contract(
        {
            "/things": {"post": operation({"204": answer()}, THING)},
            "/things/{id}": {
                "get": operation({"200": answer(THING)}),
                "head": operation({"200": answer()}),
                "put": operation({"202": answer()}),
            },
        }
    )
    client = start(document)
    for method in ("HEAD", "PUT"):
        assert client.request(method, "/v1/things/5").status_code == 404
    assert client.post("/v1/things", json={"id": 5, "name": "Rex"}).status_code == 204
    assert client.get("/v1/things/5").json() == {"id": 5, "name": "Rex"}
    assert client.request("HEAD", "/v1/things/5").status_code == 200
    assert client.put("/v1/things/5").status_code == 202


def test_an_operation_that_is_not_served_leaves_the_others_their_items(start: Start) -> None:
    broken = {"allOf": [THING, {"properties": {"name": {"type": "no type"}}}]}
    document = contract(
        {
            "/things": {
                "post": operation({"201": answer(THING)}, obj(name=text())),
                "get": operation({"200": answer(array(THING))}),
            },
            "/things/{id}": {
                "get": operation({"200": answer(broken)}),
                "delete": operation({"204": answer()}),
            },
        }
    )
    client = start(document)
    made = client.post("/v1/things", json={"name": "Rex"})
    assert (made.status_code, made.json()) == (201, {"id": 1, "name": "Rex"})
    assert client.get("/v1/things").json() == [made.json()]
    assert client.get("/v1/things/1").status_code == 501
    assert client.delete("/v1/things/1").status_code == 204
    assert client.get("/v1/things").json() == []
