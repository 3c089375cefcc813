"""A Location outside of the URL of a run, as behind a gateway: no request goes there."""

import itertools
import json
from collections.abc import Callable

import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from tests.mock_server.kept.contracts import answer, contract, obj, operation, text
from tests.other_contracts.crates import TOKENS, Hasty

NOTE = obj("id", "label", id=text(), label=text())
REFUSALS = {"404": answer(obj("message", message=text()))}

Place = Callable[[str], str]


def notes() -> Contract:
    located = answer(NOTE, headers={"Location": {"required": True, "schema": text()}})
    return Contract(contract({
        "/notes": {"post": operation({"201": located, **REFUSALS}, obj("label", label=text()))},
        "/notes/{id}": {"get": operation({"200": answer(NOTE), **REFUSALS})},
    }))  # fmt: skip


@pytest.mark.parametrize(
    ("place", "outcome"),
    [
        (lambda id_: f"https://api.example.com/notes/{id_}", Outcome.NOT_VERIFIED),
        (lambda id_: f"/internal/notes/{id_}", Outcome.NOT_VERIFIED),
        (lambda id_: f"//other.example/n?which={id_}", Outcome.NOT_VERIFIED),
        (lambda _: "https://api.example.com/notes/1", Outcome.FAILED),
        (lambda _: "/internal/notes", Outcome.FAILED),
        (lambda id_: f"/v1/notes/{id_}", Outcome.PASSED),
        (lambda id_: f"http://target.invalid/v1/notes/{id_}", Outcome.PASSED),
        (lambda id_: f"/v1/notes/{id_}0", Outcome.FAILED),
    ],
)
def test_a_location_is_that_of_one_item(place: Place, outcome: Outcome) -> None:
    items: dict[str, object] = {}
    numbers = itertools.count(1)
    sent: list[str] = []

    def server(request: Request, _: Forward) -> Answer:
        sent.append(request.path)
        json_type = ("content-type", "application/json")
        if request.method == "POST":
            id_ = f"n{next(numbers)}"
            items[id_] = {"id": id_, **json.loads(request.body)}
            headers = json_type, ("location", place(id_))
            return Answer(201, headers, json.dumps(items[id_]).encode())
        item = items.get(request.path.rpartition("/")[2])
        return Answer(200 if item else 404, (json_type,), json.dumps(item or {}).encode())

    own = notes()
    with Hasty("http://target.invalid/v1", TOKENS, tamper=server) as target:
        one = catalogue()["operations.location-leads-to-the-item"]
        found = Run(own, target, [], seed=1).check(one, own.operations["POST /notes"])

    assert found.outcome is outcome
    assert not found.is_undecided
    assert all(one.startswith("/notes") for one in sent)
