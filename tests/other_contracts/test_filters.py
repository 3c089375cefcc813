"""Filters of lists: one that is overlooked is found, whatever another compares by."""

import pytest

from conformance.results.result import Outcome, Result
from conformance.target.exchange import Answer
from tests.other_contracts.crates import SETTABLE, Compare, Crates, answered, judged_crates

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
