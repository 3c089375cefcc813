"""A header that the contract requires of an answer is asked for, whatever its status says."""

import pytest

from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.server import catalogue
from conformance.target.exchange import Answer, Request
from openapi.contract import Contract
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
