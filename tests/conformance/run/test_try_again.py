"""Each cause is tried once more, with other data, and the report says what came of it."""

from dataclasses import replace

import pytest

from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import body_of, with_body
from conformance.catalogue.selection import select
from conformance.report import FORMATS
from conformance.results.baseline import Baseline
from conformance.results.exit_code import BROKEN
from conformance.results.result import Result
from conformance.results.verdict import Verdict
from conformance.run.judging import NOT_SEEN_AGAIN, SEEN_AGAIN, judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from conformance.target.target_settings import AS_RUN
from demo.mock_process import MockProcess
from openapi.contract import Contract

CONTRACT = Contract.bundled()
TOKEN = "dinie_at_first"
VALUES = "created.values-are-documented"


def judged(mock: MockProcess, ids: list[str], *, until_reported: bool) -> tuple[Verdict, int]:
    """The verdict on a target with two wrong members, and the creations that it got."""
    is_wrong, creations = True, 0

    def tamper(request: Request, forward: Forward) -> Answer:
        nonlocal creations
        answer = forward(request)
        if request.method != "POST" or answer.status != 201:
            return answer
        creations += 1
        wrong = {**body_of(answer), "status": "on", "name": 7}
        return with_body(answer, wrong) if is_wrong else answer

    def report(_: Result) -> None:
        nonlocal is_wrong
        is_wrong = not until_reported

    settings = replace(AS_RUN, replay_delay=0.0)
    with Target(mock.base_url, [TOKEN], settings=settings, tamper=tamper) as target:
        run = Run(CONTRACT, target, select(catalogue(), ids), seed=1)
        verdict = judge(run, Level.MUST, Baseline(), report)
        run.clean_up()
    return verdict, creations


@pytest.mark.parametrize(("until_reported", "state"), [(False, SEEN_AGAIN), (True, NOT_SEEN_AGAIN)])
def test_a_violation_is_tried_once_more(
    until_reported: bool,  # noqa: FBT001 - of a table
    state: str,
    healthy: MockProcess,
) -> None:
    verdict, creations = judged(healthy, [VALUES], until_reported=until_reported)

    [result] = verdict.breaking
    assert result.finding is not None
    assert result.finding.state == state
    assert verdict.exit_code == BROKEN
    assert f"again     {state}" in FORMATS["text"](verdict)
    assert creations > 2  # those of the survey and of the check


def test_one_of_a_cause_is_tried_and_the_others_stand_under_it(healthy: MockProcess) -> None:
    verdict, _ = judged(healthy, [VALUES, "created.fields-have-their-types"], until_reported=False)
    text = FORMATS["text"](verdict)

    states = [one.finding.state for one in verdict.violations if one.finding]
    assert states.count(SEEN_AGAIN) == 1
    assert len(states) == len(verdict.violations) > 1
    assert text.count("  rule   ") == 1
    assert text.count("  also   ") == len(verdict.violations) - 1


def test_a_run_without_violations_tries_nothing_again(healthy: MockProcess) -> None:
    with Target(healthy.base_url, [TOKEN], settings=AS_RUN) as target:
        run = Run(CONTRACT, target, select(catalogue(), [VALUES]), seed=1)
        judge(run, Level.MUST, Baseline(), lambda _: None)
        before = target.requests_sent
        run.clean_up()
    assert before < 10
