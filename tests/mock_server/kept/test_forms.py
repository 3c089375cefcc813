"""How a resource is recognised, and how its items are sent and shown, in many styles."""

from typing import Any

import pytest

from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import (
    answer,
    array,
    contract,
    number,
    obj,
    operation,
    ref,
    text,
)

THING = obj("id", id=number(), name=text())


def made_and_shown(start: Start, document: dict[str, Any], path: str, item: str) -> Any:
    """What a POST with a name makes at ``path``, as GET shows it at ``item``."""
    client = start(document)
    made = client.post(f"/v1{path}", json={"name": "Rex"})
    assert made.status_code in {200, 201}, made.text
    shown = client.get(f"/v1{item}")
    assert shown.status_code == 200, shown.text
    assert "Rex" in shown.text
    return shown.json()


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


UUID = text(format="uuid")
KNOWN = "0c0f5a3e-6a1e-4f60-9a9d-0d8bd8a1c3b1"


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


def test_members_that_answers_do_not_have_are_not_shown(start: Start) -> None:
    user = obj("id", id=number(), mail=text())
    document = contract(
        {
            "/users": {
                "post": operation({"201": answer(user)}, obj(mail=text(), password=text())),
                "get": operation({"200": answer(array(obj(id=number())))}),
            },
            "/users/{id}": {"get": operation({"200": answer(user)})},
        }
    )
    client = start(document)
    made = client.post("/v1/users", json={"mail": "m", "password": "hidden"})
    assert made.json() == {"id": 1, "mail": "m"}
    assert client.get("/v1/users/1").json() == made.json()
    assert client.get("/v1/users").json() == [{"id": 1}]


def test_a_get_shows_what_only_its_answer_has(start: Start) -> None:
    document = contract(
        {
            "/jobs": {
                "post": operation({"202": answer(obj("job_id", job_id=text()))}, obj(name=text()))
            },
            "/jobs/{job_id}": {
                "get": operation(
                    {
                        "200": answer(
                            obj(
                                "job_id", "name", "state", job_id=text(), name=text(), state=text()
                            ),
                            {"job_id": "j-1", "name": "a", "state": "queued"},
                        )
                    }
                )
            },
        }
    )
    client = start(document)
    job = client.post("/v1/jobs", json={"name": "Rex"})
    assert job.status_code == 202
    shown = client.get(f"/v1/jobs/{job.json()['job_id']}").json()
    assert shown == {**job.json(), "name": "Rex", "state": "queued"}


def test_the_branch_that_was_sent_is_the_one_that_is_shown(start: Start) -> None:
    card = obj("kind", "number", kind=text(const="card"), number=text(pattern="^[0-9]{4}$"))
    debit = obj("kind", "iban", kind=text(const="debit"), iban=text(minLength=5))
    sent = {"oneOf": [card, debit], "discriminator": {"propertyName": "kind"}}
    shown = [
        {**one, "additionalProperties": False, "required": ["id", *one["required"]]}
        | {"properties": {"id": text(example="pm_12345678"), **one["properties"]}}
        for one in (card, debit)
    ]
    whole = answer({"oneOf": shown, "discriminator": {"propertyName": "kind"}})
    document = contract(
        {
            "/methods": {"post": operation({"201": whole}, sent)},
            "/methods/{id}": {"get": operation({"200": whole})},
        }
    )
    client = start(document)
    for body in ({"kind": "debit", "iban": "DE123"}, {"kind": "card", "number": "1234"}):
        made = client.post("/v1/methods", json=body).json()
        assert made == {"id": made["id"], **body}
        assert made["id"].startswith("pm_")
        assert client.get(f"/v1/methods/{made['id']}").json() == made


def test_what_an_answer_does_not_allow_keeps_its_documented_value(start: Start) -> None:
    shown = obj("id", "category", id=number(), name=text(), category=obj("label", label=text()))
    example = {"id": 1, "name": "a", "category": {"label": "dogs"}}
    document = contract(
        {
            "/pets": {
                "post": operation(
                    {"201": answer(shown, example)}, obj(name=text(), category=number())
                )
            },
            "/pets/{id}": {"get": operation({"200": answer(shown, example)})},
        }
    )
    client = start(document)
    made = client.post("/v1/pets", json={"name": "Rex", "category": 7}).json()
    assert (made["name"], made["category"]) == ("Rex", {"label": "dogs"})
    assert client.get(f"/v1/pets/{made['id']}").json() == made


def test_what_no_answer_can_show_is_not_kept(start: Start) -> None:
    only = obj("id", id=number(minimum=7, maximum=7), name=text())
    document = contract(
        {
            "/pets": {
                "post": operation({"201": answer(only, {"id": 7, "name": "a"})}, obj(name=text())),
                "get": operation({"200": answer(array(only))}),
            },
            "/pets/{id}": {"get": operation({"200": answer(only)})},
        },
        ids=number(minimum=1, maximum=7),
    )
    client = start(document)
    for _ in range(3):
        made = client.post("/v1/pets", json={"name": "Rex"}).json()
        assert made["id"] == 7
    assert len(client.get("/v1/pets").json()) <= 1


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


FORM = "application/x-www-form-urlencoded"


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


def test_a_deletion_says_what_is_documented(start: Start) -> None:
    gone = obj("id", "deleted", id=text(), deleted={"type": "boolean", "const": True})
    document = contract(
        {
            "/things": {
                "post": operation({"200": answer(obj("id", id=text(example="th_00aa11")))})
            },
            "/things/{id}": {
                "delete": operation({"200": answer(gone)}),
                "get": operation({"200": answer(obj(id=text()))}),
            },
        }
    )
    client = start(document)
    made = client.post("/v1/things").json()["id"]
    assert client.delete(f"/v1/things/{made}").json() == {"id": made, "deleted": True}


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


TAGGED = obj("id", id=number(), tags=array(text()))


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


COLOUR = obj("id", id=text(enum=["red", "blue"]))


def test_urls_of_the_example_name_the_new_item(start: Start) -> None:
    shown = obj("id", id=text(), links=obj(self=text()))
    example = {"id": "b-1234", "links": {"self": "https://api.example/bookings/b-1234?x=1"}}
    document = contract(
        {
            "/bookings": {"post": operation({"201": answer(shown, example)})},
            "/bookings/{id}": {"get": operation({"200": answer(shown)})},
        }
    )
    client = start(document)
    made = client.post("/v1/bookings").json()
    assert made["id"] != "b-1234"
    assert made["links"]["self"] == f"https://api.example/bookings/{made['id']}?x=1"
    assert client.get(f"/v1/bookings/{made['id']}").json() == made


def test_an_item_has_ids_beside_the_one_in_its_path(start: Start) -> None:
    issue = obj("id", "number", id=number(), number=number(), node_id=text(), title=text())
    example = {"id": 1, "number": 1347, "node_id": "MDU6SXNzdWUx", "title": "Found a bug"}
    document = contract(
        {
            "/repos/{owner}/{repo}/issues": {
                "post": operation({"201": answer(issue, example)}, obj(title=text()))
            },
            "/repos/{owner}/{repo}/issues/{issue_number}": {
                "get": operation({"200": answer(issue, example)})
            },
        }
    )
    client = start(document)
    path = "/v1/repos/octo/hello/issues"
    made = [client.post(path, json={"title": one}).json() for one in ("a", "b")]
    assert [one["number"] for one in made] == [1, 2]
    assert made[0]["id"] != made[1]["id"]
    assert made[0]["node_id"] != made[1]["node_id"]
    assert client.get(f"{path}/2").json() == made[1]
    assert client.get("/v1/repos/octo/other/issues/2").status_code == 404


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


def test_what_only_requests_have_is_never_shown(start: Start) -> None:
    user = obj("name", id=number(), name=text(), password=text(writeOnly=True))
    document = contract(
        {
            "/users": {
                "post": operation({"201": answer(user)}, user),
                "get": operation({"200": answer(array(user))}),
            },
            "/users/{id}": {"get": operation({"200": answer(user)})},
        }
    )
    client = start(document)
    made = client.post("/v1/users", json={"name": "Rex", "password": "hidden"})
    for answered in (made, client.get("/v1/users/1"), client.get("/v1/users")):
        assert "Rex" in answered.text
        assert "password" not in answered.text


def test_an_item_with_any_members_has_those_that_were_sent(start: Start) -> None:
    free = {**obj("id", id=number()), "additionalProperties": text()}
    document = contract(
        {
            "/labels": {
                "post": operation({"201": answer(free)}, {"type": "object"}),
                "get": operation({"200": answer(array(free))}),
            },
            "/labels/{id}": {"get": operation({"200": answer(free)})},
        }
    )
    client = start(document)
    made = client.post("/v1/labels", json={"colour": "red"}).json()
    assert made == {"id": 1, "colour": "red"}
    assert client.get("/v1/labels/1").json() == made
    assert client.get("/v1/labels").json() == [made]


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
