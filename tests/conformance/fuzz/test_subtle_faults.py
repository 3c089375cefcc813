"""Every subtle fault is found, shrunk to at most five requests, and seen again when replayed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from runpy import run_path

import pytest

from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage
from conformance.fuzz.campaign import ENOUGH
from conformance.fuzz.findings.exporting import as_pytest, can_be_exported
from conformance.fuzz.findings.replaying import fails
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.verdicts import verdict_of
from conformance.results.exit_code import BROKEN
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from demo.mock_process import MockProcess
from tests.conformance.fuzz.conftest import CONTRACT, TOKENS, Campaigns
from tests.conformance.fuzz.faults.inputs import (
    BEYOND_64_BITS,
    ESCAPED_SOLIDUS,
    HANG_UP,
    LEAP_SECOND,
    ODD_HEADER,
    ON_A_PLANE,
    SPLIT_CHARACTER,
)
from tests.conformance.fuzz.faults.keys import (
    LONG_SEQUENCE,
    RACE,
    STRANGERS,
    taken_for_one,
    wrong_replay,
)
from tests.conformance.fuzz.faults.lists import SKIPPING, leak

MOST_STEPS = 5


SEED = 7
"""Of whatever does not depend on it much, and of all with ``--subtle``."""


@dataclass(frozen=True, slots=True)
class Case:
    """A fault, where it is looked for, what is broken by it, and what it may take to find it.

    ``seconds`` are given to the campaign, far more than it takes on a slow machine; it ends as
    soon as it has found something. ``requests`` are all that it may send, shrinking included.
    What is rare need not be seen again before it is replayed.
    """

    fault: Sabotage
    patterns: tuple[str, ...]
    broken: str
    requests: int
    seed: int = SEED
    seconds: float = 300
    is_rare: bool = False


FAILS = "generated.nothing-makes-it-fail"
TYPES = "generated.media-types-are-documented"
BACK = "generated.accepted-data-comes-back"
REPLAY = "idempotency.replay-is-identical"
ONE = ("idempotency.no-second-resource", "idempotency.simultaneous*")
ACCEPTED = "idempotency.fresh-key-is-accepted"
FOREIGN = "idempotency.key-belongs-to-its-partner"
PAGES = "lists.pagination-is-complete"
SECRETS = ("lists", "secrets.never-in-the-list", "idempotency")

CASES: Mapping[str, Case] = {
    "plane": Case(ON_A_PLANE, ("generated",), "generated.", 2000, seed=4),
    "number": Case(BEYOND_64_BITS, (FAILS,), FAILS, 2000, seed=3),
    "leap second": Case(LEAP_SECOND, (FAILS,), FAILS, 2000, seed=1),
    "hang up": Case(HANG_UP, (FAILS,), FAILS, 2000, seed=4),
    "header": Case(ODD_HEADER, (TYPES,), TYPES, 2000, seed=2),
    "solidus": Case(ESCAPED_SOLIDUS, (BACK,), BACK, 2000, seed=4),
    "chunks": Case(SPLIT_CHARACTER, (BACK,), BACK, 2000, seed=4),
    "sequence": Case(LONG_SEQUENCE, ("sequences",), "sequences.model-holds", 4000, seed=3),
    "race": Case(RACE, ONE, "idempotency.", 3000),
    "strangers": Case(STRANGERS, (FOREIGN,), FOREIGN, 2000),
    "pages": Case(SKIPPING, (PAGES,), PAGES, 4000),
    "replay": Case(wrong_replay(300), (REPLAY,), REPLAY, 6000, is_rare=True),
    "two keys": Case(taken_for_one(12), (ACCEPTED,), ACCEPTED, 10_000, is_rare=True),
    "leak": Case(leak(200), SECRETS, "", 6000),
}
"""What is drawn follows from the seed, and these find it soon; keys are others each time."""

WHOLE: Mapping[str, Case] = {
    **{name: replace(one, seed=SEED, requests=40_000) for name, one in CASES.items()},
    "replay": Case(wrong_replay(10_000), (REPLAY,), REPLAY, 200_000, seconds=1800, is_rare=True),
    "two keys": Case(taken_for_one(20), (ACCEPTED,), ACCEPTED, 200_000, seconds=1800, is_rare=True),
    "leak": Case(leak(1000), SECRETS, "", 40_000, seconds=1800),
}
"""With ``--subtle``: as rare as they are in earnest, and with a seed that nobody has chosen."""


ALIKE = {"number", "leap second", "two keys", "replay", "solidus", "chunks", "sequence"}
"""Faults that are found much as others are."""


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.thorough] * (one in ALIKE)) for one in CASES]
)
def test_a_subtle_fault_is_found_and_shrunk_and_replayed(
    name: str,
    campaigns: Campaigns,
    healthy: MockProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    case = (WHOLE if request.config.getoption("--subtle") else CASES)[name]
    campaign = campaigns(case.fault, *case.patterns, seed=case.seed, max_seconds=case.seconds)

    def small(finding: Finding) -> bool:
        # What others do at the same time may show it as well, and not again.
        is_seen = finding.failures > 0 or (case.is_rare and finding.tries > 0)
        return is_seen and 0 < len(finding.steps) <= MOST_STEPS

    def end() -> None:
        if any(small(one) for one in campaign.record.findings.values()):
            campaign.stop(ENOUGH)

    campaign.on_change = end
    campaign.work_through()
    assert campaign.record.over == ENOUGH, "it was not found in time"
    assert campaign.target.requests_sent <= case.requests
    finding = next(one for one in campaign.record.findings.values() if small(one))
    assert finding.requirement.startswith(case.broken)
    assert finding.curl
    assert finding.python
    assert verdict_of(campaign.record, Level.SHOULD).exit_code == BROKEN
    kept = Finding.read(campaign.record.directory.path_of(finding), CONTRACT)
    work = campaign.works[finding.work]
    campaign.target.resume()
    assert any(fails(CONTRACT, campaign.target, kept, work) for _ in range(kept.attempts))
    with Target(healthy.base_url, TOKENS, settings=TargetSettings(replay_delay=0)) as well:
        well.capabilities |= campaign.target.capabilities
        assert fails(CONTRACT, well, kept, work) is False
    if can_be_exported(finding):
        file = tmp_path / "test_found.py"
        file.write_text(as_pytest(healthy.base_url, [finding]))
        for variable, token in zip(("DINIE_TOKEN", "DINIE_SECOND_TOKEN"), TOKENS, strict=True):
            monkeypatch.setenv(variable, token)
        [exported] = [one for name, one in run_path(str(file)).items() if name.startswith("test_")]
        exported()
