"""More checks are in flight while a slow target bears them, and the fewest from a 429 on."""

import pytest

from conformance.target.exchange import Answer
from conformance.target.in_flight import FEWEST, InFlight
from dinie_contract.options import MOST_CHECKS as MOST

BEGIN, FLAT, QUEUED = 400, 0.08, 0.3


def after(flight: InFlight, seconds: float, answers: int = BEGIN, status: int = 200) -> int:
    for _ in range(answers):
        flight.add(Answer(status, seconds=seconds))
    return flight.number()


def test_a_slow_target_gets_more_until_the_most() -> None:
    flight = InFlight()
    assert flight.number() == FEWEST
    assert after(flight, FLAT, answers=FEWEST * 3) > FEWEST
    assert after(flight, FLAT) == MOST


def test_a_quick_target_gets_no_more() -> None:
    assert after(InFlight(), 0.005) == FEWEST


def test_a_target_whose_answers_take_longer_for_it_gets_fewer() -> None:
    flight = InFlight()
    most = after(flight, FLAT)
    assert after(flight, QUEUED, answers=MOST * 3) < most
    assert after(flight, QUEUED, answers=MOST * 6) >= FEWEST


def test_a_target_that_became_slower_for_good_gets_more_again() -> None:
    flight = InFlight()
    after(flight, FLAT)
    assert after(flight, QUEUED, answers=MOST * 60) == MOST


def test_a_few_answers_that_take_long_change_nothing() -> None:
    flight = InFlight()
    for _ in range(40):
        after(flight, FLAT, answers=9)
        after(flight, 5.0, answers=1)
    assert flight.number() == MOST


@pytest.mark.parametrize("before", [0, BEGIN])
def test_a_limited_target_gets_the_fewest_for_good(before: int) -> None:
    flight = InFlight()
    after(flight, FLAT, answers=before)
    assert after(flight, FLAT, answers=1, status=429) == FEWEST
    assert after(flight, FLAT) == FEWEST


@pytest.mark.parametrize("most", [1, 5, FEWEST, 20])
def test_there_are_never_more_than_was_asked_for(most: int) -> None:
    flight = InFlight(most)
    assert flight.number() == min(FEWEST, most)
    assert after(flight, FLAT) == most
    assert after(flight, QUEUED, answers=300) <= most
