"""Actions on an item change what the contract says that they change, and nothing else."""

from copy import deepcopy
from typing import Any

import pytest

from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import Schema, answer, array, obj, operation, text

STATES = ["open", "captured", "cancelled", "paid", "void", "inactive", "stopped", "verified"]

BASE = {
    "id": text(), "amount": {"type": "integer"}, "state": text(enum=STATES),
    "currency": text(enum=["EUR", "USD"]),
}  # fmt: skip
NEW = {"id": "o_000001", "amount": 5, "currency": "EUR", "state": "open"}


def orders(action: str, of_action: Schema, method: str = "post", **more: Schema) -> dict[str, Any]:
    """A contract of orders, with an action on one; further members are not for clients to set."""
    order = obj("id", "state", **BASE, **more)
    sent = obj(amount=BASE["amount"], currency=BASE["currency"])
    path = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": text()}]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Orders", "version": "1"},
        "paths": {
            "/orders": {
                "post": operation({"201": answer(order, NEW)}, sent),
                "get": operation({"200": answer({"type": "array", "items": order})}),
            },
            "/orders/{id}": {**path, "get": operation({"200": answer(order, NEW)})},
            f"/orders/{{id}}/{action}": {**path, method: operation(of_action)},
        },
    }


ORDER = obj("id", "state", **BASE)


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("cancel", "cancelled"),
        ("capture", "captured"),
        ("pay", "paid"),
        ("mark-as-paid", "paid"),
        ("markPaid", "paid"),
        ("void", "void"),
        ("deactivate", "inactive"),
        ("stop", "stopped"),
        ("verify", "verified"),
        ("remind", "open"),
        ("canc", "open"),
    ],
)
@pytest.mark.parametrize("method", ["post", "put"])
def test_an_action_sets_the_state_that_is_called_so(
    start: Start, action: str, state: str, method: str
) -> None:
    client = start(orders(action, {"200": answer(ORDER)}, method))
    made = client.post("/orders", json={"amount": 7, "currency": "USD"}).json()
    other = client.post("/orders", json={"amount": 8}).json()

    acted = client.request(method, f"/orders/{made['id']}/{action}")
    assert acted.json() == {**made, "state": state}
    assert client.get(f"/orders/{made['id']}").json() == acted.json()
    assert client.get("/orders").json() == [acted.json(), other]


@pytest.mark.parametrize("of_answer", [{"200": answer(ORDER)}, {"204": answer()}])
def test_an_action_may_stand_behind_a_colon(start: Start, of_answer: Schema) -> None:
    document = orders("cancel", of_answer)
    paths = document["paths"]
    paths["/orders/{id}:cancel"] = paths.pop("/orders/{id}/cancel")
    client = start(document)
    made = client.post("/orders", json={"amount": 7, "currency": "USD"}).json()

    acted = client.post(f"/orders/{made['id']}:cancel")
    assert acted.status_code == int(next(iter(of_answer)))
    assert client.get(f"/orders/{made['id']}").json() == {**made, "state": "cancelled"}
    assert client.post("/orders/o_999999:cancel").status_code == 404


def test_an_action_that_undoes_another_sets_the_state_of_a_new_item(start: Start) -> None:
    document = orders("stop", {"200": answer(ORDER)})
    again = orders("resume", {"200": answer(ORDER), "409": answer()})
    client = start({**document, "paths": {**document["paths"], **again["paths"]}})
    made = client.post("/orders", json={"amount": 7, "currency": "USD"}).json()
    own = f"/orders/{made['id']}"

    assert client.post(f"{own}/stop").json() == {**made, "state": "stopped"}
    assert client.post(f"{own}/resume").json() == made
    assert client.get(own).json() == made
    assert client.post(f"{own}/resume").status_code == 409


ENDED = {
    "status": text(enum=["active", "deleted"], readOnly=True),
    "deletedAt": {"type": ["string", "null"], "format": "date-time", "readOnly": True},
}


def accounts(*restoring: str, **told: Schema) -> dict[str, Any]:
    query = {"include_deleted": {"type": "boolean"}, "status": array(text())}
    account = obj("id", "email", *told, id=text(), email=text(), **told)
    path = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": text()}]}
    done = {"200": answer(account)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Accounts", "version": "1"},
        "paths": {
            "/accounts": {
                "post": operation({"201": answer(account)}, obj(email=text())),
                "get": operation({"200": answer(array(account))}, query=query),
            },
            "/accounts/{id}": {
                **path,
                "get": operation(done),
                "patch": operation(done, obj(email=text())),
                "delete": operation(done),
            },
            "/accounts/{id}/disable": {**path, "post": operation(done)},
            **{name: {**path, "post": operation(done)} for name in restoring},
        },
    }


@pytest.mark.parametrize("told", [[], ["status"], ["deletedAt"], ["status", "deletedAt"]])
def test_what_is_deleted_is_gone_until_an_action_brings_it_back(
    start: Start, told: list[str]
) -> None:
    shown = {name: ENDED[name] for name in told}
    client = start(accounts("/accounts/{id}/restore", **shown))
    made = client.post("/accounts", json={"email": "a@b.co"}).json()
    other = client.post("/accounts", json={"email": "c@d.co"}).json()
    own = f"/accounts/{made['id']}"

    for _ in range(2):
        gone = client.delete(own).json()
        assert all(gone[name] != made[name] for name in told)
        assert gone.get("status", "deleted") == "deleted"
        for method, path in (("GET", own), ("DELETE", own), ("POST", f"{own}/disable")):
            assert client.request(method, path).status_code == 404
        assert client.request("PATCH", own, json={"email": "x"}).status_code == 404
        assert client.get("/accounts").json() == [other]
        assert client.get("/accounts?include_deleted=false").json() == [other]
        assert gone in client.get("/accounts?include_deleted=true").json()
        if "status" in told:
            assert client.get("/accounts?status=deleted").json() == [gone]

        assert client.post(f"{own}/restore").json() == made
        assert client.get(own).json() == made
        assert made in client.get("/accounts").json()
        assert client.get("/accounts?include_deleted=true").json() == client.get("/accounts").json()


def test_what_is_deleted_without_an_action_that_undoes_it_is_gone(start: Start) -> None:
    client = start(accounts(**ENDED))
    own = f"/accounts/{client.post('/accounts', json={'email': 'a@b.co'}).json()['id']}"
    gone = client.delete(own).json()
    assert gone["status"] == "deleted"
    assert client.get(own).status_code == 404
    assert client.get("/accounts?include_deleted=true").json() == []


def test_what_is_brought_back_by_an_answer_without_it_is_there(start: Start) -> None:
    document = accounts("/accounts/{id}/restore")
    document["paths"]["/accounts/{id}/restore"]["post"] = operation({"204": answer()})
    client = start(document)
    made = client.post("/accounts", json={"email": "a@b.co"}).json()
    own = f"/accounts/{made['id']}"
    assert client.delete(own).status_code == 200
    assert client.post(f"{own}/restore").status_code == 204
    assert client.get(own).json() == made


def test_an_action_sets_what_its_example_says_of_the_state_alone(start: Start) -> None:
    done = {"id": "o_000009", "amount": 99, "currency": "USD", "state": "captured"}
    client = start(orders("settle", {"200": answer(ORDER, done)}))
    made = client.post("/orders", json={"amount": 7, "currency": "EUR"}).json()

    acted = client.post(f"/orders/{made['id']}/settle").json()
    assert acted == {**made, "state": "captured"}
    assert client.get(f"/orders/{made['id']}").json() == acted


def test_an_action_sets_the_only_value_that_its_answer_allows(start: Start) -> None:
    order = deepcopy(ORDER)
    order["properties"]["state"] = {"const": "stopped"}
    client = start(orders("settle", {"200": answer(order)}))
    made = client.post("/orders", json={}).json()

    assert client.post(f"/orders/{made['id']}/settle").json()["state"] == "stopped"
    assert client.get(f"/orders/{made['id']}").json()["state"] == "stopped"


def test_an_answer_without_a_body_and_flags_and_times(start: Start) -> None:
    more = {
        "active": {"type": "boolean", "default": True},
        "is_archived": {"type": "boolean", "default": False},
        "archivedAt": text(format="date-time"),
        "updated_at": text(format="date-time"),
        "sentAt": text(format="date-time"),
    }
    for action, name, value in (("archive", "is_archived", True), ("disactivate", "active", False)):
        client = start(orders(action, {"204": answer()}, **more))
        made = client.post("/orders", json={}).json()
        before = client.get(f"/orders/{made['id']}").json()
        assert client.post(f"/orders/{made['id']}/{action}").status_code == 204
        after = client.get(f"/orders/{made['id']}").json()
        assert after[name] is value
        assert after["updated_at"].startswith("2026-03-01T12:00:00")
        assert ("archivedAt" in after) == (action == "archive")
        assert after["state"] == before["state"]
        assert "sentAt" not in after


def test_a_time_alone_tells_of_an_action_and_of_what_undoes_it(start: Start) -> None:
    time = {"type": ["string", "null"], "format": "date-time"}
    document = orders("lock", {"204": answer()}, lockedAt=time)
    paths = document["paths"]
    paths["/orders/{id}/unlock"] = paths["/orders/{id}/lock"]
    client = start(document)
    url = f"/orders/{client.post('/orders', json={}).json()['id']}"

    assert client.get(url).json().get("lockedAt") is None
    assert client.post(f"{url}/lock").status_code == 204
    assert client.get(url).json()["lockedAt"].startswith("2026-03-01T12:00:00")
    assert client.post(f"{url}/unlock").status_code == 204
    assert client.get(url).json()["lockedAt"] is None


def test_an_action_that_is_done_is_a_conflict_where_the_contract_has_one(start: Start) -> None:
    answers = {"200": answer(ORDER), "409": answer()}
    key = {"name": "Idempotency-Key", "in": "header", "schema": text()}
    document = orders("cancel", answers)
    document["paths"]["/orders/{id}/cancel"]["post"]["parameters"] = [key]
    client = start(document)
    made = client.post("/orders", json={}).json()
    url = f"/orders/{made['id']}/cancel"
    other = f"/orders/{client.post('/orders', json={}).json()['id']}/cancel"

    first = client.post(url, headers={"Idempotency-Key": "1"})
    assert first.json()["state"] == "cancelled"
    assert client.post(url).status_code == 409
    assert client.post(url, headers={"Idempotency-Key": "2"}).status_code == 409
    assert client.post(url, headers={"Idempotency-Key": "1"}).content == first.content
    assert client.get(f"/orders/{made['id']}").json() == first.json()
    assert client.post(other).status_code == 200


@pytest.mark.parametrize(
    ("action", "answers", "method", "body"),
    [
        ("cancel", {"200": answer(ORDER)}, "post", None),
        ("cancel", {"200": answer(ORDER), "default": answer()}, "post", None),
        ("cancel", {"200": answer(ORDER), "409": answer()}, "put", None),
        ("cancel", {"200": answer(ORDER), "409": answer()}, "post", obj("by", by=text())),
        ("cancel", {"200": answer(ORDER), "409": answer()}, "post", obj(by=text())),
        ("remind", {"200": answer(ORDER), "409": answer()}, "post", None),
    ],
)
def test_any_other_action_may_be_repeated(
    start: Start, action: str, answers: Schema, method: str, body: Schema | None
) -> None:
    document = orders(action, answers, method)
    called = operation(answers, body)
    if body:
        called["requestBody"]["required"] = "required" in body
    document["paths"][f"/orders/{{id}}/{action}"][method] = called
    client = start(document)
    made = client.post("/orders", json={}).json()
    sent = {"json": {"by": "me"}} if body else {}
    for _ in range(2):
        acted = client.request(method, f"/orders/{made['id']}/{action}", **sent)
        assert acted.status_code == 200


def test_an_action_that_answers_with_something_else_changes_nothing(start: Start) -> None:
    receipt = answer(obj("ok", ok={"type": "boolean"}), {"ok": True})
    client = start(orders("cancel", {"200": receipt}))
    made = client.post("/orders", json={}).json()
    assert client.post(f"/orders/{made['id']}/cancel").json() == {"ok": True}
    assert client.get(f"/orders/{made['id']}").json() == made


def test_actions_alone_make_a_collection_of_what_has_a_list(start: Start) -> None:
    document = orders("cancel", {"204": answer()})
    del document["paths"]["/orders/{id}"]
    client = start(document)
    made = client.post("/orders", json={"amount": 3}).json()
    assert client.get("/orders").json() == [made]
    assert client.post(f"/orders/{made['id']}/cancel").status_code == 204
    assert client.get("/orders").json() == [{**made, "state": "cancelled"}]
    assert client.post("/orders/other/cancel").status_code == 404
