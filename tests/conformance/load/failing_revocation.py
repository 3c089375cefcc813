"""A process of its own, because Locust changes one: settles a batch whose revocations fail."""

from typing import cast

from conformance.catalogue.judge import Purpose
from conformance.load.locust.reconciliation import Reconciliation
from conformance.load.locust.sending import Sender
from conformance.load.locust.worker_state import WorkerState
from conformance.load.tally import Count
from conformance.target.exchange import Answer
from conformance.target.target import Target
from openapi.contract import Contract


class FailingSender:
    """Revokes all but one resource, and fails on it as no target makes it fail."""

    def __init__(self) -> None:
        self.revoked: list[str] = []

    def revoke(self, handle: str, _: Purpose) -> bool:
        if handle == "id-3":
            raise ArithmeticError("a fault of the harness")
        self.revoked.append(handle)
        return True


with Target("http://127.0.0.1:9/v3", ["dinie_at_of_the_worker"]) as target:
    state, sender = WorkerState(Contract.bundled(), target, 0.0), FailingSender()
    for number in range(8):
        call = state.ledger.open(f"call {number}", state.create.request())
        answer = Answer(201, body=b'{"id": "id-%d", "client_id": "id-%d"}' % (number, number))
        state.confirm(call, answer)
    state.ledger.close()
    Reconciliation(cast(Sender, sender), state).settle_all()

    assert sorted(sender.revoked) == [f"id-{number}" for number in range(8) if number != 3]
    assert state.tally.counts[Count.LEFT_BEHIND] == 1
    assert state.tally.faults == ["ArithmeticError: a fault of the harness"]
    assert not state.ledger.closed
