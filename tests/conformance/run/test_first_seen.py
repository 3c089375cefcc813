"""A violation is told when it is first seen, and may end the run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.run.order import by_turns
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from demo.mock_process import MockProcess
from openapi.contract import Contract
from tests.conformance.cli.command_line import FIRST, run, sabotaged

CREATE = Contract.bundled().operations["createCredential"]
REPLAY = "idempotency.replay-is-identical"


def told(text: str) -> list[str]:
    """What standard error says of violations: level, id and operation of each."""
    found = [one.partition(" s: ")[2] for one in text.splitlines() if " s: MUST " in one]
    return [" ".join(one.split()[:3]).rstrip(":") for one in found]


@pytest.fixture
def forgetful(healthy: MockProcess) -> Iterator[str]:
    with sabotaged(healthy.base_url, REPLAY, "forget idempotency keys") as url:
        yield url


def test_each_violation_is_told_once(forgetful: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", "--url", forgetful, "--token", FIRST, "--select", "idempotency") == 1

    printed = capsys.readouterr()
    lines = told(printed.err)
    assert f"MUST {REPLAY} [createCredential]" in lines
    assert len({*lines}) == len(lines) > 3
    assert all(one in printed.out.replace("\n", " ") for one in lines if REPLAY in one)


def test_the_first_violation_ends_the_run_where_that_is_asked(
    forgetful: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    selected = ("--select", "idempotency", "--select", "authentication")
    asked = ("run", "--url", forgetful, "--token", FIRST, *selected)
    assert run(*asked, "--fail-fast", "--report-json", str(report)) == 1

    printed = capsys.readouterr()
    assert told(printed.err)
    assert "These results are partial" in printed.out
    checks = [one for one in catalogue().values() if one.section in selected]
    judged = [one for one in json.loads(report.read_text())["results"]
              if one["outcome"] in {"passed", "failed"}]  # fmt: skip
    assert len(judged) < len(checks)


def test_what_is_accepted_is_not_told(
    forgetful: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    known = tmp_path / "known.json"
    asked = ("run", "--url", forgetful, "--token", FIRST, "--select", REPLAY)
    assert run(*asked, "--write-baseline", str(known)) == 1
    capsys.readouterr()

    assert run(*asked, "--baseline", str(known), "--fail-fast") == 0
    assert told(capsys.readouterr().err) == []


def test_sections_take_turns() -> None:
    """What is broken shows early, whatever section it is in."""
    checks = [(one, CREATE) for one in catalogue().values() if one.phase == 0]
    order = [one for one, _ in by_turns(checks)]

    assert sorted(one.id for one in order) == sorted(one.id for one, _ in checks)
    waiting = [one for one in order if Capability.REPLAY_DELAY in one.needs]
    assert order[: len(waiting)] == waiting
    sections = {one.section for one in order[len(waiting) :]}
    first = [one.section for one in order[len(waiting) :]][: len(sections)]
    assert {*first} == sections
