"""What a target has and the run has not made stays as it is: nothing changes or ends it."""

import itertools
import re
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from openapi.contract import Contract
from tests.other_contracts.styles import TEXT, WHOLE, answer, document, parameter, taken, thing

TOKENS = ("first_4c1e9a77d0b25f83", "second_90b7f3e6c8d1a254")
ITEM = thing(["id", "title"], id=TEXT, title=TEXT)
BODY = {"requestBody": {"required": True, **taken(thing(["title"], title=TEXT))}}
REFUSED = {"400": answer(ITEM), "401": answer(ITEM), "404": answer(ITEM)}

PARAMETERS = {
    "an example": parameter("id", "path", TEXT, example="demo"),
    "an example of the schema": parameter("id", "path", {**TEXT, "examples": ["demo"]}),
    "a default": parameter("id", "path", {**WHOLE, "default": 1, "maximum": 99}),
    "an enumeration": parameter("id", "path", {**TEXT, "enum": ["demo", "test"]}),
    "any number": parameter("id", "path", WHOLE),
    "a short code": parameter("id", "path", {**TEXT, "pattern": "^[A-Z]{2}$"}),
}
"""The id of what no operation makes, or not for sure."""

THERE = re.compile(r"demo|test|[A-Z]{2}|\d{1,6}")
"""The ids of what the target has."""

METHODS = {"": {"PUT", "PATCH", "DELETE"}, "cover": {"PUT", "DELETE"}, "archive": {"POST"},
           "rename": {"POST"}}  # fmt: skip
"""The methods that change something, by what stands behind the id."""


def contract(own: dict[str, Any], *, is_made: bool) -> Contract:
    """Every way to change or end an item, and what is below it; ``is_made`` by a POST, too."""
    changed = {"responses": {"200": answer(ITEM), **REFUSED}, **BODY}
    ended = {"responses": {"204": answer(), **REFUSED}}
    acted = {"responses": {"200": answer(ITEM), **REFUSED}}
    read = {"responses": {"200": answer(ITEM), **REFUSED}}
    paths: dict[str, Any] = {
        "/items/{id}": {"get": read, "put": changed, "patch": changed, "delete": ended},
        "/items/{id}/cover": {"get": read, "put": changed, "delete": ended},
        "/items/{id}/archive": {"post": acted},
        "/items/{id}/rename": {"post": {**acted, **BODY}},
    }
    for one in paths.values():
        one["parameters"] = [own]
    made = {"post": {"responses": {"201": answer(ITEM), **REFUSED}, **BODY}}
    return Contract(document("There", {"/items": made, **paths} if is_made else paths))


def changed_by_a_run(contract: Contract) -> tuple[set[str], set[str]]:
    """What the run changes of what it has not made, and of what it has."""
    made, others, own = itertools.count(), set[str](), set[str]()

    def served(request: httpx.Request) -> httpx.Response:
        _, *parts = [unquote(one) for one in request.url.path.split("/")]
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in TOKENS:
            return httpx.Response(401, json={"id": "x", "title": "No token."})
        if parts == ["items"] and request.method == "POST":
            return httpx.Response(201, json={"id": f"made-{next(made)}", "title": "text"})
        if parts[0] != "items" or len(parts) < 2:
            return httpx.Response(404, json={"id": "x", "title": "No such path."})
        if request.method in METHODS.get("/".join(parts[2:]), ()):
            (own if parts[1].startswith("made-") else others).add(f"{request.method} {parts[1]}")
        ended = request.method == "DELETE"
        return httpx.Response(204) if ended else httpx.Response(200, json={"id": "x", "title": "x"})

    transport, settings = httpx.MockTransport(served), TargetSettings(replay_delay=0)
    with Target("http://target", TOKENS, settings, transport=transport) as target:
        results = list(Run(contract, target, catalogue().values(), seed=1).results())
    assert [one.actual for one in results if one.outcome is Outcome.ERROR] == []
    return {one for one in others if THERE.fullmatch(one.partition(" ")[2])}, own


_FEW = ("an example", "an enumeration")


@pytest.mark.parametrize(
    ("own", "is_made"),
    [
        pytest.param(own, is_made, marks=() if own in _FEW else pytest.mark.thorough)
        for own in PARAMETERS
        for is_made in (False, True)
    ],
)
def test_what_is_there_is_neither_changed_nor_ended(own: str, *, is_made: bool) -> None:
    others, made = changed_by_a_run(contract(PARAMETERS[own], is_made=is_made))

    assert others == set()
    assert bool(made) == is_made


def test_what_no_path_names_is_not_deleted() -> None:
    """A DELETE of the account, or of all items: none of it is of the run's."""
    asked = []

    def served(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(200, json={"id": "x", "title": "x"})

    ended = {"delete": {"responses": {"204": answer(), **REFUSED}}}
    contract = Contract(document("Account", {"/account": ended, "/status": {"get": {
        "responses": {"200": answer(ITEM), **REFUSED}}}}))  # fmt: skip
    with Target("http://target", TOKENS, transport=httpx.MockTransport(served)) as target:
        list(Run(contract, target, catalogue().values(), seed=1).results())

    assert "GET" in asked
    assert "DELETE" not in asked
