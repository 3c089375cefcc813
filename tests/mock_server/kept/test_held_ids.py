"""Items whose id stands in a member of theirs, or in an object around them."""

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

TIME = text(format="date-time")


def pods(parameter: str = "name", **more: Any) -> dict[str, Any]:
    """Pods as Kubernetes has them: their name is in their metadata, and clients choose it."""
    held = obj("name", name=text(), uid=text(), creationTimestamp=TIME, labels=obj(app=text()))
    pod = obj(kind=text(), metadata=held, spec=obj(image=text(), node=text()), **more)
    whole = {"200": answer(ref("Pod"))}
    listed = obj("items", kind=text(), items=array(ref("Pod")))
    return contract(
        {
            "/namespaces/{namespace}/pods": {
                "get": operation({"200": answer(listed)}),
                "post": operation({"201": answer(ref("Pod"))}, ref("Pod")),
            },
            f"/namespaces/{{namespace}}/pods/{{{parameter}}}": {
                "get": operation(whole),
                "put": operation(whole, ref("Pod")),
                "patch": operation(whole, ref("Pod")),
                "delete": operation(whole),
            },
        },
        Pod=pod,
    )


def test_an_id_in_the_metadata_of_an_item(start: Start) -> None:
    client = start(pods())
    path = "/v1/namespaces/a/pods"
    sent = {"kind": "Pod", "metadata": {"name": "web"}, "spec": {"image": "x"}}
    made = client.post(path, json=sent).json()
    assert (made["kind"], made["spec"], made["metadata"]["name"]) == ("Pod", {"image": "x"}, "web")
    assert made["metadata"]["creationTimestamp"] == "2026-03-01T12:00:00.250Z"
    assert made["metadata"]["uid"]
    assert client.get(f"{path}/web").json() == made
    assert client.get(path).json()["items"] == [made]
    assert client.get("/v1/namespaces/b/pods/web").status_code == 404

    change = {"metadata": {"name": "web", "labels": {"app": "y"}}}
    changed = client.request("PATCH", f"{path}/web", json=change).json()
    assert changed == {**made, "metadata": {**made["metadata"], "labels": {"app": "y"}}}
    put = client.put(f"{path}/web", json={**sent, "spec": {"node": "n"}})
    assert put.json() == {**made, "spec": {"node": "n"}} == client.get(f"{path}/web").json()
    assert client.delete(f"{path}/web").status_code == 200
    assert client.get(f"{path}/web").status_code == 404
    assert client.get(path).json()["items"] == []


def test_what_a_deletion_says_of_itself_is_no_id_of_the_item(start: Start) -> None:
    document = pods()
    by_name = document["paths"]["/namespaces/{namespace}/pods/{name}"]
    status = obj("status", status=text(), details=obj(name=text(), id=text()))
    by_name["delete"] = operation({"200": answer(status)})
    client = start(document)
    path = "/v1/namespaces/a/pods"
    sent = {"kind": "Pod", "metadata": {"name": "web"}, "spec": {"image": "x"}}
    made = client.post(path, json=sent).json()
    assert made["metadata"]["name"] == "web"
    assert client.get(f"{path}/web").json() == made
    assert client.delete(f"{path}/web").json()["status"]
    assert client.get(f"{path}/web").status_code == 404


def test_an_id_in_the_metadata_that_the_server_makes(start: Start) -> None:
    client = start(pods("uid"))
    path = "/v1/namespaces/a/pods"
    made = [client.post(path, json={"metadata": {"name": one}}).json() for one in "ab"]
    first, second = (one["metadata"]["uid"] for one in made)
    assert first != second
    assert client.get(f"{path}/{first}").json() == made[0]
    assert client.get(f"{path}/{second}").json() == made[1]


def test_metadata_alone_is_no_item(start: Start) -> None:
    client = start(
        contract(
            {
                "/maps": {"post": operation({"201": answer(ref("Map"))}, ref("Map"))},
                "/maps/{name}": {"get": operation({"200": answer(ref("Map"))})},
            },
            Map=obj(metadata=obj("name", name=text()), data=text(), kind=text()),
        )
    )
    sent = {"kind": "Map", "data": "x", "metadata": {"name": "one"}}
    assert client.post("/v1/maps", json=sent).json() == sent
    assert client.get("/v1/maps/one").json() == sent


@pytest.mark.parametrize(
    ("envelope", "inner"),
    [
        # JSON:API, GraphQL-like, and HAL
        ("data", {"attributes": obj(title=text())}),
        ("node", {"title": text()}),
        (None, {"title": text(), "_links": obj(self=obj(href=text()))}),
    ],
)
def test_an_id_in_an_object_around(start: Start, envelope: str | None, inner: Any) -> None:
    item = obj("id", id=text(), **inner)
    body = {name: one for name, one in inner.items() if name != "_links"}

    def around(one: Any) -> Any:
        return obj(envelope, **{envelope: one}) if envelope else one

    client = start(
        contract(
            {
                "/books": {"post": operation({"201": answer(around(item))}, around(obj(**body)))},
                "/books/{id}": {
                    "get": operation({"200": answer(around(item))}),
                    "patch": operation({"200": answer(around(item))}, around(obj(**body))),
                    "delete": operation({"204": answer()}),
                },
            }
        )
    )

    def sent(title: str) -> Any:
        plain = {"attributes": {"title": title}} if "attributes" in inner else {"title": title}
        return {envelope: plain} if envelope else plain

    made = client.post("/v1/books", json=sent("a")).json()
    id_ = (made[envelope] if envelope else made)["id"]
    assert client.get(f"/v1/books/{id_}").json() == made
    changed = client.request("PATCH", f"/v1/books/{id_}", json=sent("b")).json()
    assert changed == client.get(f"/v1/books/{id_}").json() != made
    assert (changed[envelope] if envelope else changed)["id"] == id_
    assert client.delete(f"/v1/books/{id_}").status_code == 204
    assert client.get(f"/v1/books/{id_}").status_code == 404


CAT = obj("kind", "lives", kind={"const": "cat"}, lives=number(), nick=text())
DOG = obj("kind", kind={"const": "dog"}, nick=text())


def animals(sent: Any) -> dict[str, Any]:
    """Animals that the answers have in a member beside their id."""
    kept = answer(obj("id", "animal", id=text(), animal=ref("Animal"), removed={"type": "boolean"}))
    return contract(
        {
            "/animals": {"post": operation({"201": kept}, sent)},
            "/animals/{id}": {
                "get": operation({"200": kept}),
                "put": operation({"200": kept}, sent),
                "patch": operation({"200": kept}, obj(nick=text())),
            },
        },
        Animal={"oneOf": [CAT, DOG]},
    )


@pytest.mark.parametrize("sent", [ref("Animal"), obj(kind=text(), lives=number(), nick=text())])
def test_a_body_that_is_shown_beside_the_id(start: Start, sent: Any) -> None:
    client = start(animals(sent))
    dog, cat = {"kind": "dog", "nick": "Bo"}, {"kind": "cat", "lives": 9}
    for body, other in ((dog, cat), (cat, dog)):
        made = client.post("/v1/animals", json=body).json()
        assert made["animal"] == body
        path = f"/v1/animals/{made['id']}"
        assert client.get(path).json() == made
        patched = client.request("PATCH", path, json={"nick": "Al"}).json()
        assert patched["animal"] == {**body, "nick": "Al"}
        assert client.put(path, json=other).json() == {**made, "animal": other}
        assert client.get(path).json() == {**made, "animal": other}


def test_a_member_of_the_items_own_kind_is_not_the_body(start: Start) -> None:
    group = obj("id", id=text(), name=text(), parent=obj(id=text(), name=text()))
    new = obj(id=text(), name=text())
    client = start(
        contract(
            {
                "/groups": {"post": operation({"201": answer(group)}, new)},
                "/groups/{id}": {"get": operation({"200": answer(group)})},
            }
        )
    )
    made = client.post("/v1/groups", json={"id": "a", "name": "x"}).json()
    assert (made["id"], made["name"]) == ("a", "x")


def test_a_relationship_has_the_item_above(start: Start) -> None:
    owner = obj("data", data=obj("type", "id", type={"const": "customers"}, id=text()))
    bill = obj("id", id=text(), memo=text(), relationships=obj(customer=owner, vendor=owner))
    wrapped = answer(obj("data", data=bill))
    client = start(
        contract(
            {
                "/customers/{customerId}/bills": {
                    "post": operation({"201": wrapped}, obj("data", data=obj(memo=text()))),
                },
                "/customers/{customerId}/bills/{id}": {"get": operation({"200": wrapped})},
            }
        )
    )
    path = "/v1/customers/c7/bills"
    made = client.post(path, json={"data": {"memo": "a"}}).json()["data"]
    ids = {name: one["data"]["id"] for name, one in made["relationships"].items()}
    assert ids == {"customer": "c7", "vendor": "text"}
    assert client.get(f"{path}/{made['id']}").json()["data"] == made
