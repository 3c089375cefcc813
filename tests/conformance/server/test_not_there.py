"""What is there is not called missing: a 403 for no key, and a 404 for what the run asks for."""

import httpx
import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.styles import TEXT, answer, document, parameter, thing

ITEM = thing(["id", "title"], id=TEXT, title=TEXT)
REFUSED = {"403": answer(TEXT), "404": answer(TEXT)}
CONTRACT = Contract(document("Orders", {
    "/orders": {"get": {"responses": {"200": answer({"type": "array", "items": ITEM}), **REFUSED}}},
    "/orders/{id}/close": {
        "parameters": [parameter("id", "path", TEXT)],
        "post": {"responses": {"200": answer(ITEM), **REFUSED}},
    },
}))  # fmt: skip


def served(request: httpx.Request) -> httpx.Response:
    if request.headers.get("authorization") != "Bearer token_4c1e9a77d0b25f83":
        return httpx.Response(403, json="no token")
    if request.url.path == "/orders" and request.method == "GET":
        return httpx.Response(200, json=[])
    return httpx.Response(404, json="nothing here")


@pytest.mark.parametrize(
    ("requirement_id", "path"),
    [
        ("robustness.strange-authorization", "/orders"),
        ("robustness.strange-headers", "/orders/{id}/close"),
        ("robustness.many-headers", "/orders/{id}/close"),
        ("robustness.long-paths", "/orders/{id}/close"),
    ],
)
def test_what_is_there_is_not_said_to_be_missing(requirement_id: str, path: str) -> None:
    operation = next(one for one in CONTRACT.operations.values() if one.path == path)
    tokens, transport = ["token_4c1e9a77d0b25f83"], httpx.MockTransport(served)
    with Target("http://target", tokens, transport=transport) as target:
        result = Run(CONTRACT, target, [], seed=1).check(catalogue()[requirement_id], operation)

    assert result.outcome is Outcome.PASSED, result.actual


def test_what_is_missing_is_said_to_be() -> None:
    operation = next(one for one in CONTRACT.operations.values() if one.path == "/orders")
    transport = httpx.MockTransport(lambda _: httpx.Response(404, json="nothing here"))
    with Target("http://target", ["token_4c1e9a77d0b25f83"], transport=transport) as target:
        result = Run(CONTRACT, target, [], seed=1).check(
            catalogue()["robustness.strange-authorization"], operation
        )

    assert result.outcome is Outcome.NOT_VERIFIED
    assert "does not serve" in result.actual
