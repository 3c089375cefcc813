"""Every subtle fault is found, shrunk to at most five requests, and seen again when replayed."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.fuzz.exporting import as_pytest, can_be_exported
from conformance.fuzz.finding import Finding
from conformance.fuzz.replaying import fails
from conformance.fuzz.verdicts import verdict_of
from conformance.model import Level
from conformance.sabotage import Sabotage
from conformance.target import Target
from conformance.verdict import BROKEN
from demo.mock_process import MockProcess
from tests.fuzz.conftest import CONTRACT, TOKENS, Campaigns
from tests.fuzz.faults.inputs import (
    BEYOND_64_BITS,
    ESCAPED_SOLIDUS,
    HANG_UP,
    LEAP_SECOND,
    ODD_HEADER,
    ON_A_PLANE,
    SPLIT_CHARACTER,
)
from tests.fuzz.faults.keys import LONG_SEQUENCE, RACE, STRANGERS, taken_for_one, wrong_replay
from tests.fuzz.faults.lists import SKIPPING, leak

MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class Case:
    """A fault, where it is looked for, what is broken by it, and what it may take to find it.

    ``seconds`` are given to the campaign, far more than it takes on a slow machine; it ends as
    soon as it has found something. ``requests`` are all that it may send, shrinking included.
    """

    fault: Sabotage
    patterns: tuple[str, ...]
    broken: str
    requests: int
    seconds: float = 120


SPELLINGS = ("generated.nothing-makes-it-fail",)
BACK = "generated.accepted-data-comes-back"
REPLAY = "idempotency.replay-is-identical"
OWN_CALL = "idempotency.fresh-key-is-accepted"
FOREIGN = "idempotency.key-belongs-to-its-partner"
PAGES = "lists.pagination-is-complete"

CASES: Mapping[str, Case] = {
    "plane": Case(ON_A_PLANE, ("generated",), "generated.", 3000),
    "number": Case(BEYOND_64_BITS, SPELLINGS, SPELLINGS[0], 3000),
    "leap second": Case(LEAP_SECOND, SPELLINGS, SPELLINGS[0], 3000),
    "hang up": Case(HANG_UP, SPELLINGS, SPELLINGS[0], 3000),
    "header": Case(ODD_HEADER, ("generated.media-types-are-documented",), "generated.", 3000),
    "solidus": Case(ESCAPED_SOLIDUS, (BACK,), BACK, 3000),
    "chunks": Case(SPLIT_CHARACTER, (BACK,), BACK, 3000),
    "sequence": Case(LONG_SEQUENCE, ("sequences",), "sequences.model-holds", 6000),
    "race": Case(
        RACE, ("idempotency.no-second-resource", "idempotency.sim*"), "idempotency.", 3000
    ),
    "strangers": Case(STRANGERS, (FOREIGN,), FOREIGN, 3000),
    "pages": Case(SKIPPING, (PAGES,), PAGES, 3000),
    "replay": Case(wrong_replay(500), (REPLAY,), REPLAY, 10_000),
    "two keys": Case(taken_for_one(12), (OWN_CALL,), OWN_CALL, 10_000),
    "leak": Case(leak(200), ("lists", "secrets.never-in-the-list", "idempotency"), "", 5000),
}

WHOLE: Mapping[str, Case] = {
    "replay": Case(wrong_replay(10_000), (REPLAY,), REPLAY, 200_000, 900),
    "two keys": Case(taken_for_one(20), (OWN_CALL,), OWN_CALL, 200_000, 900),
    "leak": Case(leak(1000), ("lists", "secrets.never-in-the-list", "idempotency"), "", 20_000),
}
"""With ``--subtle``: the same faults, as rare as they are in earnest."""


@pytest.mark.parametrize("name", CASES)
def test_a_subtle_fault_is_found_and_shrunk_and_replayed(
    name: str,
    campaigns: Campaigns,
    healthy: MockProcess,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    is_whole = request.config.getoption("--subtle")
    case = WHOLE.get(name, CASES[name]) if is_whole else CASES[name]
    campaign = campaigns(case.fault, *case.patterns, max_findings=1, max_seconds=case.seconds)
    begin = time.monotonic()
    campaign.work_through()
    found, sent = time.monotonic() - begin, campaign.target.requests_sent
    # What others do at the same time may show it as well, and not again.
    finding = min(campaign.findings.values(), key=lambda one: one.state != "reproducible")
    assert finding.requirement.startswith(case.broken)
    assert 0 < len(finding.steps) <= MOST_STEPS
    assert finding.curl
    assert finding.python
    assert sent <= case.requests
    assert verdict_of(campaign, Level.SHOULD).exit_code == BROKEN
    kept = Finding.read(campaign.directory.path_of(finding))
    work = campaign.works[finding.work]
    campaign.target.go_on()
    begin = time.monotonic()
    said = 0
    while said < kept.attempts and not fails(CONTRACT, campaign.target, kept, work):
        said += 1
    assert said < kept.attempts, "it is not seen again"
    print(f"{name}: found in {found:.1f} s, {sent} requests, {campaign.counters.turns} turns; "
          f"{len(finding.steps)} steps, {finding.state}; "
          f"seen again in {time.monotonic() - begin:.1f} s")  # fmt: skip
    with Target(healthy.base_url, TOKENS, patience=0) as well:
        well.capabilities |= campaign.target.capabilities
        assert fails(CONTRACT, well, kept, work) is False
    if can_be_exported(finding):
        file = tmp_path / "test_found.py"
        file.write_text(as_pytest(healthy.base_url, [finding]))
        assert pytest_of(file) == 0


def pytest_of(file: Path) -> int:
    """What pytest says of an exported file, against the URL in it."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    tokens = {"DINIE_TOKEN": TOKENS[0], "DINIE_SECOND_TOKEN": TOKENS[1]}
    environment = {**os.environ, **tokens}
    return subprocess.run(command, env=environment, cwd=file.parent, check=False).returncode
