"""Several command lines on one store: killed, begun again, and redeployed under load."""

from contextlib import ExitStack

import pytest
import uvloop

from tests.violence.acts import kill_host, redeploy, survive
from tests.violence.hosts import TOKEN, SharedStore, host
from tests.violence.ledger import Ledger
from tests.violence.load import Load

EACH_STORE = pytest.mark.parametrize(
    ("store", "workers"),
    [("sqlite", 2), ("redis", 1)],
    indirect=["store"],
)


@pytest.mark.thorough
@EACH_STORE
def test_nothing_is_lost_where_one_of_two_hosts_is_killed(
    store: SharedStore, ledger: Ledger, workers: int, times: int
) -> None:
    with ExitStack() as running:
        hosts = [running.enter_context(host(store, workers)) for _ in range(2)]
        load = Load([one.address for one in hosts], TOKEN, ledger, connections=32)
        found = uvloop.run(survive(load, kill_host(load, hosts[0], times)))
    assert found.violations == []
    assert ledger.cut > 0


@pytest.mark.thorough
@EACH_STORE
def test_a_redeploy_under_load_is_orderly(
    store: SharedStore, ledger: Ledger, workers: int, times: int
) -> None:
    codes: list[int] = []
    with host(store, workers) as one:
        load = Load([one.address], TOKEN, ledger, connections=32)
        found = uvloop.run(survive(load, redeploy(load, one, times, codes)))
    assert found.violations == []
    assert codes == [0] * times
    assert ledger.half == 0
