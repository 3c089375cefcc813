"""A process of its own, because Locust changes one: revokes where limits would never end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

from conformance.catalogue.judge import Purpose
from conformance.load.locust.sending import Sender
from conformance.load.locust.worker_state import WorkerState
from conformance.load.tally import Count
from conformance.target.capabilities import Capability
from conformance.target.target import Target
from openapi.contract import Contract


class LimitingClient:
    """Every answer is a 429 that asks for a minute."""

    def __init__(self) -> None:
        self.client = SimpleNamespace(cookiejar=None)
        self.sent = 0

    @contextmanager
    def request(self, *_: object, **__: object) -> Iterator[Any]:
        self.sent += 1
        yield SimpleNamespace(
            status_code=429,
            headers={"Retry-After": "60"},
            content=b"",
            request_meta={"exception": None, "response_time": 1.0, "name": ""},
            failure=lambda _: None,
            success=lambda: None,
        )


with Target("http://127.0.0.1:9/v3", ["dinie_at_of_the_worker"]) as target:
    target.capabilities.add(Capability.REVOCATION)
    state, client = WorkerState(Contract.bundled(), target, 0.0), LimitingClient()
    state.last_wait = time.monotonic() + 1
    sender = Sender(cast(Any, client), state, " (clean-up)")
    assert not sender.revoke("id-1", Purpose.REVOKE)
    assert client.sent == 1
    assert state.tally.counts[Count.GIVEN_UP] == 1
