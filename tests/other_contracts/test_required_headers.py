"""A header that the contract requires of an answer is asked for, whatever its status says."""

from dataclasses import replace
from urllib.parse import unquote

import pytest

from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.crates import answered
from tests.other_contracts.judging import TOKENS
from tests.other_contracts.styles import TEXT, WHOLE, answer, document, parameter, thing

WAITS = {"Retry-After": {"required": True, "schema": WHOLE}}
REQUIREMENT = catalogue()["operations.required-headers-are-there"]


@pytest.mark.parametrize("status", ["200", "404", "429"])
@pytest.mark.parametrize("is_there", [True, False])
def test_it_is_missed_with_each_documented_status(status: str, *, is_there: bool) -> None:
    responses = {"200": answer(thing(["id"], id=TEXT)), "404": answer(), "429": answer()}
    responses[status]["headers"] = WAITS
    [operation] = Contract(document("Waits", {
        "/things/{id}": {"get": {"parameters": [parameter("id", "path", TEXT)],
                                 "responses": responses}},
    })).operations.values()  # fmt: skip
    headers = (("retry-after", "1"),) if is_there else ()
    exchange = JudgedExchange(
        operation, Request("GET", "/things/1"), Answer(int(status), headers=headers),
        Purpose.OBSERVED,
    )  # fmt: skip

    found = [one.found(exchange) for one in REQUIREMENT.judges if one.looks_at(exchange)]
    assert [one is None for one in found] == [is_there]


NAMED = thing(["code"], code=TEXT)


def countries(**made: object) -> Contract:
    """A contract of countries, which nobody makes unless the operation for that is given."""
    shown = {"200": {**answer(NAMED), "headers": WAITS}, "404": answer()}
    told = {"200": {**answer(), "headers": WAITS}, "404": answer()}
    listed = {"200": answer({"type": "array", "items": NAMED})}
    return Contract(document("Countries", {
        "/countries": {"get": {"responses": listed}, "head": {"responses": told}, **made},
        "/countries/{code}": {"parameters": [parameter("code", "path", TEXT)],
                              "get": {"responses": shown}, "head": {"responses": told}},
    }))  # fmt: skip


MAKES = {"requestBody": {"required": True, "content": {"application/json": {"schema": NAMED}}},
         "responses": {"201": answer(NAMED)}}  # fmt: skip


class Countries:
    """A server of countries, which sends the header with some methods."""

    def __init__(self, *methods: str) -> None:
        self.methods = methods
        self.made = {"ES"}

    def __call__(self, request: Request, _: Forward) -> Answer:
        code = unquote(request.path.removeprefix("/countries").strip("/"))
        if request.method == "POST":
            code = str(request.members["code"])
            self.made.add(code)
            return answered(201, {"code": code})
        if code and code not in self.made:
            return Answer(404)
        found = answered(200, {"code": code} if code else [{"code": one} for one in self.made])
        more = (("retry-after", "1"),) if request.method in self.methods else ()
        body = b"" if request.method == "HEAD" else found.body
        return replace(found, headers=(*found.headers, *more), body=body)


@pytest.mark.parametrize("made", [{}, {"post": MAKES}], ids=["by nobody", "by a POST"])
@pytest.mark.parametrize(
    ("operation", "methods", "outcome"),
    [
        ("GET /countries/{code}", ["GET", "HEAD"], Outcome.PASSED),
        ("GET /countries/{code}", ["HEAD"], Outcome.FAILED),
        ("HEAD /countries/{code}", ["GET", "HEAD"], Outcome.PASSED),
        ("HEAD /countries/{code}", ["GET"], Outcome.FAILED),
        ("HEAD /countries", ["GET", "HEAD"], Outcome.PASSED),
        ("HEAD /countries", ["GET"], Outcome.FAILED),
    ],
)
def test_it_is_asked_for_of_any_get_and_head(
    operation: str, methods: list[str], outcome: Outcome, made: dict[str, object]
) -> None:
    contract = countries(**made)
    one = contract.operations[operation]
    assert REQUIREMENT.applies_to(one)
    with Target("http://target.invalid", TOKENS, tamper=Countries(*methods)) as target:
        assert Run(contract, target, [], seed=1).check(REQUIREMENT, one).outcome is outcome
