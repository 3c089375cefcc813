"""A Redis server that is killed or hangs while two workers are under load."""

import uvloop

from tests.violence.acts import hang_redis, kill_redis, survive
from tests.violence.hosts import TOKEN, SharedStore, host
from tests.violence.ledger import Ledger
from tests.violence.load import Load


def test_nothing_is_lost_where_redis_is_killed(
    redis_store: SharedStore, ledger: Ledger, times: int
) -> None:
    assert redis_store.redis
    with host(redis_store, workers=2) as one:
        load = Load([one.address], TOKEN, ledger, connections=16, outage_allowed=True)
        found = uvloop.run(survive(load, kill_redis(load, redis_store.redis, 2 * times)))
    assert found.violations == []
    assert ledger.outages > 0
    assert ledger.cut == 0


def test_a_redis_that_hangs_is_told_while_it_hangs_and_nothing_is_made_twice(
    redis_store: SharedStore, ledger: Ledger, times: int
) -> None:
    assert redis_store.redis
    with host(redis_store, workers=2) as one:
        load = Load([one.address], TOKEN, ledger, connections=16, outage_allowed=True)
        found = uvloop.run(survive(load, hang_redis(load, redis_store.redis, times)))
    assert found.violations == []
    assert ledger.outages > 0
    assert ledger.cut == 0
