"""A target that is away for a moment is waited for; one that is gone is given up."""

import random
from collections.abc import Callable

import httpx
import pytest

from conformance.probe.probe import Probe
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.errors import Unreachable
from conformance.target.exchange import Request
from conformance.target.target import Target
from openapi.contract import Contract

CONTRACT = Contract.bundled()
CREATE = CONTRACT.operations["createCredential"]
LIST = Request("GET", "/auth/credentials")
GONE = 1000


def away_for(
    tries: int, is_deadly: Callable[[bytes], bool], seen: list[httpx.Request]
) -> httpx.MockTransport:
    """A target that dies of some bodies, and is away for so many tries to connect then."""
    left = 0

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal left
        seen.append(request)
        if left:
            left -= 1
            raise httpx.ConnectError("[Errno 111] Connection refused")
        if is_deadly(request.content):
            left = tries
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return httpx.Response(422)

    return httpx.MockTransport(handle)


def once() -> Callable[[bytes], bool]:
    """Any third request, and none after it."""
    numbers = iter(range(GONE))
    return lambda _: next(numbers) == 2


def test_a_target_that_comes_back_breaks_nothing() -> None:
    with Target("http://t/v3", ["token"], transport=away_for(3, once(), [])) as target:
        probe = Probe(CONTRACT, CREATE, target, random.Random(1))
        answers = [probe.send(LIST) for _ in range(5)]
        assert {one.status for one in answers} == {422}
        assert [one.is_repeated for one in answers] == [False, False, True, False, False]
        # The request on its way, and the one that asks whether it is back.
        assert target.transients.count == 2


def test_a_target_that_is_gone_is_waited_for_once() -> None:
    seen: list[httpx.Request] = []
    with Target("http://t/v3", ["token"], transport=away_for(GONE, once(), seen)) as target:
        target.most_away_seconds = 0.6
        probe = Probe(CONTRACT, CREATE, target, random.Random(1))
        for _ in range(2):
            probe.send(LIST)
        with pytest.raises(Unreachable, match="refused"):
            probe.send(LIST)
        seen.clear()
        with pytest.raises(Unreachable, match="refused"):
            probe.send(LIST)
        assert len(seen) == 1


def test_a_target_that_never_answered_is_not_waited_for() -> None:
    seen: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        raise httpx.ConnectError("[Errno 111] Connection refused")

    refusing = httpx.MockTransport(refuse)
    with Target("http://t/v3", ["token"], transport=refusing) as target, pytest.raises(Unreachable):
        target.send(LIST)
    assert len(seen) == 1


def test_what_kills_a_target_each_time_is_found_though_it_comes_back() -> None:
    requirement = catalogue()["robustness.control-characters"]
    deadly = away_for(2, lambda body: rb"\u0000" in body, [])
    with Target("http://t/v3", ["token"], transport=deadly) as target:
        result = Run(CONTRACT, target, [requirement], seed=1).check(requirement, CREATE)
    assert result.outcome is Outcome.FAILED
    assert "closed" in result.actual
