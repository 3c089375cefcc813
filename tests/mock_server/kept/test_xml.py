"""Items that are sent as XML."""

from typing import Any

import pytest

from tests.mock_server.clients import Client
from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import pets

XML = {"Content-Type": "application/xml"}


def pets_in(*media_types: str, example: str | None = None) -> dict[str, Any]:
    """The contract of pets, with bodies in these media types."""
    document = pets()
    for methods in document["paths"].values():
        for operation in (one for one in methods.values() if isinstance(one, dict)):
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in (one for one in bodies if "content" in one):
                described = next(iter(body["content"].values()))
                body["content"] = dict.fromkeys(media_types, described)
    if example:
        for path, method, status in (("/pets", "post", "201"), ("/pets/{petId}", "get", "200")):
            answer = document["paths"][path][method]["responses"][status]
            answer["content"] = {
                name: {**one, "example": example} for name, one in answer["content"].items()
            }
    return document


def shown(client: Client, path: str) -> str:
    response = client.get(path, headers={"Accept": "application/xml"})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/xml"
    return str(response.text)


@pytest.mark.parametrize("media_type", ["application/xml", "text/xml"])
def test_an_item_that_is_sent_as_xml_is_kept(start: Start, media_type: str) -> None:
    client = start(pets_in("application/json", media_type))
    headers = {"Content-Type": media_type}
    first = client.post("/v1/pets", json={"name": "Rex"}).json()

    made = client.post("/v1/pets", content=b"<Pet><name>Ada</name></Pet>", headers=headers)

    assert made.status_code == 201, made.text
    path = f"/v1/pets/{made.json()['id']}"
    assert made.json()["id"] != first["id"]
    assert client.get(path).json() == made.json()
    assert made.json()["name"] == "Ada"
    assert {one["name"] for one in client.get("/v1/pets").json()} == {"Rex", "Ada"}

    body = b"<Pet><name>Bob</name><tag>old</tag></Pet>"
    assert client.put(path, content=body, headers=headers).json()["tag"] == "old"
    client.request("PATCH", path, content=b"<Pet><tag>new</tag></Pet>", headers=headers)
    assert (client.get(path).json()["name"], client.get(path).json()["tag"]) == ("Bob", "new")


def test_xml_that_is_not_valid_makes_nothing(start: Start) -> None:
    client = start(pets_in("application/json", "application/xml"))

    assert client.post("/v1/pets", content=b"<Pet/>", headers=XML).status_code == 422
    assert client.get("/v1/pets").json() == []


@pytest.mark.parametrize("example", [None, "<Pet><id>7</id><name>Max</name></Pet>"])
def test_a_contract_in_xml_alone_has_items_too(start: Start, example: str | None) -> None:
    client = start(pets_in("application/xml", example=example))

    made = client.post("/v1/pets", content=b"<Pet><name>Ada</name></Pet>", headers=XML)

    assert made.headers["Content-Type"] == "application/xml"
    number = made.text.partition("<id>")[2].partition("</id>")[0]
    assert shown(client, f"/v1/pets/{number}") == made.text
    assert "<name>Ada</name>" in made.text
    assert shown(client, "/v1/pets").count("<name>Ada</name>") == 1
    client.put(f"/v1/pets/{number}", content=b"<Pet><name>Bob</name></Pet>", headers=XML)
    assert "<name>Bob</name>" in shown(client, f"/v1/pets/{number}")
    assert client.delete(f"/v1/pets/{number}").status_code == 204
    assert client.get(f"/v1/pets/{number}").status_code == 404
