"""A target that limits many requests keeps no run for ever, and is not accused for that."""

import itertools
import threading
import time
from collections.abc import Callable

import pytest

from conformance.catalogue.requirement import Level
from conformance.catalogue.selection import select
from conformance.results.baseline import Baseline
from conformance.results.exit_code import NO_VERDICT
from conformance.results.result import Outcome
from conformance.results.verdict import Verdict
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.errors import TargetError
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.retry_after import WaitingTime
from conformance.target.target import Target
from demo.mock_process import MockProcess
from openapi.contract import Contract

CONTRACT = Contract.bundled()
LIMITED = Answer(429, (("retry-after", "0"),))


def limited(mock: MockProcess, most_seconds: float, after: int) -> Verdict:
    """The verdict on a target that limits every second request from then on."""
    number = itertools.count()

    def tamper(request: Request, forward: Forward) -> Answer:
        count = next(number)
        return LIMITED if count > after and count % 2 else forward(request)

    with Target(mock.base_url, ["dinie_at_first"], tamper=tamper) as target:
        target.waits = WaitingTime(most_seconds)
        run = Run(CONTRACT, target, select(catalogue(), ["created.*", "problems.*"]), seed=1)
        verdict = judge(run, Level.MUST, Baseline(), lambda _: None)
        run.clean_up()
        assert run.left_behind == []
    return verdict


@pytest.mark.parametrize("after", [0, 20])
def test_a_run_that_would_only_wait_comes_to_no_verdict(after: int, healthy: MockProcess) -> None:
    verdict = limited(healthy, 0.0, after)
    assert verdict.exit_code == NO_VERDICT
    assert verdict.line.startswith(f"No verdict: {healthy.base_url} limits too many requests")
    assert "--max-rps" in verdict.line
    assert not verdict.complete
    assert {one.outcome for one in verdict.results} <= {Outcome.PASSED, Outcome.NOT_VERIFIED}


@pytest.mark.thorough
def test_a_target_that_limits_within_that_time_is_judged(healthy: MockProcess) -> None:
    verdict = limited(healthy, 3600.0, 0)
    assert verdict.complete
    assert verdict.violations == ()


def in_threads(count: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def test_what_threads_wait_for_at_the_same_time_counts_once() -> None:
    waits, together = WaitingTime(0.2), threading.Barrier(8)

    def wait() -> None:
        with waits.counted():
            together.wait()
            time.sleep(0.1)

    start = time.monotonic()
    in_threads(8, wait)
    if time.monotonic() - start < 0.2:
        waits.expect_more("http://target")
    in_threads(8, wait)
    with pytest.raises(TargetError, match=r"the waits .* took \d+ s"):
        waits.expect_more("http://target")
