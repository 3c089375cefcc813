"""What a run makes of several kinds, whose ids are the same numbers, is removed at its end."""

import itertools
import json
import random
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from conformance.probe.probe import Probe
from conformance.run.judging import names_of
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.clean_up import revoke_all
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.kept import CreatedResource
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
            removed = operation({"204": answer(), "409": ERROR, **REFUSALS})
            paths[f"/{kind}/{{id}}"]["delete"] = removed
    paths["/books/{id}/lend"] = {"post": operation({"200": answer(item), **REFUSALS})}
    return Contract(contract(paths, ids=number()))


class Library:
    """A server that counts the ids of each kind from 1, as most databases do."""

    refused: Callable[[str, str], bool] = staticmethod(lambda kind, id_: False)
    """Whether a DELETE is refused by a rule of business."""

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
        if request.method == "DELETE" and self.refused(kind, named[0]):
            return answered(409, {"message": "There are books of this author."})
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


def test_what_an_action_was_done_to_is_removed_once() -> None:
    own, server = library(), Library()
    asked: list[str] = []

    def answer(request: Request, forward: Forward) -> Answer:
        asked.extend([request.path] if request.method == "DELETE" else [])
        return server(request, forward)

    with Target("http://target.invalid", TOKENS, tamper=answer) as target:
        run = Run(own, target, [], seed=1)
        probe = Probe(own, own.operations["POST /books"], target, random.Random(1))
        handle = probe.known_handle_of(probe.make())
        lending = probe.of(own.operations["POST /books/{id}/lend"])
        assert lending.send(lending.on_one(handle)).status == 200
        assert target.created == {CreatedResource(0, handle, f"/books/{handle}")}
        run.clean_up()

    assert (asked, run.left_behind) == ([f"/books/{handle}"], [])


def test_what_others_are_in_is_removed_after_them() -> None:
    own, server = library(), Library()
    server.refused = lambda kind, _: kind == "authors" and bool(server.items["books"])
    made = [CreatedResource(0, str(number), f"/{kind}/{number}")
            for kind in KINDS[:2] for number in range(1, 4)]  # fmt: skip
    for one in made:
        server.items[one.place.split("/")[1]][one.handle] = {"id": int(one.handle), "name": "x"}
    with Target("http://target.invalid", TOKENS, tamper=server) as target:
        assert revoke_all(own, target, made) == []
    assert (server.items["authors"], server.items["books"]) == ({}, {})


def test_what_is_refused_to_the_end_is_named_with_its_path() -> None:
    own, server = library(), Library()
    server.refused = lambda kind, id_: (kind, id_) == ("authors", "2")
    made = [CreatedResource(0, str(number), f"/authors/{number}") for number in range(1, 4)]
    server.items["authors"] = {one.handle: {"id": int(one.handle), "name": "x"} for one in made}
    with Target("http://target.invalid", TOKENS, tamper=server) as target:
        left = revoke_all(own, target, made)

    assert names_of(left) == ("/authors/2 of partner 1",)
