"""Workers that die at any moment, with two of them on one store."""

import time
from pathlib import Path

import pytest
import uvloop

from tests.violence.acts import doom_workers, kill_workers, survive
from tests.violence.connection import Address
from tests.violence.dying import AFTER, BEFORE, doom
from tests.violence.hosts import TOKEN, Host, SharedStore, host
from tests.violence.ledger import Ledger
from tests.violence.load import Load
from tests.violence.plan import Plan

_SECONDS_TO_COME_BACK = 60


def all_come_back(one: Host) -> bool:
    deadline = time.monotonic() + _SECONDS_TO_COME_BACK
    while len(one.worker_processes()) < one.workers:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.thorough
def test_nothing_is_lost_where_workers_are_killed_at_random(
    store: SharedStore, ledger: Ledger, times: int
) -> None:
    with host(store, workers=2) as one:
        load = Load([one.address], TOKEN, ledger, connections=32)
        found = uvloop.run(survive(load, kill_workers(load, one, 2 * times)))
        assert all_come_back(one)
        assert one.stop() == 0
        assert one.mock.log() == ""
    assert found.violations == []
    assert ledger.cut > 0


async def die_once(address: Address, marker: Path, moment: str) -> Ledger:
    """A client whose answer is lost, and who asks again."""
    ledger = Ledger(Plan(creates=1, keys=1, seed=moment))
    alone = Load([address], TOKEN, ledger, connections=1)
    doom(marker, moment)
    await alone.run()
    assert (ledger.cut, ledger.half) == (1, 0)
    [[answer]] = ledger.answers
    assert answer.replayed == (moment == AFTER)
    return ledger


@pytest.mark.thorough
def test_a_death_at_a_commit_leaves_one_resource(
    store: SharedStore, ledger: Ledger, tmp_path: Path, times: int
) -> None:
    marker = tmp_path / "marker"
    deaths = 3 * times
    with host(store, workers=2, program=("-m", "tests.violence.dying", str(marker))) as one:
        alone = [uvloop.run(die_once(one.address, marker, moment)) for moment in (BEFORE, AFTER)]
        load = Load([one.address], TOKEN, ledger, connections=8)
        found = uvloop.run(survive(load, doom_workers(load, marker, deaths), before=alone))
        assert all_come_back(one)
    assert found.violations == []
    assert ledger.cut >= deaths
