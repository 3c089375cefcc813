"""A process of its own, because Locust changes one: settles a batch by a list without an end."""

import itertools
from typing import cast

from conformance.catalogue.judge import Purpose
from conformance.load.locust.reconciliation import Reconciliation
from conformance.load.locust.sending import Page, Sender
from conformance.load.locust.worker_state import WorkerState
from conformance.load.tally import Count
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer
from conformance.target.target import Target
from openapi.contract import Contract

MOST_PAGES = 2000


class EndlessSender:
    """Its list has another item on every page, and none of the batch's."""

    def __init__(self) -> None:
        self.pages = itertools.count(1)
        self.revoked: list[str] = []

    def page(self, _: int, after: str) -> Page:
        name = f"other {next(self.pages)}"
        return Page([{"id": name, "client_id": name, "name": name, "status": "active"}], name)

    def revoke(self, handle: str, _: Purpose) -> bool:
        self.revoked.append(handle)
        return True


with Target("http://127.0.0.1:9/v3", ["dinie_at_of_the_worker"]) as target:
    target.capabilities.add(Capability.LISTING)
    state, sender = WorkerState(Contract.bundled(), target, 0.0), EndlessSender()
    call = state.ledger.open("the call", state.create.request())
    state.confirm(call, Answer(201, body=b'{"id": "id-1", "client_id": "id-1"}'))
    state.ledger.close()
    Reconciliation(cast(Sender, sender), state).settle_all()

    assert next(sender.pages) == MOST_PAGES + 1
    assert state.tally.counts[Count.MISSING] == 0
    assert state.tally.counts[Count.NOT_RECONCILED] == 1
    assert sender.revoked == ["id-1"]
    assert state.tally.faults == []
