"""Filters of lists: one that is overlooked is found, whatever another compares by."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.crates import SETTABLE, Compare, Crates, answered, judged_crates
from tests.other_contracts.judging import TOKENS
from tests.other_contracts.styles import TEXT, WHOLE, parameter, thing
from tests.plain_servers.contracts import SCHEMES, document, listed

FILTERED = "reads.list-is-filtered"
NAMES = [*SETTABLE, "state"]


def judged(**compares: Compare) -> Result:
    return judged_crates(FILTERED, Crates(compares), "GET /crates")


def test_filters_that_compare_by_the_value_itself_conform() -> None:
    result = judged()
    assert (result.outcome, result.actual) == (Outcome.PASSED, "")


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_that_is_overlooked_is_found(name: str) -> None:
    result = judged(**{name: lambda *_: True})
    assert result.outcome is Outcome.FAILED
    assert f"the {name}" in str(result.expected)


@pytest.mark.parametrize(
    ("name", "compare"),
    [
        ("title", lambda value, asked: value.lower().startswith(asked.lower())),
        ("title", lambda value, asked: asked.lower() in value.lower()),
        ("title", lambda value, asked: not {*asked.split()}.isdisjoint(value.split())),
        ("note", lambda value, asked: value in asked),
        ("size", lambda value, asked: value >= asked),
        ("size", lambda value, asked: value <= asked),
        ("packed", lambda value, asked: value >= asked),
        ("packed", lambda value, asked: value <= asked),
        ("colour", lambda value, asked: asked in {"red", value}),
        ("fragile", lambda value, asked: asked or not value),
        ("state", lambda value, asked: asked in {"closed", value}),
    ],
)
def test_a_filter_that_compares_in_another_way_conforms(name: str, compare: Compare) -> None:
    result = judged(**{name: compare})
    assert (result.outcome, result.actual) == (Outcome.PASSED, "")


def test_a_filter_that_shows_nothing_is_no_pass() -> None:
    assert judged(colour=lambda *_: False).outcome is Outcome.NOT_VERIFIED


class Dispatched(Crates):
    """Crates of which some are sent away, by nothing that the contract has."""

    def __init__(self, compares: dict[str, Compare]) -> None:
        super().__init__(compares)
        for operation in ("POST /crates/{id}/close", "PUT /crates/{id}"):
            del self.contract.operations[operation]  # type: ignore[attr-defined]
        self.items["c1"] = {"id": "c1", "title": "Sent", "state": "closed"}


def test_an_item_that_is_there_already_tells_a_filter_that_is_overlooked() -> None:
    server = Dispatched({"state": lambda *_: True})
    assert judged_crates(FILTERED, server, "GET /crates").outcome is Outcome.FAILED


def test_what_is_shown_by_the_value_that_is_asked_for_is_not_another() -> None:
    """A price in the currency of the query is no item that has another one."""

    class Converting(Crates):
        def listed(self, query: dict[str, str]) -> Answer:
            colour = query.pop("colour", "")
            page = super().listed(query)
            if not colour:
                return page
            crates = [{**one, "colour": colour} for one in page.objects("crates")]
            return answered(200, {"crates": crates})

    result = judged_crates(FILTERED, Converting(), "GET /crates")
    assert (result.outcome, result.actual) == (Outcome.PASSED, "")


def trips() -> Contract:
    """Drivers, and trips by the number of their driver, who must be there."""
    paths: dict[str, Any] = {}
    for path, own in {"/drivers": {}, "/trips": {"driver_id": WHOLE}}.items():
        body = thing([*own, "name"], name=TEXT, **own)
        paths |= listed(path, thing(["id"], id=WHOLE, name=TEXT, **own), body, 422)
    paths["/trips"]["get"]["parameters"].append(parameter("driver_id", "query", WHOLE))
    return Contract(document("Trips", paths, SCHEMES["bearer"]))


@pytest.mark.parametrize(("looks", "outcome"), [(True, Outcome.PASSED), (False, Outcome.FAILED)])
def test_a_filter_by_the_number_of_what_is_referred_to(outcome: Outcome, *, looks: bool) -> None:
    made: dict[str, list[dict[str, Any]]] = {"/drivers": [], "/trips": []}

    def answer(request: Request, _: Forward) -> Answer:
        path, _, query = request.path.partition("?")
        items = made.get(path, [])
        if request.method == "POST" and request.members is not None:
            known = {one["id"] for one in made["/drivers"]}
            if path == "/trips" and request.members["driver_id"] not in known:
                return answered(422, {"message": "There is no such driver."})
            items.append({**request.members, "id": 700 + len(items)})
            return answered(201, items[-1])
        driver = dict(parse_qsl(query)).get("driver_id") if looks else None
        shown = [one for one in items if driver in {None, json.dumps(one.get("driver_id"))}]
        return answered(200, {"items": shown, "total": len(shown)})

    with Target("http://target", TOKENS[:1], tamper=answer) as target:
        run = Run(trips(), target, [], seed=1)
        run.survey()
        result = run.check(catalogue()[FILTERED], run.contract.operations["GET /trips"])

    assert result.outcome is outcome, result.actual
