"""The reconciler reports every server that is wrong, and accuses none that is right."""

import pytest
import uvloop

from tests.violence.ledger import Ledger
from tests.violence.load import Load
from tests.violence.plan import Plan
from tests.violence.reconciliation import Reconciliation, reconcile
from tests.violence.wrong_servers import WRONGS, wrong_server


def judged(wrong: str | None, plan: Plan | None = None) -> Reconciliation:
    async def whole() -> Reconciliation:
        async with wrong_server(wrong) as address:
            ledger = Ledger(plan or Plan(creates=120, keys=30))
            load = Load([address], "token", ledger, connections=8)
            await load.run()
            await load.replay()
            return reconcile(await load.listed(), ledger)

    return uvloop.run(whole())


def test_a_server_that_is_right_is_not_accused() -> None:
    found = judged(None)
    assert found.violations == []
    assert (found.lost, found.made_twice, found.compared) == (0, 0, 120)


@pytest.mark.parametrize(("wrong", "rule"), WRONGS.items())
def test_a_server_that_is_wrong_is_reported(wrong: str, rule: str) -> None:
    found = judged(wrong)
    assert rule in {one.rule for one in found.violations}
    assert bool(found.lost) == (wrong == "forgets a confirmed create")
