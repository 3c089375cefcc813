"""A check that a contract gives nothing to try it with is no pass."""

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.catalogue.requirement import Requirement
from conformance.probe.not_verified import Unverified
from conformance.probe.probe import Probe
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from tests.other_contracts.crates import Hasty, answered
from tests.other_contracts.judging import TOKENS
from tests.other_contracts.styles import TEXT, WHOLE, answer, document, parameter, thing

WRONG = {status: answer(thing([], message=TEXT)) for status in ("400", "401", "404")}


def contract(*required: str, **members: Any) -> Contract:
    """Trips with these members, of which a PATCH may change each."""
    trip = thing(["id", *members], id=TEXT, **members)
    new, change = thing([*required], **members), thing([], **members)
    body, part = ({"requestBody": {"required": True, "content": {
        "application/json": {"schema": one}}}} for one in (new, change))  # fmt: skip
    page = thing(["items", "total"], items={"type": "array", "items": trip}, total=WHOLE)
    return Contract(
        document("Trips", {
            "/trips": {
                "post": {**body, "responses": {"201": answer(trip), **WRONG}},
                "get": {"responses": {"200": answer(page), **WRONG}},
            },
            "/trips/{id}": {
                "parameters": [parameter("id", "path", TEXT)],
                "get": {"responses": {"200": answer(trip), **WRONG}},
                "patch": {**part, "responses": {"200": answer(trip), **WRONG}},
            },
        })
    )  # fmt: skip


class Trips:
    """A server of trips, which makes each one twice if it is asked to."""

    def __init__(self, own: Contract, *, makes_two: bool) -> None:
        self.makes_two = makes_two
        schema = own.operations["POST /trips"].object_body
        self.schema = schema.schema if schema else None
        self.items: dict[str, dict[str, Any]] = {}
        self.ids = itertools.count(1000)

    def __call__(self, request: Request, _: Forward) -> Answer:
        if request.method == "POST":
            value = json.loads(request.body)
            if self.schema is None or not self.schema.is_valid(value):
                return answered(400, {})
            for _ in range(1 + self.makes_two):
                own = f"t{next(self.ids)}"
                self.items[own] = {**value, "id": own}
            return answered(201, self.items[own])
        found = [*self.items.values()]
        return answered(200, {"items": found, "total": len(found)})


def result(
    requirement: Requirement, own: Contract, operation: str, *, makes_two: bool = False
) -> Result:
    server = Trips(own, makes_two=makes_two)
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        target.capabilities.add(Capability.LISTING)
        return Run(own, target, [], seed=1).check(requirement, own.operations[operation])


DAY = {**TEXT, "format": "date"}


@pytest.mark.parametrize("makes_two", [False, True])
def test_a_body_with_a_date_does_not_show_that_nothing_is_made_twice(
    makes_two: bool,  # noqa: FBT001 - of a table
) -> None:
    own = contract("title", "start", title=TEXT, start=DAY)
    found = result(
        catalogue()["created.nothing-is-made-twice"], own, "POST /trips", makes_two=makes_two
    )

    assert (found.outcome, found.why) == (Outcome.NOT_VERIFIED, Unverified.ABSENT)


@pytest.mark.parametrize("makes_two", [False, True])
def test_a_body_of_a_name_does(
    makes_two: bool,  # noqa: FBT001 - of a table
) -> None:
    own = contract("title", title=TEXT)
    found = result(
        catalogue()["created.nothing-is-made-twice"], own, "POST /trips", makes_two=makes_two
    )

    assert found.outcome is (Outcome.FAILED if makes_two else Outcome.PASSED)


def test_names_of_members_that_may_all_lack_have_no_case_to_keep() -> None:
    own = contract("title", title=TEXT)
    found = result(catalogue()["validation.member-names-keep-their-case"], own, "PATCH /trips/{id}")

    assert (found.outcome, found.why) == (Outcome.NOT_VERIFIED, Unverified.ABSENT)


def test_a_check_that_has_sent_nothing_is_no_pass() -> None:
    def idle(_: Probe) -> None:
        """Nothing is looked at."""

    one = replace(catalogue()["created.plain-request-succeeds"], check=idle)
    found = result(one, contract("title", title=TEXT), "POST /trips")

    assert (found.outcome, found.why) == (Outcome.NOT_VERIFIED, Unverified.ABSENT)
    assert found.actual == "the contract has nothing that a request could show it by"
