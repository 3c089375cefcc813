"""A partner's clock that jumps while clients are at work."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
import uvloop

from tests.violence.acts import moments, survive
from tests.violence.hosts import TOKEN, Host, SharedStore, host
from tests.violence.ledger import Ledger
from tests.violence.load import Load
from tests.violence.plan import Plan
from tests.violence.reconciliation import reconcile

pytestmark = pytest.mark.thorough

_HOUR = 3600
_LIFE = 24 * _HOUR


@pytest.fixture
def mock(store: SharedStore) -> Iterator[Host]:
    # One worker: with several there is no control plane.
    with host(store) as one:
        yield one


class Clock:
    """The clock of the partner, from outside; times are seconds ahead of the machine's."""

    def __init__(self, mock: Host) -> None:
        partners = f"{mock.mock.origin}/_mock/partners"
        [partner] = httpx.get(partners).raise_for_status().json()["data"]
        self._url = f"{partners}/{partner['id']}/clock"
        self.ahead = 0

    def move(self, ahead: int) -> None:
        seconds = ahead - self.ahead
        moved = httpx.post(f"{self._url}/advance", json={"seconds": seconds}).raise_for_status()
        self.ahead = ahead
        assert round(moved.json()["ahead_seconds"]) == ahead


async def jump(load: Load, clock: Clock, times: int, earliest: int, latest: int) -> None:
    """Set the clock forward and back, between two times that are less than a key's life apart."""
    assert latest - earliest < _LIFE
    async for random in moments(load, times):
        await asyncio.to_thread(clock.move, random.randint(earliest, latest))


def test_within_the_life_of_a_key_no_jump_makes_a_second_resource(
    mock: Host, ledger: Ledger, times: int
) -> None:
    clock = Clock(mock)
    load = Load([mock.address], TOKEN, ledger, connections=16)
    found = uvloop.run(survive(load, jump(load, clock, 10 * times, -11 * _HOUR, 11 * _HOUR)))
    assert found.violations == []


def test_beyond_its_life_a_key_makes_one_more_and_going_back_makes_none(
    mock: Host, times: int
) -> None:
    clock = Clock(mock)
    plan = Plan(creates=400 * times, keys=100 * times)
    first, second, third = (Ledger(plan) for _ in range(3))

    async def whole() -> list[dict[str, object]]:
        load = Load([mock.address], TOKEN, first, connections=16)
        await load.run()
        await load.replay()
        await asyncio.to_thread(clock.move, 25 * _HOUR)
        load = Load([mock.address], TOKEN, second, connections=16)
        await survive(load, jump(load, clock, 5 * times, 25 * _HOUR, 40 * _HOUR))
        # Back where they had their first lives: what a key made last is what it answers.
        await asyncio.to_thread(clock.move, 0)
        load = Load([mock.address], TOKEN, third, connections=16)
        await load.run()
        return await load.listed()

    listed = uvloop.run(whole())
    assert reconcile(listed, first, second).violations == []
    for index, answers in enumerate(third.answers):
        assert {one.body for one in answers} == {second.answers[index][0].body}, f"key #{index}"
        assert all(one.replayed for one in answers), f"key #{index}"
