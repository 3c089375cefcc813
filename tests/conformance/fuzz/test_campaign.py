"""Campaigns: nothing to find on a healthy server, and every subtle fault found on a faulty one."""

from pathlib import Path

import pytest

from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage
from conformance.fuzz.verdicts import verdict_of
from conformance.results.exit_code import CONFORMS, NO_VERDICT
from conformance.target.exchange import Answer, Forward, Request
from demo.mock_process import MockProcess
from tests.conformance.cli.command_line import active
from tests.conformance.fuzz.conftest import TOKENS, Campaigns


def test_nothing_is_found_on_a_healthy_server_and_nothing_is_left(
    campaigns: Campaigns, healthy: MockProcess
) -> None:
    before = active(healthy, TOKENS[0])
    campaign = campaigns(max_turns=120)
    campaign.work_through()
    assert not campaign.record.findings
    verdict = verdict_of(campaign.record, Level.SHOULD)
    assert verdict.exit_code == CONFORMS, verdict.line
    assert campaign.record.coverage.line().startswith("operations 4/4")
    assert (active(healthy, TOKENS[0]), campaign.record.left_behind) == (before, set())
    state = campaign.record.directory.state()
    assert state["counters"]["requests"] == campaign.target.requests_sent
    assert not any("error" in one for one in state["counters"]["outcomes"].values())


def test_the_same_seed_makes_the_same_turns(campaigns: Campaigns, tmp_path: Path) -> None:
    def turns(seed: int) -> list[tuple[str, int, int]]:
        campaign = campaigns(seed=seed)
        (campaign.record.directory.path / "campaign.json").unlink(missing_ok=True)
        return [
            (one.work.name, one.seed, one.budget.times)
            for _ in range(20)
            for one in campaign.schedule.next(5)
        ]

    assert turns(1) == turns(1) != turns(2)


@pytest.mark.thorough
def test_a_must_that_the_target_keeps_from_judgement_is_no_pass(campaigns: Campaigns) -> None:
    def limited_pages(request: Request, forward: Forward) -> Answer:
        return Answer(429) if request.method == "GET" else forward(request)

    fault = Sabotage("limit pages", lambda: limited_pages)
    patterns = "lists.only-ones-own", "created.plain-request-succeeds"
    campaign = campaigns(fault, *patterns, max_turns=12)
    campaign.work_through()
    verdict = verdict_of(campaign.record, Level.MUST)

    assert verdict.exit_code == NO_VERDICT
    assert "lists.only-ones-own [listCredentials]" in verdict.line
    again = campaigns(None, *patterns, resume=True).record
    assert verdict_of(again, Level.MUST).line == verdict.line
