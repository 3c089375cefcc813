"""What is read is bounded in size and number, and what is written here can be read again."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue.requirement import Level
from conformance.fuzz.resending import Step
from conformance.fuzz.storage import directory as directories
from conformance.fuzz.storage import findings, merging
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.files import LARGEST_FINDING, weight_of
from conformance.fuzz.storage.record import FULL, Record
from conformance.fuzz.verdicts import verdict_of
from conformance.results.exit_code import BROKEN, NO_VERDICT
from conformance.server import catalogue
from tests.conformance.cli.command_line import run
from tests.conformance.fuzz.conftest import CONTRACT, Campaigns
from tests.conformance.fuzz.foreign.campaigns import WHOLE, campaign_in
from tests.conformance.fuzz.test_finding import step
from tests.conformance.fuzz.test_merging import URL
from tests.conformance.fuzz.test_sharing import DATA, REPLAY, noted

Change = Callable[[dict[str, Any]], None]


def many_values(value: dict[str, Any]) -> None:
    value["unknown"] = [[]] * 600_000


def long_shown(value: dict[str, Any]) -> None:
    value["shows"] = "0" * 65


def long_text(value: dict[str, Any]) -> None:
    value["expected"] = "a" * 20_001


def long_header(value: dict[str, Any]) -> None:
    value["steps"][0]["headers"] = [["A", "a" * 1_000_001]]


@pytest.mark.parametrize("change", [many_values, long_shown, long_text, long_header])
def test_a_finding_beyond_a_bound_is_left_out_and_no_green(
    change: Change, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = campaign_in(tmp_path / "run")
    value = json.loads(WHOLE.text())
    change(value)
    directory.path_of(WHOLE).write_text(json.dumps(value))
    assert run("merge", str(directory.path)) == 2
    [line] = [one for one in capsys.readouterr().out.splitlines() if "cannot be read" in one]
    assert str(directory.path_of(WHOLE)) in line


def many_outcomes(state: dict[str, Any]) -> None:
    state["counters"]["outcomes"] = {f"{number}": {} for number in range(100_001)}


def many_remarks(state: dict[str, Any]) -> None:
    state["remarks"] = ["a"] * 1001


def many_left_behind(state: dict[str, Any]) -> None:
    state["left_behind"] = [[0, "a"]] * 50_001


def long_end(state: dict[str, Any]) -> None:
    state["over"] = "a" * 10_001


def heavy(state: dict[str, Any]) -> None:
    state["unknown"] = [[]] * 1_100_000


@pytest.mark.parametrize("change", [many_outcomes, many_remarks, many_left_behind, long_end, heavy])
def test_a_state_beyond_a_bound_is_one_line(
    change: Change, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = campaign_in(tmp_path / "run").path / "campaign.json"
    state = json.loads(path.read_text())
    change(state)
    path.write_text(json.dumps(state))
    assert run("merge", str(path.parent)) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert str(path) in line


BYTES = "\udc80" * 1_000_000
"""Bytes that are no UTF-8: six times as many in JSON."""
STEP = step("{}", "«key 1»")
LARGE: dict[str, tuple[Step, ...]] = {
    "two megabytes": ({**STEP, "body": "x" * 2_000_000},),
    "escaped": ({**STEP, "body": "\x01" * 2_000_000},),
    "no UTF-8": ({**STEP, "body": BYTES},),
    "too many of them": ({**STEP, "body": "x" * 2_000_000},) * 20,
    "commas": ({**STEP, "body": "," * 2_000_000},),
}
TOO_LARGE = {"too many of them", "commas"}


@pytest.mark.parametrize("name", LARGE)
def test_what_is_written_can_be_read_and_what_it_lacks_is_said(name: str, tmp_path: Path) -> None:
    record = Record(CONTRACT, RunDirectory.create(tmp_path / "run"), URL, 7)
    steps = LARGE[name]
    finding = replace(WHOLE, steps=steps, curl="x" * 3_000_000, python="y" * 3_000_000)
    record.findings.keep(finding)
    record.save()
    [kept] = Record.read(CONTRACT, RunDirectory.open(tmp_path / "run")).findings.values()
    assert kept.key == finding.key
    assert kept.steps == (() if name in TOO_LARGE else steps)
    said = [
        one for one in verdict_of(record, Level.MUST).remarks if "without their requests" in one
    ]
    assert bool(said) == (not kept.steps)


def test_only_what_is_too_large_is_kept_without_its_requests() -> None:
    assert replace(WHOLE, steps=LARGE["two megabytes"]).within(LARGEST_FINDING).steps
    assert not replace(WHOLE, steps=LARGE["too many of them"]).within(LARGEST_FINDING).steps


def test_findings_are_bounded_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    findings_of = [replace(WHOLE, cause=f"cause {one}", curl="", python="") for one in "abc"]
    weight = weight_of(WHOLE.text().encode())
    monkeypatch.setattr(directories, "LARGEST_FINDINGS", 2 * weight + 100)
    directory = campaign_in(tmp_path / "run")
    for finding in findings_of:
        directory.keep(finding)
    # The last one has no requests, so all can be read.
    assert list(directory.without_requests) == [findings_of[2].key]
    monkeypatch.setattr(directories, "LARGEST_FINDINGS", 2 * weight)
    found, errors = RunDirectory.open(directory.path).findings(CONTRACT)
    assert len(found) == 2
    assert "too large together" in str(errors[0])


SHOULD, WHERE = next(
    (one.id, operation.id)
    for one in catalogue().values()
    for operation in CONTRACT.operations.values()
    if one.applies_to(operation) and one.level_on(operation) is Level.SHOULD
)
WEAK = replace(WHOLE, requirement=SHOULD, operation=WHERE, level="should")


@pytest.fixture
def two_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (directories, findings, merging):
        monkeypatch.setattr(module, "MOST_FINDINGS", 2)


@pytest.mark.usefixtures("two_at_most")
def test_findings_are_bounded_in_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = campaign_in(tmp_path / "run")
    # These break nothing, but what is left out may have been a MUST.
    for number in range(3):
        directory.keep(replace(WEAK, cause=f"cause {number}"))
    assert run("merge", str(directory.path)) == 2
    assert "holds more than 2 findings" in capsys.readouterr().out
    assert len(directory.findings(CONTRACT)[0]) == 2


@pytest.mark.usefixtures("two_at_most")
def test_of_too_many_that_are_joined_the_must_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = campaign_in(tmp_path / "1"), campaign_in(tmp_path / "2")
    for number in range(2):
        one.keep(replace(WEAK, cause=f"cause {number}"))
    assert run("merge", str(one.path), str(other.path)) == 0
    other.keep(WHOLE)
    assert run("merge", str(one.path), str(other.path)) == 1
    assert "together they have more than 2 findings" in capsys.readouterr().out


def test_a_campaign_that_finds_more_than_it_may_keep_ends_and_says_so(
    campaigns: Campaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "MOST_FINDINGS", 1)
    campaign = campaigns(noted([], []), DATA, REPLAY, max_turns=60)
    campaign.work_through()
    assert campaign.record.over == FULL
    assert len(campaign.record.findings) == 1
    verdict = verdict_of(campaign.record, Level.MUST)
    assert verdict.exit_code == BROKEN
    assert FULL in verdict.line
    # Without a broken MUST among those that are kept there is no verdict.
    weak = replace(next(iter(campaign.record.findings.values())), level="should")
    campaign.record.findings.load(weak)
    assert verdict_of(campaign.record, Level.MUST).exit_code == NO_VERDICT
