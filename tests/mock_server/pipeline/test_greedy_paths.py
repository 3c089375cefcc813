"""A parameter such as ``{proxy+}`` is the rest of a path, behind all that is more specific."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.target.exchange import pattern_of
from mock_server.console.first_request.call import first_call
from mock_server.settings import Settings
from openapi.contract import Contract
from tests.mock_server.clients import Client, Serving

TEXT = {"type": "string"}


def parameter(name: str, schema: dict[str, Any] = TEXT) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def answer(example: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    item = {"type": "object", "required": ["at"], "properties": {"at": TEXT, "id": TEXT}}
    content = {"application/json": {"schema": item, "example": {"at": example}}}
    responses = {"200": {"description": "x", "content": content}}
    return {"parameters": [*parameters], "responses": responses}


PATHS = {
    "/": {"get": answer("root"), "post": answer("made")},
    "/{proxy+}": {"get": answer("any", parameter("proxy")), "post": answer("posted")},
    "/pets": {"get": answer("pets")},
    "/pets/{id}": {"get": answer("pet", parameter("id"))},
    "/files/{path+}": {"get": answer("file", parameter("path+", {**TEXT, "maxLength": 9}))},
    "/files/{path}/meta": {"get": answer("meta", parameter("path"))},
    "/files/v{path+}": {"get": answer("version", parameter("path"))},
}


def contract_of(folder: Path, paths: dict[str, Any]) -> Path:
    path = folder / "contract.json"
    document = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths}
    path.write_text(json.dumps({**document, "servers": [{"url": "/v1"}]}))
    return path


@pytest.fixture(scope="module")
def client(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    path = contract_of(tmp_path_factory.mktemp("greedy"), PATHS)
    with serving(Settings(contract=path)) as made:
        yield made


def where(response: httpx.Response) -> object:
    return response.json()["at"] if response.status_code == 200 else response.status_code


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("/", "root"),
        ("/x", "any"),
        ("/x/y/z", "any"),
        ("/x/", "any"),
        ("/x/" * 200, "any"),
        ("/pets", "pets"),
        ("/pets/", "any"),
        ("/pets/7", "pet"),
        ("/pets/7/8", "any"),
        ("/files", "any"),
        ("/files/a", "file"),
        ("/files/a/b", "file"),
        ("/files/a%2Fb", "file"),
        ("/files/", "any"),
        ("/files/a/meta", "meta"),
        ("/files/v1/b", "version"),
        ("/files/a/b/c/d/e/f", 422),
    ],
)
def test_the_rest_of_a_path_is_matched_last(client: Client, path: str, at: object) -> None:
    assert where(client.get(f"/v1{path}")) == at


def test_a_method_is_that_of_the_most_specific_path_that_has_it(client: Client) -> None:
    assert where(client.post("/v1/x/y")) == "posted"
    assert client.put("/v1/x/y").headers["allow"] == "GET, HEAD, POST"
    assert where(client.post("/v1/pets")) == "posted"
    assert client.get("/elsewhere").status_code == 404


def test_nothing_is_told_and_no_item_is_kept(
    serving: Serving, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    item = {"schema": {"type": "object", "required": ["id"], "properties": {"id": TEXT}}}
    shown = {"description": "x", "content": {"application/json": item}}
    body = {"content": {"application/json": item}}
    paths = {
        "/pets": {"post": {"requestBody": body, "responses": {"201": shown}}},
        "/pets/{id+}": {"get": {"parameters": [parameter("id")], "responses": {"200": shown}}},
    }
    with serving(Settings(contract=contract_of(tmp_path, paths))) as client:
        assert client.post("/v1/pets", json={"id": "a"}).status_code == 201
        assert client.get("/v1/pets/x/y").status_code == 200
    assert not caplog.records


def test_a_path_with_a_parameter_and_one_with_the_rest_are_two(tmp_path: Path) -> None:
    one = {"get": answer("one", parameter("id"))}
    rest = {"get": answer("rest", parameter("rest"))}
    contract = Contract.from_file(contract_of(tmp_path, {"/a/{id}": one, "/a/{rest+}": rest}))

    assert [one.path for one in contract.operations.values()] == ["/a/{id}", "/a/{rest+}"]


def test_an_undeclared_parameter_elsewhere_is_still_a_flaw(tmp_path: Path) -> None:
    paths = {"/{tenant}/{rest+}": {"get": answer("x")}, "/b": {"get": answer("b")}}
    contract = Contract.from_file(contract_of(tmp_path, paths))

    assert [one.reason for one in contract.flaws] == ["declares no path parameter tenant"]


def test_a_request_to_it_can_be_told_and_made(tmp_path: Path) -> None:
    paths = {"/files/{path+}": PATHS["/files/{path+}"]}
    call = first_call(Contract.from_file(contract_of(tmp_path, paths)))

    assert call is not None
    assert "{" not in call.path
    found = pattern_of(call.operation.path).fullmatch("/files/a/b")
    assert found
    assert found.groups() == ("a/b",)
