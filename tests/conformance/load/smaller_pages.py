"""A process of its own, because Locust changes one: settles batches by lists of small pages.

No contract says how many items their pages have. Behind the last page there is none, or that again.
"""

from typing import Any

from conformance.load.locust.reconciliation import Reconciliation
from conformance.load.locust.sending import Sender
from conformance.load.locust.worker_state import WorkerState
from conformance.load.tally import Count
from conformance.probe.probe import Probe
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Request
from conformance.target.target import Target
from openapi.contract import Contract
from tests.other_contracts.crates import answered
from tests.other_contracts.paged import KINDS, Server, contract_of, last_again

KIND = KINDS["no word of the next, nor of the largest page, by page"]


class Through(Sender):
    """Asks a server in this process."""

    def __init__(self, state: WorkerState, server: Server) -> None:
        self._state = state
        self.server = server

    def send(self, _: Probe, request: Request, *__: Any, **___: Any) -> Answer:
        answer = self.server(request, lambda _: Answer(500))
        return answered(404, {}) if answer.json() == [] else answer

    def revoke(self, *_: object, **__: object) -> bool:
        return True


for fault in (None, last_again):
    with Target("http://127.0.0.1:9", ["the token of the worker"]) as target:
        target.capabilities.add(Capability.LISTING)
        state = WorkerState(Contract(contract_of(KIND)), target, 0.0)
        sender = Through(state, Server(KIND, fault))
        sender.server.items += [{"id": f"o{at}", "name": "another"} for at in range(10, 40)]
        for name in ("one", "two"):
            call = state.ledger.open(name, state.create.request())
            sender.server.items.append({"id": name, "name": name})
            state.confirm(call, answered(201, {"id": name, "name": name}))
        state.ledger.close()
        Reconciliation(sender, state).settle_all()

        assert state.tally.faults == []
        assert state.tally.counts[Count.MISSING] == 0
        assert state.tally.counts[Count.NOT_RECONCILED] == 0
        assert state.tally.counts[Count.LISTED] == 2
