"""Numbers of a client beyond 64 bits: in a page, in an item, in an id and under a key."""

from copy import deepcopy
from typing import Any

import pytest

from mock_server.exchange.exact_json import read_json, write_json
from openapi.contract import Contract
from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text

LARGE = 9_999_999_999_999_999_999_999
FORM = "application/x-www-form-urlencoded"
FRACTION: dict[str, Any] = {"type": "number"}


def paged(query: dict[str, Any], **frame: Any) -> dict[str, Any]:
    item = obj("id", id=number(), name=text())
    page = obj("data", data=array(item), **frame)
    return contract(
        {
            "/items": {
                "get": operation({"200": answer(page)}, query=query),
                "post": operation({"201": answer(item)}, obj(name=text())),
            },
            "/items/{id}": {"get": operation({"200": answer(item)})},
        }
    )


@pytest.mark.parametrize("asked", [LARGE, 10**290])
@pytest.mark.parametrize("name", ["page", "offset"])
def test_a_page_echoes_what_was_asked_for(start: Start, name: str, asked: int) -> None:
    query = {name: number(), "limit": number()}
    client = start(paged(query, **{name: number(), "limit": number()}))
    client.post("/v1/items", json={"name": "a"})
    page = client.get("/v1/items", params={name: asked, "limit": asked})
    assert page.status_code == 200
    assert page.json() == {"data": [], name: asked, "limit": asked}


@pytest.mark.parametrize("name", ["page", "offset", "limit"])
def test_a_page_is_no_number_of_a_float_either(start: Start, name: str) -> None:
    client = start(paged({name: FRACTION, "size": number()}))
    client.post("/v1/items", json={"name": "a"})
    asked = {name: "1e308", "size": 50}
    assert client.get("/v1/items", params=asked).status_code == 200


def test_the_same_number_is_made_and_shown(start: Start) -> None:
    item = obj("id", "count", id=number(), count=number(), shop_id=number())
    made = operation({"201": answer(item)}, obj("count", count=number()), media_type=FORM)
    key = {"name": "Idempotency-Key", "in": "header", "schema": text()}
    place = "/shops/{shop_id}/items"
    document = contract(
        {
            place: {"post": {**made, "parameters": [key]}},
            f"{place}/{{id}}": {"get": operation({"200": answer(item)})},
        },
        ids=number(),
    )
    client = start(document)
    path, headers = f"/v1/shops/{LARGE}/items", {"Idempotency-Key": "k"}
    first = client.post(path, data={"count": str(LARGE)}, headers=headers)
    assert first.json() == {"id": 1, "count": LARGE, "shop_id": LARGE}
    again = client.post(path, data={"count": str(LARGE)}, headers=headers)
    assert again.content == first.content
    other = client.post(path, data={"count": str(LARGE + 1)}, headers=headers)
    assert other.status_code == 422
    assert client.get(f"{path}/1").content == first.content


def test_an_item_with_such_an_id_is_put_and_shown(start: Start) -> None:
    item = obj("id", id=number(), name=text())
    one = answer(item)
    document = contract(
        {
            "/items": {"post": operation({"201": one}, obj(name=text()))},
            "/items/{id}": {
                "get": operation({"200": one}),
                "put": operation({"200": one, "201": one}, obj(name=text())),
            },
        },
        ids=number(),
    )
    client = start(document)
    made = client.put(f"/v1/items/{LARGE}", json={"name": "a"})
    assert (made.status_code, made.json()) == (201, {"id": LARGE, "name": "a"})
    assert client.get(f"/v1/items/{LARGE}").json() == made.json()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(f"{LARGE}", LARGE), (f"-{LARGE}", -LARGE), ("1e308", 1e308), ("-1e22", -1e22)],
)
def test_a_number_of_a_body_is_kept_as_it_is(start: Start, sent: str, kept: float) -> None:
    item = obj("id", id=number(), size=FRACTION)
    document = contract(
        {
            "/items": {"post": operation({"201": answer(item)}, obj(size=FRACTION))},
            "/items/{id}": {"get": operation({"200": answer(item)})},
        }
    )
    client = start(document)
    headers = {"Content-Type": "application/json"}
    made = client.post("/v1/items", content=f'{{"size": {sent}}}', headers=headers)
    assert (made.status_code, made.json()) == (201, {"id": 1, "size": kept})
    assert client.get("/v1/items/1").json() == made.json()


@pytest.mark.parametrize(
    ("sent", "status"), [(LARGE - 1, 201), (LARGE, 201), (LARGE + 1, 422), (-LARGE - 1, 422)]
)
def test_a_number_of_a_body_has_its_bounds(start: Start, sent: int, status: int) -> None:
    size = number(minimum=-LARGE, maximum=LARGE)
    done = operation({"201": answer(obj(done=text()))}, obj(size=size))
    client = start(contract({"/items": {"post": done}}))
    assert client.post("/v1/items", json={"size": sent}).status_code == status


def test_a_deep_body_with_such_a_number_is_refused(start: Start) -> None:
    done = operation({"201": answer(obj(done=text()))}, {})
    client = start(contract({"/items": {"post": done}}))
    body = f"{'[' * 1000}{LARGE}{']' * 1000}"
    headers = {"Content-Type": "application/json"}
    assert client.post("/v1/items", content=body, headers=headers).status_code == 400


@pytest.mark.parametrize(("limit", "count"), [(LARGE, 1), (-LARGE, 0), (0, 0)])
def test_a_list_of_api_keys_takes_any_limit(start: Start, limit: int, count: int) -> None:
    document = deepcopy(dict(Contract.bundled().document))
    parameters = document["paths"]["/auth/credentials"]["get"]["parameters"]
    limits = next(one for one in parameters if one.get("name") == "limit")
    limits["schema"] = number()
    client, headers = start(document), {"Authorization": "Bearer token-a"}
    base = "/v3"
    assert client.post(f"{base}/auth/credentials", json={"name": "a"}, headers=headers).is_success
    page = client.get(f"{base}/auth/credentials", params={"limit": limit}, headers=headers)
    assert page.status_code == 200
    assert len(page.json()["data"]) == count


def test_what_json_has_not_is_not_written() -> None:
    assert read_json(write_json([LARGE, -LARGE, 1])) == [LARGE, -LARGE, 1]
    with pytest.raises((TypeError, ValueError)):
        write_json({"file": b""})
