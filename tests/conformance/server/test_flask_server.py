"""An independent server is not failed, and of its faults those are found that once were.

What finds each, and which faults nothing finds, is in ``tests/flask_server/found.toml``.
"""

import json
import signal
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from conformance.catalogue.requirement import Level, Requirement
from conformance.catalogue.selection import select
from conformance.results.baseline import Baseline
from conformance.results.result import Outcome
from conformance.results.verdict import Verdict
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from openapi.contract import Contract
from tests.flask_server.faults import FAULTS, Expected
from tests.flask_server.parts import Parts
from tests.flask_server.service.tokens import LIFETIME
from tests.flask_server.serving import Address, serving

CONTRACT = Contract.bundled()
SERVER = Path(__file__).parents[2] / "flask_server"
FOUND = tomllib.loads((SERVER / "found.toml").read_text())
# The others are much alike.
USUAL = {"name-ends-at-a-character-of-four-bytes", "keys-ignored"}
# Few enough for a slow machine to go beyond.
LIMIT, WINDOW = 40, 4
WEEK = 7 * 24 * 3600


def judged(
    parts: Parts, selected: Sequence[str], seed: int = 1, *, has_clock: bool = False
) -> Verdict:
    """What a run of these requirements says of a server with these parts."""
    limited = any(one.startswith("rate_limits") for one in selected)
    if limited:
        parts.limits.limit, parts.limits.length = LIMIT, WINDOW
    requirements = list(select(catalogue(), selected))
    settings = TargetSettings(replay_delay=1, provoke_rate_limit=limited)
    with serving(parts, token_seconds=WEEK if has_clock else LIFETIME) as address:
        if has_clock:
            settings = replace(settings, clock_url=address.clock)
        return judgement(address, settings, requirements, seed)


def judgement(
    address: Address, settings: TargetSettings, requirements: list[Requirement], seed: int
) -> Verdict:
    with target_at(address, settings) as target:
        run = Run(CONTRACT, target, requirements, seed=seed)
        return judge(run, Level.SHOULD, Baseline(), lambda _: None)


def target_at(address: Address, settings: TargetSettings) -> Target:
    tokens = [partner.token for partner in address.partners]
    return Target(address.url, tokens, settings=settings)


@pytest.mark.parametrize(
    ("seed", "selected"),
    [
        (1, ("created", "idempotency", "authentication")),
        pytest.param(1, ("*",), marks=pytest.mark.thorough),
        pytest.param(2, ("*",), marks=pytest.mark.thorough),
        pytest.param(3, ("*",), marks=pytest.mark.thorough),
    ],
)
def test_the_server_is_not_failed(seed: int, selected: Sequence[str]) -> None:
    verdict = judged(Parts(), selected, seed)

    wrong = {Outcome.FAILED, Outcome.ERROR, Outcome.WARNING}
    assert [
        (one.requirement.id, one.operation, one.expected, one.actual)
        for one in verdict.results
        if one.outcome in wrong
    ] == []
    assert verdict.exit_code == 0, verdict.line


@pytest.mark.parametrize(
    ("fault", "id_"),
    [
        pytest.param(fault, id_, marks=[pytest.mark.thorough] * (fault not in USUAL))
        for fault, id_ in FOUND["run"].items()
    ],
)
def test_a_fault_is_found_by_a_run(fault: str, id_: str) -> None:
    parts = Parts()
    FAULTS[fault].put_in(parts)
    verdict = judged(parts, [id_])

    assert verdict.exit_code == 1, verdict.line
    assert {one.requirement.id for one in verdict.breaking} == {id_}


@pytest.mark.thorough
def test_the_server_is_not_failed_where_its_clock_moves() -> None:
    verdict = judged(Parts(), ["idempotency", "tokens"], has_clock=True)
    assert verdict.exit_code == 0, verdict.line
    assert not verdict.breaking


@pytest.mark.thorough
@pytest.mark.parametrize(("fault", "id_"), FOUND["clock"].items())
def test_a_fault_is_found_where_the_clock_moves(fault: str, id_: str) -> None:
    parts = Parts()
    FAULTS[fault].put_in(parts)
    verdict = judged(parts, [id_], has_clock=True)

    assert {one.requirement.id for one in verdict.breaking} == {id_}, verdict.line


def test_what_becomes_of_each_fault_is_told() -> None:
    told = [fault for table in FOUND.values() for fault in table]
    assert sorted(told) == sorted(FAULTS)


def test_the_readme_counts_the_faults() -> None:
    row = "| faults of a server written from the contract alone, each as real systems have it |"
    counts = f" {len(FAULTS)} | {len(FOUND['missed'])} missed |"
    assert row + counts in (SERVER.parents[1] / "README.md").read_text()


def test_each_fault_has_a_class_and_most_a_source() -> None:
    assert {one.expected for one in FAULTS.values()} == set(Expected)
    assert sum(bool(one.source) for one in FAULTS.values()) > len(FAULTS) / 2


@pytest.mark.thorough
def test_the_command_serves_until_a_signal() -> None:
    command = [sys.executable, "-m", "tests.flask_server", "--fault", "keys-ignored"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            assert len(said["partners"]) == 2
            token = said["partners"][0]["token"]
            answer = httpx.post(
                f"{said['url']}/auth/credentials",
                json={"name": "one"},
                headers={"Authorization": f"Bearer {token}"},
            )
            assert answer.status_code == 201
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
