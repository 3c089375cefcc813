"""A number that no double holds is judged by its schema, and refused where no schema minds it."""

import json
from collections.abc import Iterator

import pytest

from mock_server.settings import Settings
from tests.mock_server.clients import Client, Serving

SCHEMA = {
    "type": "object",
    "properties": {
        "double": {"type": "number", "format": "double"},
        "least": {"type": "number", "minimum": 0},
        "any": {"type": "number"},
        "list": {"type": "array", "items": {"type": "number", "format": "float"}},
    },
}


@pytest.fixture(scope="module")
def client(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    path = tmp_path_factory.mktemp("numbers") / "contract.json"
    body = {"required": True, "content": {"application/json": {"schema": SCHEMA}}}
    operation = {"requestBody": body, "responses": {"200": {"description": "x"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"post": operation}},
    }
    path.write_text(json.dumps(document))
    with serving(Settings(contract=path)) as made:
        yield made


@pytest.mark.parametrize(
    ("body", "status", "params"),
    [
        ('{"double": 1e400}', 422, ["double"]),
        ('{"double": -1e400}', 422, ["double"]),
        (f'{{"double": 1{"0" * 400}}}', 422, ["double"]),
        ('{"double": 1e308}', 200, None),
        ('{"list": [1.5, 1e39]}', 422, ["list[1]"]),
        ('{"list": [1.5, 1e999999999]}', 422, ["list[1]"]),
        ('{"least": -1e400}', 422, ["least"]),
        ('{"any": 1e400}', 400, None),
        ('{"any": 1e400, "double": "x"}', 422, ["double"]),
        ('{"double": NaN}', 400, None),
        ('{"double": 1e400, "x": NaN}', 400, None),
        ('{"double": 1e400, "x": "\\ud800"}', 422, ["double"]),
        ('{"double": "x", "any": "\\ud800"}', 400, None),
        ('{"double": 1e400', 400, None),
        (f'{{"double": 1e400, "x": {"[" * 101}{"]" * 101}}}', 400, None),
    ],
)
def test_its_field_is_named(
    client: Client, body: str, status: int, params: list[str] | None
) -> None:
    answer = client.post("/a", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == status
    if status != 200:
        found = answer.json().get("errors")
        assert (found and [one["param"] for one in found]) == params
