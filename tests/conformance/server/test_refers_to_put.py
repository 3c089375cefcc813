"""What refers to an item that a PUT makes has the id of one that is there."""

import json
from http import HTTPStatus
from typing import Any

import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request, names_in
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.styles import TEXT, answer, parameter, taken, thing
from tests.plain_servers.contracts import BEARER, NAME, document, listed, refused
from tests.plain_servers.serving import TOKENS


def orders(id_: str, member: str) -> Contract:
    """The contract of products by an id of the client's choice, and of orders of them."""
    product, named = thing([id_, "name"], **{id_: TEXT}, name=NAME), thing(["name"], name=NAME)
    referring: dict[str, Any] = (
        {"type": "array", "items": TEXT, "minItems": 1} if member.endswith("s") else TEXT
    )
    body = thing([member], **{member: referring}, note=NAME)
    order = thing(["id", member], id=TEXT, note=NAME, **{member: referring})
    return Contract(document("Orders", {
        f"/products/{{{id_}}}": {
            "parameters": [parameter(id_, "path", TEXT)],
            "put": {
                "requestBody": {"required": True, **taken(named)},
                "responses": {"200": answer(product), "201": answer(product), **refused(422)},
            },
            "get": {"responses": {"200": answer(product), **refused(404)}},
        },
        **listed("/orders", order, body, 422),
    }, BEARER))  # fmt: skip


class Orders:
    """Takes orders of products of the partner's that are there."""

    def __init__(self, id_: str, member: str, unknown: int) -> None:
        self.id, self.member, self.unknown = id_, member, unknown
        self.products: set[tuple[int, str]] = set()
        self.orders: dict[tuple[int, str], dict[str, Any]] = {}

    def __call__(self, request: Request, _: Forward) -> Answer:
        kind, *names = names_in(request.path.partition("?")[0])
        if request.partner is None:
            return self._answer(HTTPStatus.UNAUTHORIZED, {"message": "no token"})
        own = request.partner, *names
        if request.method == "PUT":
            is_there = own in self.products
            self.products.add(own)
            shown = {self.id: names[0], **json.loads(request.body)}
            return self._answer(200 if is_there else 201, shown)
        if request.method == "POST":
            return self._ordered(request.partner, json.loads(request.body))
        return self._read_or_deleted(request.method, kind, own)

    def _read_or_deleted(self, method: str, kind: str, own: Any) -> Answer:
        if not own[1:]:
            found = [one for (of, _), one in self.orders.items() if of == own[0]]
            return self._answer(200, found)
        if kind == "products" and own in self.products:
            return self._answer(200, {self.id: own[1], "name": "kept"})
        if own not in self.orders:
            return self._answer(404, {"message": "there is no such thing"})
        if method == "DELETE":
            del self.orders[own]
            return Answer(204)
        return self._answer(200, self.orders[own])

    def _ordered(self, partner: int, order: dict[str, Any]) -> Answer:
        named = order[self.member]
        for one in named if isinstance(named, list) else [named]:
            if (partner, one) not in self.products:
                return self._answer(self.unknown, {"message": f"{one} is no product"})
        id_ = f"o{len(self.orders) + 1:08d}"
        self.orders[partner, id_] = {"id": id_, **order}
        return self._answer(201, self.orders[partner, id_])

    def _answer(self, status: int, value: object) -> Answer:
        headers = (("content-type", "application/json"),)
        return Answer(status, headers, json.dumps(value).encode())


@pytest.mark.parametrize(
    ("id_", "member", "unknown"),
    [
        ("code", "product_code", 422),
        ("code", "product_id", 404),
        ("slug", "productSlug", 422),
        ("sku", "product_skus", 422),
    ],
)
def test_an_order_is_of_a_product_that_a_put_has_made(id_: str, member: str, unknown: int) -> None:
    contract, server = orders(id_, member), Orders(id_, member, unknown)
    ids = ("created.plain-request-succeeds", "reads.shows-what-was-made")
    chosen = [one for one in catalogue().values() if one.id in ids]
    with Target("http://target", TOKENS, tamper=server) as target:
        results = list(Run(contract, target, chosen, seed=1).results())

    found = {(one.requirement.id, one.operation): one.outcome for one in results}
    assert found["created.plain-request-succeeds", "POST /orders"] is Outcome.PASSED
    assert found["reads.shows-what-was-made", "GET /orders/{id}"] is Outcome.PASSED
