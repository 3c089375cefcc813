"""What a PUT or a PATCH writes: items that a PUT makes, and what is there from the beginning."""

from typing import Any

import pytest

from openapi.contract import Contract
from openapi.recognition import collections_of
from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import (
    answer,
    array,
    contract,
    number,
    obj,
    operation,
    pets,
    text,
)

A = {"Authorization": "Bearer token-a"}
B = {"Authorization": "Bearer token-b"}
BEARER = {"security": [{"bearer": []}]}
SETTINGS = obj("theme", theme=text(example="dark"), size=number(example=3), tag=text())


def settings() -> dict[str, Any]:
    """Settings without an id, which are there from the beginning."""
    new = obj(theme=text(), size=number(), tag=text())
    whole = {"200": answer(SETTINGS, {"theme": "dark", "size": 3})}
    return contract(
        {
            "/settings": {
                "get": operation(whole, **BEARER),
                "put": operation(whole, obj("theme", **new["properties"]), **BEARER),
                "patch": operation(whole, new, **BEARER),
            },
        }
    )


def test_what_is_written_is_shown_to_its_partner(start: Start) -> None:
    client = start(settings())
    first = {"theme": "dark", "size": 3}
    assert client.get("/v1/settings", headers=A).json() == first
    patched = client.request("PATCH", "/v1/settings", json={"tag": "x"}, headers=A)
    assert patched.json() == {**first, "tag": "x"}
    assert client.get("/v1/settings", headers=A).json() == {**first, "tag": "x"}
    assert client.get("/v1/settings", headers=B).json() == first
    put = client.put("/v1/settings", json={"theme": "light"}, headers=A)
    assert put.json() == client.get("/v1/settings", headers=A).json() == {"theme": "light"}
    assert client.post("/_mock/partners/partner_a/reset").status_code == 204
    assert client.get("/v1/settings", headers=A).json() == first


def test_without_state_nothing_is_written(start: Start) -> None:
    client = start(settings(), stateless=True)
    client.put("/v1/settings", json={"theme": "light"}, headers=A)
    assert client.get("/v1/settings", headers=A).json()["theme"] == "dark"


THING = obj("name", "size", name=text(), size=number(), color=text(example="red"))


def things(*statuses: str, parameter: str = "name") -> dict[str, Any]:
    """Things that a PUT by their name makes, in a list."""
    one = answer(THING)
    return contract(
        {
            "/things": {"get": operation({"200": answer(array(THING))})},
            f"/things/{{{parameter}}}": {
                "put": operation(
                    dict.fromkeys(statuses, one), obj("size", size=number(), color=text())
                ),
                "get": operation({"200": one, "404": answer()}),
                "patch": operation({"200": one}, obj(size=number(), color=text())),
                "delete": operation({"204": answer()}),
            },
        }
    )


@pytest.mark.parametrize("statuses", [["200"], ["201"], ["200", "201"]])
def test_a_put_makes_what_its_path_names(start: Start, statuses: list[str]) -> None:
    client = start(things(*statuses))
    assert client.get("/v1/things").json() == []
    assert client.get("/v1/things/box").status_code == 404
    assert client.request("PATCH", "/v1/things/box", json={"size": 1}).status_code == 404
    made = client.put("/v1/things/box", json={"size": 1})
    assert made.status_code == int(statuses[-1])
    assert made.json() == {"name": "box", "size": 1}
    assert client.get("/v1/things/box").json() == made.json()
    assert client.get("/v1/things").json() == [made.json()]
    changed = client.request("PATCH", "/v1/things/box", json={"color": "blue"}).json()
    assert changed == {"name": "box", "size": 1, "color": "blue"}
    replaced = client.put("/v1/things/box", json={"size": 2})
    assert replaced.json() == client.get("/v1/things/box").json() == {"name": "box", "size": 2}
    assert client.delete("/v1/things/box").status_code == 204
    assert client.get("/v1/things/box").status_code == 404


def test_the_path_of_a_put_names_its_item_whatever_the_body_says(start: Start) -> None:
    document = things("200", "201")
    put = document["paths"]["/things/{name}"]["put"]
    put["requestBody"]["content"]["application/json"]["schema"]["properties"]["name"] = text()
    client = start(document)
    made = client.put("/v1/things/box", json={"size": 1, "name": "other"})
    assert (made.status_code, made.json()) == (201, {"name": "box", "size": 1})
    replaced = client.put("/v1/things/box", json={"size": 2, "name": "other"})
    assert (replaced.status_code, replaced.json()) == (200, {"name": "box", "size": 2})
    assert client.get("/v1/things").json() == [replaced.json()]


def test_a_put_makes_what_does_not_show_its_name(start: Start) -> None:
    value = answer(obj("value", value=text()))
    document = contract(
        {
            "/values/{key}": {
                "put": operation({"204": answer()}, obj("value", value=text())),
                "get": operation({"200": value, "404": answer()}),
                "delete": operation({"204": answer()}),
            }
        }
    )
    client = start(document)
    assert client.get("/v1/values/a").status_code == 404
    assert client.put("/v1/values/a", json={"value": "x"}).status_code == 204
    assert client.get("/v1/values/a").json() == {"value": "x"}
    assert client.get("/v1/values/b").status_code == 404
    assert client.delete("/v1/values/a").status_code == 204
    assert client.get("/v1/values/a").status_code == 404


def test_what_nothing_makes_is_there_until_it_is_deleted(start: Start) -> None:
    user = obj("id", "mail", id=number(example=5), mail=text(example="a@b.example"), note=text())
    one = answer(user)
    document = contract(
        {
            "/users/{id}": {
                "get": operation({"200": one, "404": answer()}),
                "put": operation({"200": one}, obj("mail", mail=text(), note=text())),
                "delete": operation({"204": answer()}),
            }
        },
        ids=number(),
    )
    client = start(document)
    assert client.get("/v1/users/7").json()["mail"] == "a@b.example"
    assert client.put("/v1/users/7", json={"mail": "c"}).json() == {"id": 7, "mail": "c"}
    assert client.get("/v1/users/7").json() == {"id": 7, "mail": "c"}
    assert client.get("/v1/users/8").json()["mail"] == "a@b.example"
    assert client.delete("/v1/users/7").status_code == 204
    assert client.get("/v1/users/7").status_code == 404
    assert client.delete("/v1/users/7").status_code == 404
    assert client.put("/v1/users/7", json={"mail": "d"}).json() == {"id": 7, "mail": "d"}
    assert client.get("/v1/users/7").json() == {"id": 7, "mail": "d"}


@pytest.mark.parametrize("has_id", [True, False])
def test_a_list_shows_what_is_made_without_an_operation_by_id(
    start: Start, *, has_id: bool
) -> None:
    id_ = {"id": number()} if has_id else {}
    note = obj(*id_, "text", **id_, text=text())
    document = contract(
        {
            "/notes": {
                "get": operation({"200": answer(array(note))}),
                "post": operation({"201": answer(note)}, obj("text", text=text())),
            }
        }
    )
    client = start(document)
    assert client.get("/v1/notes").json() == []
    made = [client.post("/v1/notes", json={"text": one}).json() for one in "ab"]
    assert [one["text"] for one in made] == ["a", "b"]
    assert client.get("/v1/notes").json() == made


@pytest.mark.parametrize("end", ["/create", ":create", "/new"])
def test_a_post_below_a_word_for_it_makes_an_item(start: Start, end: str) -> None:
    document = pets()
    paths = document["paths"]
    paths[f"/pets{end}"] = {"post": paths["/pets"].pop("post")}
    client = start(document)
    made = client.post(f"/v1/pets{end}", json={"name": "Rex"}).json()
    assert client.get(f"/v1/pets/{made['id']}").json() == made
    assert client.get("/v1/pets").json() == [made]
    assert client.delete(f"/v1/pets/{made['id']}").status_code == 204
    assert client.get("/v1/pets").json() == []


@pytest.mark.parametrize("end", ["/search", "/_search", ":search", "/query"])
def test_a_search_makes_nothing(end: str) -> None:
    document = pets()
    pet = document["paths"]["/pets/{petId}"]["get"]["responses"]["200"]
    document["paths"]["/pets"].pop("post")
    document["paths"][f"/pets{end}"] = {
        "get": document["paths"]["/pets"]["get"],
        "post": operation({"200": pet}, obj(name=text())),
    }
    read = Contract(document)
    found = collections_of(read, frozenset())
    assert all(found.of(one) is None for one in read.operations.values()
               if one.path == f"/pets{end}")  # fmt: skip


def test_a_view_of_an_item_is_not_written_apart_from_it() -> None:
    document = pets()
    pet = {"get": operation({"200": document["paths"]["/pets/{petId}"]["get"]["responses"]["200"]})}
    body = obj(name=text())
    names = [{"name": "petId", "in": "path", "required": True, "schema": number()}]
    put = operation({"200": pet["get"]["responses"]["200"]}, body)
    document["paths"]["/pets/{petId}/status"] = {**pet, "put": put, "parameters": names}
    read = Contract(document)
    found = collections_of(read, frozenset())
    assert all(found.of(one) is None for one in read.operations.values()
               if one.path.endswith("/status"))  # fmt: skip


def test_a_put_invents_nothing_for_an_answer_that_requires_more(start: Start) -> None:
    document = pets()
    shown = obj("id", "name", "owner", id=number(), name=text(), tag=text(example="dog"),
                owner=text(example="Ann"), chip=text(example="c1"))  # fmt: skip
    document["components"]["schemas"]["Pet"] = shown
    client = start(document)
    made = client.post("/v1/pets", json={"name": "Rex", "tag": "cat"}).json()
    put = client.put(f"/v1/pets/{made['id']}", json={"name": "Tom"})
    assert put.json() == {**{name: one for name, one in made.items() if name != "tag"},
                          "name": "Tom"}  # fmt: skip
    patched = client.request("PATCH", f"/v1/pets/{made['id']}", json={"tag": "x"})
    assert patched.json() == {**put.json(), "tag": "x"}


def test_a_put_that_adds_has_what_it_sets_alone(start: Start) -> None:
    document = pets()
    responses = document["paths"]["/pets/{petId}"]["put"]["responses"]
    example = {"id": 1, "name": "Rex", "tag": "dog"}
    responses["201"] = answer({"$ref": "#/components/schemas/Pet"}, example)
    read = document["paths"]["/pets/{petId}"]["get"]["responses"]
    read["200"] = answer({"$ref": "#/components/schemas/Pet"}, example)
    client = start(document)
    added = client.put("/v1/pets/7", json={"name": "Tom"})
    assert added.status_code == 201
    assert "tag" not in added.json()
    assert client.get("/v1/pets/7").json() == added.json()
