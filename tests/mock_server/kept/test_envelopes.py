"""What a POST makes is what its body has in an envelope, wherever the request's schema has it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from tests.mock_server.clients import Serving

Json = dict[str, Any]
TEXT: Json = {"type": "string"}


def thing(required: list[str], **members: Json) -> Json:
    return {"type": "object", "required": required, "properties": members}


ITEM = thing(["id", "name"], id=TEXT, name=TEXT, colour=TEXT, data=thing([], size=TEXT, name=TEXT))
NEW = thing(["name"], name=TEXT, colour=TEXT, data=thing([], size=TEXT, name=TEXT))
META = thing([], requestId=TEXT)
CAR, OTHER = {"name": "Herbie", "colour": "white"}, {"name": "Dudu", "colour": "yellow"}

ENVELOPES: dict[str, tuple[Callable[[Json], Json], Callable[[Json], Json]]] = {
    "none": (lambda one: one, lambda body: body),
    "record": (lambda one: thing(["record"], record=one), lambda body: {"record": body}),
    "noun": (lambda one: thing([], car=one, other=META), lambda body: {"car": body, "other": {}}),
    "two": (
        lambda one: thing(["item"], item=thing([], type=TEXT, attributes=one)),
        lambda body: {"item": {"type": "cars", "attributes": body}},
    ),
    "alike": (
        lambda one: thing([], record=one, name=TEXT, meta=META),
        lambda body: {"record": body, "name": "a request", "meta": {"requestId": "7"}},
    ),
    "id": (
        lambda one: thing([], record=one, id=TEXT),
        lambda body: {"record": body, "id": "request-1"},
    ),
}


def body(schema: Json) -> Json:
    return {"description": "x", "content": {"application/json": {"schema": schema}}}


def contract_of(folder: Path, asked: Json) -> Path:
    sent = {"requestBody": {"required": True, "content": body(asked)["content"]}}
    shown = {"responses": {"200": body(ITEM)}}
    at = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}]}
    listed = body(thing(["cars"], cars={"type": "array", "items": ITEM}))
    path = folder / "contract.json"
    path.write_text(json.dumps({
        "openapi": "3.1.0",
        "info": {"title": "Cars", "version": "1"},
        "paths": {
            "/cars": {
                "post": {**sent, "responses": {"201": body(ITEM)}},
                "get": {"responses": {"200": listed}},
            },
            "/cars/{id}": {
                **at, "get": shown, "put": {**sent, **shown}, "patch": {**sent, **shown},
            },
        },
    }))  # fmt: skip
    return path


@pytest.mark.parametrize("name", ENVELOPES)
def test_the_inner_members_are_kept(serving: Serving, tmp_path: Path, name: str) -> None:
    around, written = ENVELOPES[name]
    contract = contract_of(tmp_path, around(NEW))
    partner = Partner("partner", "id", "secret", "token")
    with serving(Settings(contract=contract, partners=(partner,))) as client:
        made = client.post("/cars", json=written(CAR)).json()
        path = f"/cars/{made['id']}"
        read = client.get(path).json()
        listed = client.get("/cars").json()["cars"]
        patched = client.request("PATCH", path, json=written({"name": "Dudu"})).json()
        put = client.put(path, json=written(OTHER)).json()

    assert {**made, **CAR} == made == read
    assert listed == [made]
    assert made["id"] != "request-1"
    assert patched == {**made, "name": "Dudu"}
    assert {one: put[one] for one in ("id", "name", "colour")} == {**OTHER, "id": made["id"]}


def test_a_member_of_the_item_is_no_envelope(serving: Serving, tmp_path: Path) -> None:
    sent = {**CAR, "data": {"size": "small", "name": "inside"}}
    with serving(Settings(contract=contract_of(tmp_path, NEW))) as client:
        made = client.post("/cars", json=sent).json()

    assert {**made, **sent} == made
