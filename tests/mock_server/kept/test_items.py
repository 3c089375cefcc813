"""What a POST makes, the other operations on it show, change and delete."""

from copy import deepcopy
from typing import Any
from urllib.parse import quote

import pytest

from tests.mock_server.clients import Client
from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import (
    answer,
    array,
    contract,
    number,
    obj,
    operation,
    payments,
    pets,
    text,
)

A = {"Authorization": "Bearer token-a"}
B = {"Authorization": "Bearer token-b"}


def test_what_is_made_is_there_until_it_is_deleted(start: Start) -> None:
    client = start(pets())
    assert client.get("/v1/pets").json() == []
    made = client.post("/v1/pets", json={"name": "Rex"})
    assert made.status_code == 201
    assert made.json() == {"id": 1, "name": "Rex", "created_at": "2026-03-01T12:00:00.250Z"}
    assert client.get("/v1/pets/1").json() == made.json()
    assert client.get("/v1/pets").json() == [made.json()]
    assert client.delete("/v1/pets/1").status_code == 204
    for method in ("GET", "DELETE"):
        assert client.request(method, "/v1/pets/1").status_code == 404
    for method in ("PUT", "PATCH"):
        assert client.request(method, "/v1/pets/1", json={"name": "x"}).status_code == 404
    assert client.get("/v1/pets").json() == []
    assert client.post("/v1/pets", json={"name": "Rex"}).json()["id"] == 2


def test_a_put_replaces_and_a_patch_changes(start: Start) -> None:
    client = start(pets())
    first = client.post("/v1/pets", json={"name": "Rex", "tag": "dog"}).json()
    patched = client.request("PATCH", "/v1/pets/1", json={"tag": "cat"})
    assert patched.json() == {**first, "tag": "cat"}
    assert client.request("PATCH", "/v1/pets/1", json={"tag": "x"}).json()["name"] == "Rex"
    put = client.put("/v1/pets/1", json={"name": "Tom"})
    assert put.json() == {
        name: one for name, one in {**first, "name": "Tom"}.items() if name != "tag"
    }
    assert client.get("/v1/pets/1").json() == put.json()


def test_without_state_every_operation_answers_as_documented(start: Start) -> None:
    client = start(pets(), stateless=True)
    made = client.post("/v1/pets", json={"name": "Rex"}).json()
    assert made["name"] != "Rex"
    assert client.get("/v1/pets/77").json() == made
    assert client.delete("/v1/pets/1").status_code == 204
    assert client.delete("/v1/pets/1").status_code == 204


def customer(client: Client, headers: dict[str, str] = A) -> str:
    made = client.post("/v1/customers", json={"email": "a@b.example"}, headers=headers).json()
    return str(made["data"]["id"])


def pay(client: Client, of: str, amount: int = 5, **headers: str) -> Any:
    path = f"/v1/customers/{of}/payments"
    return client.post(path, json={"amount": amount}, headers={**A, **headers})


def test_each_partner_has_its_own(start: Start) -> None:
    client = start(payments())
    mine = customer(client)
    assert mine.startswith("cus_")
    assert mine != "cus_8s6XKzk2"
    assert client.get(f"/v1/customers/{mine}", headers=A).status_code == 200
    assert client.get(f"/v1/customers/{mine}", headers=B).status_code == 404
    assert client.delete(f"/v1/customers/{mine}", headers=B).status_code == 404
    assert client.get(f"/v1/customers/{mine}", headers=A).status_code == 200


def test_items_are_kept_below_their_parent(start: Start) -> None:
    client = start(payments())
    one, other = customer(client), customer(client)
    made = pay(client, one).json()["data"]
    assert made["id"].startswith("pay_")
    assert (made["amount"], made["customer_id"], made["created"]) == (5, one, 1772366400)
    path = f"/v1/customers/{one}/payments"
    assert client.get(f"{path}/{made['id']}", headers=A).json() == {"data": made}
    assert client.get(path, headers=A).json()["data"] == [made]
    assert client.get(f"/v1/customers/{other}/payments", headers=A).json()["data"] == []
    elsewhere = f"/v1/customers/{other}/payments/{made['id']}"
    assert client.get(elsewhere, headers=A).status_code == 404
    assert client.delete(f"{path}/{made['id']}", headers=A).json() == {"data": made}
    assert client.get(f"{path}/{made['id']}", headers=A).status_code == 404


def test_below_what_is_not_there_everything_is_404(start: Start) -> None:
    client = start(payments())
    one = customer(client)
    payment = pay(client, one).json()["data"]["id"]
    path = f"/v1/customers/{one}/payments"
    assert client.post(f"{path}/{payment}/refund", headers=A).json() == {"refunded": 5}
    assert client.post(f"{path}/pay_000000000000/refund", headers=A).status_code == 404
    assert client.delete(f"/v1/customers/{one}", headers=A).status_code == 204
    assert pay(client, one).status_code == 404
    for gone in (path, f"{path}/{payment}"):
        assert client.get(gone, headers=A).status_code == 404
    assert client.post(f"{path}/{payment}/refund", headers=A).status_code == 404


def test_an_idempotency_key_makes_one_item(start: Start) -> None:
    client = start(payments())
    one = customer(client)
    key = {"Idempotency-Key": "first"}
    first, again = pay(client, one, **key), pay(client, one, **key)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert pay(client, one, 6, **key).status_code == 422
    listed = client.get(f"/v1/customers/{one}/payments", headers=A).json()["data"]
    assert listed == [first.json()["data"]]


def test_a_reset_of_a_partner_deletes_its_items(start: Start) -> None:
    client = start(payments())
    mine, theirs = customer(client), customer(client, B)
    assert client.post("/_mock/partners/partner_a/reset").status_code == 204
    assert client.get(f"/v1/customers/{mine}", headers=A).status_code == 404
    assert client.get(f"/v1/customers/{theirs}", headers=B).status_code == 200


def test_items_without_a_token_are_those_of_the_first_partner(start: Start) -> None:
    document = payments()
    del document["paths"]["/customers/{customer_id}"]["get"]["security"]
    client = start(document)
    mine, theirs = customer(client), customer(client, B)
    assert client.get(f"/v1/customers/{mine}").status_code == 200
    assert client.get(f"/v1/customers/{theirs}").status_code == 404


def test_a_forced_answer_changes_nothing(start: Start) -> None:
    client = start(pets())
    assert client.post("/v1/pets", json={}, headers={"Prefer": "code=201"}).status_code == 201
    assert client.get("/v1/pets").json() == []
    assert client.post("/v1/pets", json={"tag": "x"}).status_code == 422
    assert client.get("/v1/pets").json() == []


def test_a_put_adds_where_the_contract_documents_201(start: Start) -> None:
    document = pets()
    responses = document["paths"]["/pets/{petId}"]["put"]["responses"]
    responses["201"] = deepcopy(responses["200"])
    client = start(document)
    added = client.put("/v1/pets/7", json={"name": "Rex"})
    assert (added.status_code, added.json()["id"]) == (201, 7)
    changed = client.put("/v1/pets/7", json={"name": "Tom"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Tom")
    assert client.get("/v1/pets").json() == [changed.json()]


def test_the_location_of_a_new_item_is_where_it_is(start: Start) -> None:
    document = pets()
    made = document["paths"]["/pets"]["post"]["responses"]["201"]
    made["headers"] = {"Location": {"schema": {"type": "string"}}}
    client = start(document)
    response = client.post("/v1/pets", json={"name": "Rex"})
    assert response.headers["location"] == "/v1/pets/1"
    assert client.get(response.headers["location"]).json() == response.json()


@pytest.mark.parametrize("form", ["date-time", "date", "email", "hostname", "uri", "uuid"])
def test_an_id_has_its_format(start: Start, form: str) -> None:
    thing = obj("created_at", created_at=text(format=form), name=text())
    one = answer(thing)
    paths = {
        "/things": {
            "post": operation({"201": one}, obj(name=text())),
            "get": operation({"200": answer(array(thing))}),
        },
        "/things/{created_at}": {"get": operation({"200": one})},
    }
    client = start(contract(paths, ids=text(format=form)))
    made = [client.post("/v1/things", json={"name": name}).json() for name in "ab"]
    assert [one["name"] for one in made] == ["a", "b"]
    assert client.get("/v1/things").json() == made
    for one in made:
        assert client.get(f"/v1/things/{quote(one['created_at'], safe='')}").json() == one


@pytest.mark.parametrize("conflicts", [True, False])
def test_an_id_that_clients_choose_is_taken_once(start: Start, *, conflicts: bool) -> None:
    user = obj("username", username=text(), mail=text())
    made = {"201": answer(user), **({"409": answer()} if conflicts else {})}
    document = contract(
        {
            "/users": {"post": operation(made, user)},
            "/users/{username}": {"get": operation({"200": answer(user)})},
        }
    )
    client = start(document)
    assert client.post("/v1/users", json={"username": "jo/é"}).json()["username"] == "jo/é"
    again = client.post("/v1/users", json={"username": "jo/é", "mail": "m"})
    assert again.status_code == (409 if conflicts else 201)
    found = client.get("/v1/users/jo%2F%C3%A9").json()
    assert found.get("mail") == (None if conflicts else "m")


def test_a_post_without_an_answer_makes_what_get_shows(start: Start) -> None:
    pet = obj("id", "name", id=number(), name=text())
    document = contract(
        {
            "/pets": {
                "post": operation({"201": answer(headers={"Location": {"schema": text()}})}, pet),
                "get": operation({"200": answer(array(pet))}),
            },
            "/pets/{id}": {"get": operation({"200": answer(pet)})},
        }
    )
    client = start(document)
    made = client.post("/v1/pets", json={"id": 9, "name": "Rex"})
    assert (made.status_code, made.content) == (201, b"")
    assert made.headers["location"] == "/v1/pets/9"
    assert client.get("/v1/pets/9").json() == {"id": 9, "name": "Rex"}


@pytest.mark.parametrize("name", ["X-Idempotency-Key", "idempotency_key", "Stripe-Idempotency"])
def test_an_idempotency_key_by_another_name(start: Start, name: str) -> None:
    document = pets()
    header = {"name": name, "in": "header", "schema": text()}
    document["paths"]["/pets"]["post"]["parameters"] = [header]
    client = start(document)
    first, again = (
        client.post("/v1/pets", json={"name": "Rex"}, headers={name: "key"}) for _ in range(2)
    )
    assert first.content == again.content
    assert len(client.get("/v1/pets").json()) == 1


def test_what_only_answers_have_is_not_the_clients_to_choose(start: Start) -> None:
    client = start(pets())
    chosen = {"id": 99, "created_at": "2000-01-01T00:00:00Z", "name": "Rex"}
    made = client.post("/v1/pets", json=chosen).json()
    assert made == {"id": 1, "name": "Rex", "created_at": "2026-03-01T12:00:00.250Z"}
    for method in ("PUT", "PATCH"):
        assert client.request(method, "/v1/pets/1", json=chosen).json() == made


@pytest.mark.parametrize("example", [None, "whsec_12345", "whsec_0123456789abcdef0123456789abcdef"])
def test_a_secret_is_new_beyond_guessing_and_in_no_cache(start: Start, example: str | None) -> None:
    document = pets()
    made = document["paths"]["/pets"]["post"]["responses"]["201"]["content"]["application/json"]
    secret = {"type": "string", **({"example": example} if example else {})}
    made["schema"] = {"allOf": [
        made["schema"], {"type": "object", "required": ["signingSecret"],
                         "properties": {"signingSecret": secret}},
    ]}  # fmt: skip
    client = start(document)
    answers = [client.post("/v1/pets", json={"name": "Rex"}) for _ in range(2)]
    first, second = (one.json()["signingSecret"] for one in answers)
    prefix = "whsec_" if example else ""
    assert first != second
    assert len(first.removeprefix(prefix)) >= 32
    assert first.startswith(prefix)
    assert [one.headers["cache-control"] for one in answers] == ["no-store"] * 2
    assert "cache-control" not in client.get("/v1/pets").headers


def cleared(start: Start, query: dict[str, Any], sent: dict[str, Any], **more: Any) -> list[str]:
    """The pets that are left of two, a of 1 and b of 2, after a DELETE on the path of the list."""
    document = pets()
    pet = document["components"]["schemas"]["Pet"]["properties"]
    pet |= {"age": number(), "expiresAt": text(format="date-time")}
    new = document["paths"]["/pets"]["post"]["requestBody"]["content"]["application/json"]
    new["schema"]["properties"] |= {"age": number(), "expiresAt": text(format="date-time")}
    document["paths"]["/pets"]["delete"] = operation({"204": answer()}, query=query, **more)
    client = start(document)
    client.post("/v1/pets", json={"name": "a", "age": 1})
    client.post("/v1/pets", json={"name": "b", "age": 2, "expiresAt": "2025-01-01T00:00:00Z"})

    gone = client.request("DELETE", "/v1/pets", params=sent, headers={"X-Ids": "1"})
    assert gone.status_code == 204
    left = [one["name"] for one in client.get("/v1/pets").json()]
    assert client.get("/v1/pets/1").status_code == (200 if "a" in left else 404)
    return left


@pytest.mark.parametrize(
    ("query", "sent", "left"),
    [
        ({"name": text(), "tag": text()}, {"name": "a"}, "b"),
        ({"max_age": number()}, {"max_age": 1}, "b"),
        ({"expires_before": text()}, {"expires_before": "2026-01-01T00:00:00Z"}, "a"),
        ({"filter[id]": text()}, {"filter[id]": "1,2"}, ""),
        ({"name": text()}, {}, "ab"),
        ({"name": text()}, {"name": ""}, "ab"),
        ({"name": text()}, {"name": "a", "sure": "yes"}, "ab"),
        ({"name": text(), "sure": text()}, {"name": "a", "sure": "yes"}, "ab"),
        ({"name": text(), "dry_run": text(default="yes")}, {"name": "a"}, "ab"),
        ({"name": text(default="a")}, {}, "ab"),
        ({"created_before": text()}, {"created_before": "yesterday"}, "ab"),
        ({"created_before": number()}, {"created_before": 1}, "ab"),
        ({"max_name": text()}, {"max_name": "b"}, "ab"),
        ({"max_age": text()}, {"max_age": "nan"}, "ab"),
        ({}, {"name": "a"}, "ab"),
        ({}, {}, "ab"),
    ],
)
def test_a_delete_on_the_path_of_a_list_deletes_what_its_filters_name(
    start: Start, query: dict[str, Any], sent: dict[str, Any], left: str
) -> None:
    assert "".join(cleared(start, query, sent)) == left


IDS = {"in": "header", "schema": text()}


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ({"operationId": "deleteAllPets"}, ""),
        ({"operationId": "x", "summary": "Clear the pets."}, ""),
        ({"operationId": "deleteAllExpiredPets"}, "ab"),
        ({"operationId": "logout", "summary": "Log out of the current session"}, "ab"),
        ({"operationId": "deleteAllPets", "parameters": [{"name": "X-Ids", **IDS}]}, "ab"),
        ({"operationId": "deleteAllPets", "parameters": [{"name": "If-Match", **IDS}]}, ""),
        (
            {
                "operationId": "deleteAllPets",
                "parameters": [{"name": "X-Kind", "in": "header", "schema": text(default="no")}],
            },
            "ab",
        ),
    ],
)
def test_a_delete_on_the_path_of_a_list_deletes_all_where_it_says_so(
    start: Start, more: dict[str, Any], left: str
) -> None:
    assert "".join(cleared(start, {}, {}, **more)) == left
