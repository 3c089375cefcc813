"""Findings with one id, by chance or on purpose: none takes the place of another anywhere."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import generation
from conformance.fuzz.findings.exporting import as_pytest
from conformance.fuzz.sharing import Sharing
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.finding import Finding
from demo.redis_server import PROGRAM, redis_server
from tests.conformance.cli.command_line import run
from tests.conformance.fuzz.conftest import CONTRACT, Campaigns
from tests.conformance.fuzz.foreign.campaigns import WHOLE, campaign_in
from tests.conformance.fuzz.test_merging import BROKEN, Make, make, report
from tests.conformance.fuzz.test_sharing import DATA, PASSWORD, REPLAY, noted

__all__ = ["make"]

ID = "0123456789"
ONE, OTHER = WHOLE, replace(WHOLE, cause="another cause")


@pytest.fixture(autouse=True)
def _one_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Finding, "id", ID)


def test_a_directory_keeps_both_under_names_that_stay(tmp_path: Path) -> None:
    directory = campaign_in(tmp_path / "run")
    for finding in (ONE, OTHER, replace(ONE, count=2), replace(OTHER, count=3)):
        directory.keep(finding)
    names = {one.stem for one in (directory.path / "findings").iterdir()}
    assert names == {ONE.names[0], OTHER.names[1]}
    # Who opens it later writes each where it was, in whatever order.
    again = RunDirectory.open(directory.path)
    found, errors = again.findings(CONTRACT)
    assert not errors
    assert {one.cause: one.count for one in found} == {ONE.cause: 2, OTHER.cause: 3}
    again.keep(replace(OTHER, count=4))
    assert again.path_of(OTHER).stem == OTHER.names[1]
    assert again.path_of(ONE).stem == ONE.names[0]


def test_all_that_are_joined_are_reported_each_with_its_home(make: Make, tmp_path: Path) -> None:
    other = replace(BROKEN, cause="another cause")
    first, second, new = make("1", BROKEN), make("2", other), tmp_path / "new"
    for arguments in ([], ["--directory", new]):
        code, told = report(tmp_path, first, second, *arguments)
        assert code == 1
        found = {one["cause"]: one for one in told["findings"]}
        assert found.keys() == {BROKEN.cause, other.cause}
        assert len({one["finding"] for one in told["findings"]}) == 2
        assert len({one["replay"] for one in told["findings"]}) == 2
        for one in told["findings"]:
            place = Path(one["replay"].split()[-1])
            file = place.parent / "findings" / f"{place.name}.json"
            assert Finding.read(file, CONTRACT).cause == one["cause"]
    assert len(report(tmp_path, new)[1]["findings"]) == 2


def test_an_exported_file_has_a_test_for_each(tmp_path: Path) -> None:
    file = tmp_path / "test_found.py"
    file.write_text(as_pytest("http://127.0.0.1:1/v3", [ONE, OTHER]))
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "--",
         str(file)],
        cwd=tmp_path, env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert collected.stdout.count("::test_") == 2


def test_a_finding_in_the_file_of_another_is_left_out_and_no_green(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    directory = campaign_in(tmp_path / "run")
    # The file would be written over as soon as the other one is found.
    (directory.path / "findings" / f"{OTHER.id}.json").write_text(ONE.text())
    assert run("merge", str(directory.path)) == 2
    assert f"named after another finding: this is {ONE.id}" in capsys.readouterr().out


def test_a_campaign_finds_both_and_goes_on_with_both(campaigns: Campaigns) -> None:
    fault = noted([], [])
    campaign = campaigns(fault, DATA, REPLAY, max_findings=2, max_turns=60)
    campaign.work_through()
    assert {one.requirement for one in campaign.record.findings.values()} == {DATA, REPLAY}
    again = campaigns(fault, DATA, REPLAY, resume=True, max_findings=2)
    again.work_through()
    found, errors = again.record.directory.findings(CONTRACT)
    assert not errors
    assert {one.requirement for one in found} == {DATA, REPLAY}
    assert all(one.tries > 3 for one in found)


@pytest.mark.skipif(PROGRAM is None, reason="NOT TESTED: no redis-server on PATH")
def test_workers_share_both(campaigns: Campaigns, tmp_path: Path) -> None:
    with redis_server(tmp_path, PASSWORD) as redis:
        corpus = generation.SharedCorpus(redis.url, "here")
        campaign = campaigns()
        sharing = Sharing(corpus, campaign.record)
        for finding in (ONE, OTHER, replace(ONE, steps=ONE.steps[:1])):
            sharing.publish(finding)
        assert len(list(corpus.fetch(b"findings"))) == 2
        there = campaigns(directory=tmp_path / "2").record
        there.findings.load(ONE)
        Sharing(corpus, there).receive(at_once=True)
        assert there.findings.is_known(*OTHER.key)
        there.findings.count_repeats()
        assert set(there.findings) == {ONE.key, OTHER.key}
