"""Campaigns: nothing to find on a healthy server, and every subtle fault found on a faulty one."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.fuzz.exporting import as_pytest, can_be_exported
from conformance.fuzz.finding import Finding
from conformance.fuzz.replaying import fails
from conformance.fuzz.verdicts import verdict_of
from conformance.model import Level
from conformance.sabotage import Sabotage
from conformance.target import Target
from conformance.verdict import BROKEN, CONFORMS
from demo.mock_process import MockProcess
from tests.conformance.command_line import active
from tests.fuzz.conftest import CONTRACT, TOKENS, Campaigns
from tests.fuzz.faults import LEAK, ODD_HEADER, ON_A_PLANE, RACE, REVOKED_REPLAY, WRONG_REPLAY

FOUND: dict[str, tuple[Sabotage, tuple[str, ...], str]] = {
    "plane": (ON_A_PLANE, ("generated",), "generated."),
    "replay": (WRONG_REPLAY, ("idempotency.replay-is-identical",), "idempotency."),
    "revoked": (REVOKED_REPLAY, ("sequences",), "sequences.model-holds"),
    "race": (RACE, ("idempotency.no-second-resource", "idempotency.sim*"), "idempotency."),
    "leak": (LEAK, ("lists", "secrets.never-in-the-list", "idempotency"), ""),
    "header": (ODD_HEADER, ("generated.media-types-are-documented",), "generated."),
}
MOST_TURNS = 300


@pytest.mark.parametrize("name", FOUND)
def test_a_subtle_fault_is_found_and_shrunk_and_replayed(
    name: str, campaigns: Campaigns, healthy: MockProcess, tmp_path: Path
) -> None:
    fault, patterns, requirement = FOUND[name]
    campaign = campaigns(fault, *patterns, max_findings=1, max_turns=MOST_TURNS)
    campaign.work_through()
    [finding, *_] = campaign.record.findings.values()
    assert finding.requirement.startswith(requirement)
    assert 0 < len(finding.steps) <= 5
    assert finding.curl
    assert finding.python
    assert campaign.record.counters.turns <= MOST_TURNS + 10
    assert verdict_of(campaign.record, Level.SHOULD).exit_code == BROKEN
    if fault is WRONG_REPLAY:
        assert finding.state.startswith("flaky")
    kept = Finding.read(campaign.record.directory.path_of(finding))
    work = campaign.works[finding.work]
    campaign.target.go_on()
    seen = [fails(CONTRACT, campaign.target, kept, work) for _ in range(kept.attempts)]
    assert True in seen
    with Target(healthy.base_url, TOKENS, patience=0) as well:
        well.capabilities |= campaign.target.capabilities
        assert fails(CONTRACT, well, kept, work) is False
    if can_be_exported(finding):
        file = tmp_path / "test_found.py"
        file.write_text(as_pytest(healthy.base_url, [finding]))
        assert pytest_of(file) == 0


def pytest_of(file: Path, **environment: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    tokens = {"DINIE_TOKEN": TOKENS[0], "DINIE_SECOND_TOKEN": TOKENS[1], **environment}
    return subprocess.run(command, env=tokens, cwd=file.parent, check=False).returncode


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
    def turns(seed: int) -> list[Any]:
        campaign = campaigns(seed=seed)
        (campaign.record.directory.path / "campaign.json").unlink(missing_ok=True)
        return [
            (one.work.name, one.seed, one.effort.times)
            for _ in range(20)
            for one in campaign.schedule.next(5)
        ]

    assert turns(1) == turns(1) != turns(2)
