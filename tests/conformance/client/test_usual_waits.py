"""The ways in which clients usually back off: chance makes none of them look like a bad one."""

import random
from collections.abc import Callable

import pytest

from tests.conformance.client.journals import DOWN, Recording, broken, created

Waits = Callable[[random.Random, int, float], float]


@pytest.mark.parametrize(
    "waits",
    [
        lambda chance, place, _: chance.uniform(0, 0.5 * 2**place),
        lambda chance, place, _: min(8, 0.5 * 2**place) * (1 - 0.25 * chance.random()),
        lambda chance, _, last: min(20, chance.uniform(0.5, max(last, 0.5) * 3)),
        lambda chance, place, _: 0.2 + 0.2 * place + chance.uniform(0, 0.1),
        lambda chance, place, _: 0.01 * 2**place + chance.uniform(0, 0.01),
        lambda chance, place, _: 0.25 * 2**place + chance.uniform(0, 0.25 * 2**place),
    ],
    ids=["full", "sdk", "decorrelated", "linear", "fast", "equal"],
)
@pytest.mark.parametrize("attempts", [2, 3, pytest.param(4, marks=pytest.mark.thorough), 6])
@pytest.mark.parametrize("calls", [1, 2, pytest.param(5, marks=pytest.mark.thorough), 12])
def test_the_usual_ways_to_back_off_are_not_accused(
    waits: Waits, attempts: int, calls: int
) -> None:
    accused = []
    for seed in range(40):
        chance = random.Random(seed)
        one = Recording(seed)
        for number in range(calls):
            key, last = one.key(), 0.0
            for place in range(attempts):
                one.post(DOWN, f"call {number}", key=key)
                last = waits(chance, place, last)
                one.sleep(last)
            one.post(created(str(number)), f"call {number}", key=key)
        accused += broken(one.entries, "waits")
    # Chance looks like anything once; it must not do so twice in forty runs.
    assert len(accused) <= 1, accused
