"""Any operation of any contract answers: with its example, or with data true to its schema."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from openapi.contract import Contract
from openapi.generation import Generation
from openapi.media_types import is_json
from openapi.operation import Operation, RequestBody
from openapi.schema import Schema
from tests.mock_server.clients import Client, Serving


@cache
def generated(contract: Contract, schema: Schema) -> Any:
    return Generation(contract.document, contract.resolve_schema).value(schema)


CONTRACTS = {
    path.stem: path for path in sorted((Path(__file__).parent / "contracts").glob("*.yaml"))
}
PLAYED = {name: Contract.from_file(path) for name, path in CONTRACTS.items()}
PARTNERS = (Partner("partner_x", "id", "secret", "token"),)
SETTINGS = {
    name: Settings(contract=path, partners=PARTNERS, stateless=True)
    for name, path in CONTRACTS.items()
}
OPERATIONS = [
    pytest.param(name, operation, id=f"{name}-{operation.id}")
    for name, contract in PLAYED.items()
    for operation in contract.operations.values()
]
LOGIN = ("id", "secret")
DOG = {"name": "Rex", "kind": "dog", "bark": "loud", "address": {"lines": [{"text": "x"}]}}
CARD = {"kind": "card", "number": "4111111111111111"}
PAYMENT = {"id": "pay_0000000000000001", "method": CARD, "amount": 1}
CHALLENGED = {
    "key": {"X-Key": "token"},
    "login": {"Authorization": "Basic aWQ6c2VjcmV0"},
    "grant": {"Authorization": "Bearer token"},
    "bearer": {"Authorization": "Bearer token"},
    "cookie": {"Cookie": "session=token"},
}


@pytest.fixture(scope="module")
def clients(serving: Serving) -> Iterator[dict[str, Client]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(serving(one)) for name, one in SETTINGS.items()}


def login(operation: Operation) -> dict[str, str]:
    return {
        name: value
        for requirement in operation.security[:1]
        for scheme in requirement
        for name, value in CHALLENGED[scheme].items()
    }


def valid_request(contract: Contract, operation: Operation) -> dict[str, Any]:
    """Where to send what, so that nothing is wrong with it."""
    url = contract.base_path + operation.path
    headers = login(operation)
    for parameter in operation.parameters:
        value: Any = generated(contract, parameter.schema) if parameter.required else None
        if parameter.location == "path":
            url = url.replace(f"{{{parameter.name}}}", quote(str(value), safe=""))
        elif parameter.required:
            headers[parameter.name] = str(value)
    request: dict[str, Any] = {"method": operation.method, "path": url, "headers": headers}
    for media_type in operation.request_body.content.values() if operation.request_body else ():
        value = generated(contract, media_type.schema) if media_type.schema else None
        if media_type.name.endswith("json"):
            headers["Content-Type"] = media_type.name
            request["content"] = orjson.dumps(value)
        elif media_type.name == "multipart/form-data":
            request["files"] = {name: (None, str(text)) for name, text in value.items()}
        elif media_type.name.startswith("text/"):
            headers["Content-Type"] = media_type.name
            request["content"] = value
        else:
            request["data"] = value
    return request


def statuses(operation: Operation) -> Iterator[int]:
    """Each documented status, and two for what documents more than one."""
    for key in operation.responses:
        if key == "default":
            yield from (299, 418)
        elif key.endswith("XX"):
            yield from (int(f"{key[0]}00"), int(f"{key[0]}99"))
        else:
            yield int(key)


def assert_documented(response: httpx.Response, operation: Operation) -> None:
    """Media type, body and headers are as the operation documents them for this status."""
    answer = operation.response(response.status_code)
    assert answer is not None
    missing = [one.name for one in answer.headers if one.required]
    assert [name for name in missing if name not in response.headers] == []
    if not answer.content:
        assert response.content == b""
        assert "content-type" not in response.headers
        return
    name = response.headers["content-type"]
    is_sandboxed = response.headers.get("content-security-policy") == "sandbox"
    assert is_sandboxed == (not is_json(name))
    documented = RequestBody(True, answer.content).accepts(name)  # noqa: FBT003
    assert documented is not None
    assert documented.schema is not None
    is_text = name.startswith(("text/", "image/"))
    integer = is_text and documented.schema.outline["type"] == ["integer"]
    value = int(response.text) if integer else response.text if is_text else response.json()
    assert documented.schema.errors(value) == []


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_it_answers_with_the_documented_success(
    clients: dict[str, Client], name: str, operation: Operation
) -> None:
    response = clients[name].request(**valid_request(PLAYED[name], operation))

    assert response.status_code == operation.success_status, response.text
    assert_documented(response, operation)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_it_gives_any_documented_response_on_demand(
    clients: dict[str, Client], name: str, operation: Operation
) -> None:
    request = valid_request(PLAYED[name], operation)
    for status in statuses(operation):
        headers = login(operation) | {"Prefer": f"code={status}"}
        response = clients[name].request(operation.method, request["path"], headers=headers)

        assert response.status_code == status, response.text
        assert response.headers["preference-applied"] == f"code={status}"
        assert_documented(response, operation)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
@pytest.mark.parametrize("code", ["600", "199", "99", "2000", "abc", "2XX", ""])
def test_it_lists_the_documented_responses_where_another_is_demanded(
    clients: dict[str, Client], name: str, operation: Operation, code: str
) -> None:
    request = valid_request(PLAYED[name], operation)
    headers = login(operation) | {"Prefer": f"code={code}"}
    response = clients[name].request(operation.method, request["path"], headers=headers)

    assert response.status_code == 400
    if operation.method == "HEAD":
        return
    assert response.json()["code"] == "undocumented_code"
    assert all(key in response.json()["detail"] for key in operation.responses)


@pytest.mark.parametrize(
    ("name", "method", "path", "options", "answer"),
    [
        (
            "pets-3.0",
            "GET",
            "/v2/pets/mine",
            {"auth": LOGIN},
            [{"name": "Rex", "kind": "dog", "age": 3}],
        ),
        ("payments-3.1", "GET", "/api/payments/pay_0000000000000002", {}, PAYMENT),
    ],
)
def test_it_prefers_the_documented_example(
    clients: dict[str, Client], name: str, method: str, path: str, options: Any, answer: object
) -> None:
    headers = {"Authorization": "Bearer token"} if not options else {}

    assert clients[name].request(method, path, headers=headers, **options).json() == answer


@pytest.mark.parametrize(
    ("name", "method", "path", "options", "params"),
    [
        ("pets-3.0", "GET", "/v2/pets?limit=0&kinds=dog,cow", {}, ["limit", "kinds[1]", "X-Trace"]),
        (
            "pets-3.0",
            "POST",
            "/v2/pets?limit=x",
            {"json": DOG | {"age": -1, "mood": "odd", "address": {"lines": [{}, 7], "zip": 1}}},
            ["limit", "age", "mood", "address.lines[0].text", "address.lines[1]", "address.zip"],
        ),
        (
            "pets-3.0",
            "POST",
            "/v2/pets",
            {"json": DOG | {"mother": {"kind": "dog"}}},
            ["mother.name"],
        ),
        (
            "pets-3.0",
            "POST",
            "/v2/pets",
            {"json": DOG | {"age": None, "mother": None, "mood": None}},
            [],
        ),
        (
            "pets-3.0",
            "POST",
            "/v2/pets/a/photo",
            {"files": {"title": (None, "x"), "width": (None, "0")}},
            ["title", "picture", "width"],
        ),
        (
            "pets-3.0",
            "POST",
            "/v2/orders",
            {"data": {"count": "0", "tags": ["a", "b"]}},
            ["pet", "count"],
        ),
        (
            "pets-3.0",
            "PUT",
            "/v2/notes",
            {"content": "ab", "headers": {"Content-Type": "text/plain"}},
            ["body"],
        ),
        ("payments-3.1", "GET", "/api/payments/7?page=0", {}, ["id", "page"]),
        (
            "payments-3.1",
            "GET",
            "/api/payments/pay_0000000000000002?page=2&filter[max]=x&filter[y]=1",
            {},
            ["filter.state", "filter.max", "filter.y"],
        ),
        (
            "payments-3.1",
            "POST",
            "/api/payments",
            {"json": {"method": CARD | {"number": "x"}, "amount": 0, "street": "a"}},
            ["Idempotency-Key", "method.number", "amount", "town"],
        ),
        (
            "payments-3.1",
            "PATCH",
            "/api/payments/x",
            {"content": b'{"a": 1}', "headers": {"Content-Type": "application/merge-patch+json"}},
            ["a"],
        ),
    ],
)
def test_it_names_every_bad_field(
    clients: dict[str, Client], name: str, method: str, path: str, options: Any, params: list[str]
) -> None:
    headers = {"Authorization": "Bearer token", "X-Key": "token", **options.pop("headers", {})}
    response = clients[name].request(method, path, headers=headers, **options)

    assert response.status_code == (422 if params else 201), response.text
    assert sorted(one["param"] for one in response.json().get("errors", [])) == sorted(params)


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("PUT", "/v2/pets", 405, "GET, HEAD, POST"),
        ("PATCH", "/v2/pets/7", 405, "DELETE, GET, HEAD"),
        ("PATCH", "/v2/pets/mine", 405, "DELETE, GET, HEAD"),
        ("BREW", "/v2/orders", 405, "POST"),
        ("POST", "/v2/orders/7.pdf", 405, "GET, HEAD"),
        ("GET", "/v2/pets/", 404, None),
        ("GET", "/v2/pets/7/", 404, None),
        ("GET", "/v2/orders/7", 404, None),
        ("GET", "/pets", 404, None),
        ("GET", "/v2", 404, None),
        ("GET", "/", 404, None),
    ],
)
def test_it_knows_its_paths_and_their_methods(
    clients: dict[str, Client], method: str, path: str, status: int, allow: str | None
) -> None:
    response = clients["pets-3.0"].request(method, path, headers={"X-Key": "token"})

    assert response.status_code == status
    assert response.headers.get("allow") == allow
    assert response.headers["content-type"] == "application/problem+json"


def test_it_sends_documented_headers_and_true_lengths(clients: dict[str, Client]) -> None:
    operation = PLAYED["pets-3.0"].operations["pets.list"]
    response = clients["pets-3.0"].request(**valid_request(PLAYED["pets-3.0"], operation))

    assert response.headers["x-total"] == "3"
    assert response.headers["x-tags"] == "a,b"
    assert response.headers["content-length"] == str(len(response.content))
    assert response.headers.get_list("content-type") == ["application/json"]
