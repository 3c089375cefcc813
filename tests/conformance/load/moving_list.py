"""A process of its own, because Locust changes one: settles a batch by a list that moves.

Each reading misses one of two, as pages by number do where others are revoked meanwhile, and not
the same one.
"""

import itertools
from typing import cast

import gevent

from conformance.load.locust.reconciliation import Reconciliation
from conformance.load.locust.sending import Page, Sender
from conformance.load.locust.worker_state import WorkerState
from conformance.load.tally import Count
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer
from conformance.target.target import Target
from openapi.contract import Contract


class MovingSender:
    """Its list has one of two items; a user would revoke one while it is read again."""

    def __init__(self, state: WorkerState) -> None:
        self.shown = itertools.cycle(["one", "two"])
        self.state = state
        self.is_revoked: list[bool] = []
        """Of each reading, whether a user could revoke one meanwhile."""

    def page(self, *_: object) -> Page:
        user = gevent.spawn(self._revoke)
        user.join(0.1)
        self.is_revoked.append(user.ready())
        name = next(self.shown)
        return Page([{"id": name, "client_id": name, "name": name, "status": "active"}], "")

    def _revoke(self) -> None:
        with self.state.revocation():
            pass

    def revoke(self, *_: object) -> bool:
        return True


with Target("http://127.0.0.1:9/v3", ["dinie_at_of_the_worker"]) as target:
    target.capabilities.add(Capability.LISTING)
    state = WorkerState(Contract.bundled(), target, 0.0)
    sender = MovingSender(state)
    for name in ("one", "two"):
        call = state.ledger.open(name, state.create.request())
        state.confirm(
            call, Answer(201, body=b'{"id": "%s", "client_id": "%s"}' % ((name.encode(),) * 2))
        )
    state.ledger.close()
    Reconciliation(cast(Sender, sender), state).settle_all()

    assert sender.is_revoked == [True, False]
    assert state.tally.counts[Count.MISSING] == 0
    assert state.tally.counts[Count.LISTED] == 2
    assert state.tally.faults == []
