"""Creations whose answers show no id: their Location alone tells what was made."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, names_in
from openapi.contract import Contract
from tests.mock_server.kept.contracts import answer, array, contract, obj, operation, text
from tests.other_contracts.crates import TOKENS, Hasty

NOTE = obj("id", "label", id=text(), label=text(minLength=1))
STATUS = obj("status", status=text())
REFUSALS = {"400": answer(obj("message", message=text())), "404": answer()}
JSON = ("content-type", "application/json")

LEADS = ("operations.location-leads-to-the-item", "POST /notes")
READ = ("reads.shows-what-was-made", "GET /notes/{id}")
LISTED = ("lists.created-is-listed", "GET /notes")
AS_CREATED = ("lists.items-are-as-created", "GET /notes")
IN_LIST = ("created.is-in-the-list", "POST /notes")

Place = Callable[[int], str]


def notes(shown: Any, one: str = "/notes/{id}") -> Contract:
    located = answer(shown, headers={"Location": {"required": True, "schema": text()}})
    return Contract(contract({
        "/notes": {
            "post": operation({"201": located, **REFUSALS}, obj("label", label=text(minLength=1))),
            "get": operation({"200": answer(array(NOTE)), **REFUSALS}),
        },
        one: {
            "get": operation({"200": answer(NOTE), **REFUSALS}),
            "delete": operation({"204": answer(), **REFUSALS}),
        },
    }))  # fmt: skip


def checked(
    shown: Any, body: bytes, place: Place, *checks: tuple[str, str], one: str = "/notes/{id}"
) -> list[Result]:
    """The results of checks on a server that answers a creation with a body and a Location."""
    start = "n " if "(" in one else "n"
    items: dict[str, Any] = {"n0": {"id": "n0", "label": "the first"}}
    numbers = itertools.count(1)

    def server(request: Request, _: Forward) -> Answer:
        id_ = names_in(request.path.partition("?")[0])[-1]
        if request.method == "POST":
            number = next(numbers)
            id_ = f"{start}{number}"
            items[id_] = {"id": id_, **json.loads(request.body)}
            return Answer(201, (JSON, ("location", place(number))), body)
        if request.path == "/notes":
            return Answer(200, (JSON,), json.dumps([*items.values()]).encode())
        if id_ not in items:
            return Answer(404)
        if request.method == "DELETE":
            del items[id_]
            return Answer(204)
        return Answer(200, (JSON,), json.dumps(items[id_]).encode())

    own = notes(shown, one)
    with Hasty("http://target.invalid/v1", TOKENS, tamper=server) as target:
        run = Run(own, target, [], seed=1)
        target.capabilities.add(Capability.LISTING)
        return [run.check(catalogue()[name], own.operations[it]) for name, it in checks]


@pytest.mark.parametrize(
    "place",
    [
        lambda number: f"/v1/notes/n{number}",
        lambda number: f"http://target.invalid/v1/notes/n{number}",
        lambda number: f"notes/n{number}",
        lambda number: f"/v1/notes/n{number}?view=whole#top",
    ],
)
@pytest.mark.parametrize(
    ("shown", "body"),
    [
        (STATUS, b'{"status": "ok"}'),
        (obj(id=text(), status=text()), b'{"status": "ok"}'),
        (obj(), b"{}"),
        (None, b""),
    ],
)
def test_the_id_is_that_of_the_location(shown: Any, body: bytes, place: Place) -> None:
    results = checked(shown, body, place, LEADS, READ, LISTED, AS_CREATED, IN_LIST)

    assert [(one.outcome, one.actual) for one in results] == [(Outcome.PASSED, "")] * 5


@pytest.mark.parametrize(
    "place",
    [
        lambda _: "/v1/notes/n0",
        lambda number: f"/v1/notes/n{number - 1}",
        lambda number: f"/v1/notes/n{number}0",
    ],
)
@pytest.mark.parametrize(("shown", "body"), [(STATUS, b'{"status": "ok"}'), (None, b"")])
def test_a_location_of_another_or_of_nothing_is_found(
    shown: Any, body: bytes, place: Place
) -> None:
    (result,) = checked(shown, body, place, LEADS)

    assert result.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "place", [lambda number: f"/v1/jobs/n{number}", lambda number: f"/v1/old/notes/n{number}"]
)
def test_the_path_of_something_else_tells_no_id(place: Place) -> None:
    (result,) = checked(STATUS, b'{"status": "ok"}', place, READ)

    assert result.outcome is Outcome.NOT_VERIFIED
    assert "shows no id" in result.actual


@pytest.mark.parametrize(
    "place", ["/v1/notes(n%20{})", "http://target.invalid/v1/notes('n%20{}')/"]
)
def test_a_location_names_an_id_in_parentheses(place: str) -> None:
    read = ("reads.shows-what-was-made", "GET /notes({id})")
    (result,) = checked(None, b"", place.format, read, one="/notes({id})")

    assert result.outcome is Outcome.PASSED
