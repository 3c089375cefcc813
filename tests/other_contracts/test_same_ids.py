"""Several kinds whose ids are the same numbers, each counted by itself, are told apart."""

import itertools
import json
from collections import defaultdict
from typing import Any

import pytest

from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from openapi.contract import Contract
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text
from tests.other_contracts.crates import TOKENS, answered

ERROR = answer(obj("message", message=text()))
REFUSALS = {"400": ERROR, "401": ERROR, "404": ERROR}
KINDS = ("authors", "books", "shelves")


def library() -> Contract:
    """Three kinds with ids of whole numbers; a shelf is not deleted, and has a list alone."""
    item = obj("id", "name", id=number(), name=text(minLength=1))
    paths: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        paths[f"/{kind}"] = {
            "get": operation({"200": answer(array(item)), **REFUSALS}),
            "post": operation({"201": answer(item), **REFUSALS}, obj("name", name=text())),
        }
        paths[f"/{kind}/{{id}}"] = {"get": operation({"200": answer(item), **REFUSALS})}
        if kind != "shelves":
            paths[f"/{kind}/{{id}}"]["delete"] = operation({"204": answer(), **REFUSALS})
    return Contract(contract(paths, ids=number()))


class Library:
    """A server that counts the ids of each kind from 1, as most databases do."""

    def __init__(self) -> None:
        self.ids = defaultdict[str, Any](lambda: itertools.count(1))
        self.items = defaultdict[str, dict[str, Any]](dict)

    def __call__(self, request: Request, _: Forward) -> Answer:
        _, kind, *named = request.path.partition("?")[0].split("/")
        items = self.items[kind]
        if not named and request.method == "POST":
            id_ = next(self.ids[kind])
            items[str(id_)] = {**json.loads(request.body), "id": id_}
            return answered(201, items[str(id_)])
        if not named:
            return answered(200, [*items.values()])
        if named[0] not in items:
            return answered(404, {"message": "none"})
        if request.method == "DELETE":
            del items[named[0]]
            return Answer(204)
        return answered(200, items[named[0]])


@pytest.mark.parametrize("count", [1, 3])
def test_what_has_the_id_of_another_kind_is_removed_too(count: int) -> None:
    own, server = library(), Library()
    created = catalogue()["created.plain-request-succeeds"]
    with Target("http://target.invalid", TOKENS, tamper=server) as target:
        run = Run(own, target, [], seed=1)
        run.survey()
        for kind in KINDS * count:
            run.check(created, own.operations[f"POST /{kind}"])
        made = {kind: len(items) for kind, items in server.items.items()}
        run.clean_up()

    assert all(made[kind] >= count for kind in KINDS)
    assert (server.items["authors"], server.items["books"]) == ({}, {})
    assert len(run.left_behind) == len(server.items["shelves"]) == made["shelves"]
