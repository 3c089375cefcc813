"""A Redis server that is killed or hangs while two workers are under load."""

import pytest
import uvloop

from tests.violence.acts import hang_redis, kill_redis, survive
from tests.violence.hosts import TOKEN, SharedStore, host
from tests.violence.ledger import Ledger
from tests.violence.load import Load

pytestmark = [pytest.mark.parametrize("store", ["redis"], indirect=True), pytest.mark.thorough]


def test_nothing_is_lost_where_redis_is_killed(
    store: SharedStore, ledger: Ledger, times: int
) -> None:
    assert store.redis
    with host(store, workers=2) as one:
        load = Load([one.address], TOKEN, ledger, connections=16, outage_allowed=True)
        found = uvloop.run(survive(load, kill_redis(load, store.redis, one, 2 * times)))
    assert found.violations == []
    assert ledger.outages > 0
    # The worker that died while Redis was away, and no other connection.
    assert ledger.half == 0


def test_a_redis_that_hangs_is_reported_while_it_hangs_and_nothing_is_made_twice(
    store: SharedStore, ledger: Ledger, times: int
) -> None:
    assert store.redis
    with host(store, workers=2) as one:
        load = Load([one.address], TOKEN, ledger, connections=16, outage_allowed=True)
        found = uvloop.run(survive(load, hang_redis(load, store.redis, times)))
    assert found.violations == []
    assert ledger.outages > 0
    assert ledger.cut == 0
