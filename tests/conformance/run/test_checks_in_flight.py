"""How many checks a run has in flight together."""

import threading
import time

import httpx
import pytest

from conformance.catalogue.selection import select
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from openapi.contract import Contract

CHECKED = ("validation", "problems", "robustness")
"""Sections with checks that generate data and others, none of which sends requests at once."""


class Served:
    """A server that refuses everything after a moment, and counts what it has at once."""

    def __init__(self) -> None:
        self.at_once = self.most = 0
        self._lock = threading.Lock()

    def answer(self, _: httpx.Request) -> httpx.Response:
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.005)
        with self._lock:
            self.at_once -= 1
        return httpx.Response(500)


@pytest.mark.parametrize("jobs", [1, 2, 3, 8])
def test_there_are_as_many_as_was_asked_for_and_no_more(jobs: int) -> None:
    served = Served()
    settings = TargetSettings(replay_delay=0, jobs=jobs)
    transport = httpx.MockTransport(served.answer)
    requirements = select(catalogue(), CHECKED)
    with Target("http://api.test", ("token",), settings, transport=transport) as target:
        assert list(Run(Contract.bundled(), target, requirements, seed=1).results())
    # The half of them wait for their turn to generate.
    assert max(1, jobs // 2) <= served.most <= jobs
