"""Items that a client names itself: two requests with one id are about one item."""

import json

import httpx
import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.styles import TEXT, answer, document, parameter, taken, thing

BOOK = thing(["isbn", "title"], isbn={**TEXT, "pattern": "^97[89][0-9]{10}$"}, title=TEXT)
REFUSED = {"400": answer(TEXT), "401": answer(TEXT), "404": answer(TEXT)}
CONTRACT = Contract(document("Books", {
    "/books": {
        "post": {"requestBody": {"required": True, **taken(BOOK)},
                 "responses": {"201": answer(BOOK), **REFUSED}},
        "get": {"responses": {"200": answer({"type": "array", "items": BOOK}), **REFUSED}},
    },
    "/books/{isbn}": {
        "parameters": [parameter("isbn", "path", TEXT)],
        "get": {"responses": {"200": answer(BOOK), **REFUSED}},
    },
}))  # fmt: skip


@pytest.mark.parametrize(
    ("way", "holds"),
    [("replaces", True), ("adds", False), ("own ids", True), ("own ids, once", False)],
)
def test_two_requests_with_one_id_make_one(way: str, *, holds: bool) -> None:
    books: list[dict[str, str]] = []

    def served(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=books)
        book = json.loads(request.content)
        if way.startswith("own ids"):
            book["isbn"] = f"978{len(books):010}"
        is_there = any(one["title"] == book["title"] for one in books)
        if way == "replaces":
            books[:] = [one for one in books if one["isbn"] != book["isbn"]]
        if way != "own ids, once" or not is_there:
            books.append(book)
        return httpx.Response(201, json=book)

    requirement = catalogue()["created.each-request-makes-one"]
    create = next(one for one in CONTRACT.operations.values() if one.method == "POST")
    with Target("http://target", ["t"], transport=httpx.MockTransport(served)) as target:
        target.capabilities = {Capability.LISTING}
        result = Run(CONTRACT, target, [], seed=1).check(requirement, create)

    assert (result.outcome is Outcome.PASSED) is holds, result.actual
    assert result.outcome is not Outcome.NOT_VERIFIED
