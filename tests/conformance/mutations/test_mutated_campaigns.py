"""A campaign comes to its verdict, and can be resumed, whatever is mutated in the answers."""

from pathlib import Path

import pytest

from conformance.catalogue.requirement import Level
from conformance.fuzz.campaign import Campaign
from conformance.fuzz.findings.exporting import as_pytest
from conformance.fuzz.safety import Breaker
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.record import Record
from conformance.fuzz.verdicts import verdict_of
from conformance.report import FORMATS
from conformance.results.result import Outcome
from conformance.results.verdict import Verdict
from conformance.target.errors import TargetError
from conformance.target.target import Target
from openapi.contract import Contract
from tests.conformance.mutations.server import OPTIONS, URL, Plan, mutated_target

pytestmark = pytest.mark.thorough

CONTRACT = Contract.bundled()
TURNS = 20
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(2, 5))]


def verdict_on(record: Record, target: Target) -> Verdict:
    campaign = Campaign(
        record, target, max_turns=record.counters.turns + TURNS, max_seconds=120,
        breaker=Breaker(CONTRACT, target, 0.0),
    )  # fmt: skip
    void = ""
    try:
        campaign.work_through()
    except TargetError as error:
        void = str(error)
    verdict = verdict_of(record, Level.SHOULD, void)
    for write in FORMATS.values():
        assert write(verdict).encode("utf-8", "backslashreplace")
    assert as_pytest(URL, list(record.findings.values()))
    return verdict


@pytest.mark.parametrize("seed", SEEDS)
def test_a_campaign_comes_to_its_verdict(tmp_path: Path, seed: int) -> None:
    plan = Plan(f"{seed} campaign", share=0.03, steady=0.0 if seed % 2 else 0.15)
    directory = RunDirectory.create(tmp_path / "run")
    with mutated_target(plan.mutated, OPTIONS, provoke_rate_limit=False) as target:
        with directory.held():
            verdict = verdict_on(Record(CONTRACT, directory, URL, seed, ()), target)
            errors = [(one.name, one.actual) for one in verdict.having(Outcome.ERROR)]
            assert not errors, (seed, errors, plan.applied[-50:])
        with RunDirectory.open(directory.path).held():
            again = Record.read(CONTRACT, RunDirectory.open(directory.path), ())
            assert not again.doubt, "its own findings cannot be read"
            assert {one.id for one in again.findings.values()} >= {
                one.finding.id for one in verdict.violations if one.finding
            }
            verdict = verdict_on(again, target)
            assert not verdict.having(Outcome.ERROR), (seed, plan.applied[-50:])
