"""Filters of lists: one that is overlooked is found, whatever another compares by."""

import pytest

from conformance.results.result import Outcome, Result
from tests.other_contracts.crates import SETTABLE, Compare, Crates, judged_crates

NAMES = [*SETTABLE, "state"]


def judged(**compares: Compare) -> Result:
    return judged_crates("reads.list-is-filtered", Crates(compares), "GET /crates")


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
