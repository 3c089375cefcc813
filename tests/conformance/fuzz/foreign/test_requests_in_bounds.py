"""A finding's file may ask for any number of requests: they are bounded, and no end is a mend."""

from dataclasses import replace
from pathlib import Path

import pytest

from conformance import generation
from conformance.catalogue.requirement import Level
from conformance.cli import replay
from conformance.fuzz.findings import exporting, shrinking
from conformance.fuzz.findings.exporting import can_be_exported
from conformance.fuzz.sharing import Sharing
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.verdicts import verdict_of
from conformance.results.exit_code import BROKEN
from conformance.target.errors import AllowanceSpent
from conformance.target.exchange import Request
from demo.mock_process import MockProcess
from demo.redis_server import PROGRAM, redis_server
from tests.conformance.cli.command_line import run
from tests.conformance.fuzz.conftest import TOKENS, Campaigns
from tests.conformance.fuzz.foreign.campaigns import WHOLE
from tests.conformance.fuzz.test_sharing import DATA, PASSWORD

JUDGED = "generated.nothing-makes-it-fail"
FEW = 20
SMALL = replace(WHOLE, requirement=JUDGED, work=f"{JUDGED} [createCredential]",
                steps=WHOLE.steps[:1])  # fmt: skip
RARE = replace(SMALL, tries=10**6, failures=1)
"""It asks for a thousand attempts."""
LONG = replace(SMALL, steps=SMALL.steps * 2000)
DEEP = replace(
    SMALL,
    requirement=DATA,
    work=f"{DATA} [createCredential]",
    steps=(),
    examples={},
    effort=dict.fromkeys(SMALL.effort, 100),
)
"""Its check generates a hundred times as much as that of a run."""


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (replay, shrinking, exporting):
        monkeypatch.setattr(module, "MOST_REQUESTS", FEW)


@pytest.mark.parametrize("finding", [RARE, LONG, DEEP], ids=["attempts", "steps", "effort"])
def test_a_replay_that_is_cut_short_is_no_mend(
    finding: Finding,
    healthy: MockProcess,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "finding.json"
    path.write_text(finding.text())
    assert run("replay", str(path), "--url", healthy.base_url, "--token", TOKENS[0]) == 2
    [line] = capsys.readouterr().out.splitlines()
    assert line == (
        f"No verdict: MUST {finding.id} {finding.requirement} [{finding.operation}]: it did not"
        f" fail in the {FEW} requests that a replay sends at most, and its file asks for more"
    )


def test_no_more_is_sent_than_is_allowed_in_number_and_in_time(campaigns: Campaigns) -> None:
    target = campaigns().target
    request = Request("GET", "/auth/credentials")
    with target.allowing(3):
        for _ in range(3):
            target.send(request)
        with pytest.raises(AllowanceSpent):
            target.send(request)
    assert target.requests_sent == 3
    with target.allowing(3, end=0.0), pytest.raises(AllowanceSpent):
        target.send(request)
    target.send(request)
    assert target.requests_sent == 4


@pytest.mark.parametrize("finding", [RARE, LONG], ids=["attempts", "steps"])
def test_a_directory_costs_no_more_either_and_keeps_its_findings(
    finding: Finding, campaigns: Campaigns
) -> None:
    first = campaigns(None, JUDGED)
    first.save()
    first.record.findings.keep(finding)
    campaign = campaigns(None, JUDGED, resume=True, max_findings=1)
    campaign.work_through()
    assert campaign.record.counters.requests < 2 * FEW
    assert finding.key in campaign.record.findings
    assert verdict_of(campaign.record, Level.MUST).exit_code == BROKEN


@pytest.mark.skipif(PROGRAM is None, reason="NOT TESTED: no redis-server on PATH")
@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_a_finding_of_others_whose_replay_was_cut_short_stays_theirs(
    seconds: float, campaigns: Campaigns, tmp_path: Path
) -> None:
    with redis_server(tmp_path, PASSWORD) as redis:
        corpus = generation.SharedCorpus(redis.url, "here")
        values = {one.text().encode() for one in (RARE, replace(LONG, cause="another"))}
        for value in values:
            corpus.save(b"findings", value)
        campaign = campaigns(None, JUDGED)
        generation.load()
        Sharing(corpus, campaign.record).begin(campaign._shrinker, seconds)
        assert set(corpus.fetch(b"findings")) == values
        assert campaign.target.requests_sent <= 2 * FEW
        assert not campaign.record.findings


def test_what_a_replay_could_not_send_is_in_no_exported_test() -> None:
    assert can_be_exported(SMALL)
    assert not any(can_be_exported(one) for one in (RARE, LONG))
