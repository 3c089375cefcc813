"""Run directories that somebody else has written: read right, or one line."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.catalogue.requirement import Level
from conformance.cli import replay as replaying
from conformance.fuzz.findings.replaying import fails, work_of
from conformance.fuzz.storage.directory import RunDirectory, file_of_finding
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.verdicts import verdict_of
from conformance.fuzz.work import works
from conformance.results.exit_code import BROKEN, CONFORMS, NO_VERDICT
from conformance.server import catalogue
from conformance.target.kept import CreatedResource
from conformance.target.target import Target
from demo.mock_process import MockProcess
from tests.conformance.cli.command_line import active, one_line, run
from tests.conformance.client.journals import UNHURRIED
from tests.conformance.foreign_json import mutated
from tests.conformance.fuzz.conftest import CONTRACT, TOKENS, Campaigns
from tests.conformance.fuzz.foreign.campaigns import NAME, WHOLE, campaign_in, read, rendered


def test_what_nobody_has_touched_is_a_green(directory: RunDirectory) -> None:
    assert rendered(read(directory.path)) == CONFORMS
    directory.keep(WHOLE)
    assert rendered(read(directory.path)) == BROKEN


TORN: dict[str, str] = {
    "cut off": WHOLE.text()[:-30],
    "no steps": json.dumps({"version": 1}),
    "without at_once": WHOLE.text().replace('"at_once": 0,', ""),
    "a count that is none": WHOLE.text().replace('"count": 1', '"count": "junk"'),
    "too deep": WHOLE.text().replace('"shows": "', f'"deep": {"[" * 2000}{"]" * 2000}, "shows": "'),
    "no UTF-8": "\udcff",
    "unknown requirement": WHOLE.text().replace("idempotency.replay-is-identical", "a.b"),
    "400 digits": WHOLE.text().replace('"tries": 3', f'"tries": {"9" * 400}'),
    "5000 digits": WHOLE.text().replace('"tries": 3', f'"tries": {"9" * 5000}'),
    "not finite": WHOLE.text().replace('"tries": 3', '"tries": 1e999'),
    "more failures than tries": WHOLE.text().replace('"tries": 3', '"tries": 1'),
    "year 1": WHOLE.text().replace("2026-01-01T", "0001-01-01T"),
    "escape": WHOLE.text().replace('"cause": "', '"cause": "\\u001b[31m'),
}


@pytest.mark.parametrize("text", TORN.values(), ids=TORN.keys())
def test_one_torn_finding_is_left_out_and_told_and_is_no_green(
    text: str, directory: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    path = directory.path / "findings" / "torn.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    merged = directory.path.with_name("merged")
    assert run("merge", str(directory.path), f"--directory={merged}") == NO_VERDICT
    assert f"1 finding cannot be read: {path}: " in capsys.readouterr().out
    # Where it is read again, it is remembered.
    assert run("merge", str(merged)) == NO_VERDICT
    # The others are there, and a broken MUST is one.
    directory.keep(WHOLE)
    assert run("merge", str(directory.path)) == BROKEN
    assert WHOLE.id in capsys.readouterr().out
    exported = directory.path.with_name("test_found.py")
    assert run("fuzz", f"--resume={directory.path}", "--export", "pytest", str(exported)) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"dinie-conformance: {path}: ")
    assert "def test_" in exported.read_text()


def test_a_campaign_goes_on_beside_what_is_torn(campaigns: Campaigns, tmp_path: Path) -> None:
    first = campaigns(None, "generated.valid-data-is-no-failure", max_turns=1)
    first.work_through()
    assert rendered(first.record) == CONFORMS
    (tmp_path / "run" / "findings" / "torn.json").write_text("{")
    with (tmp_path / "run" / "made.txt").open("a") as file:
        file.write("\n \nx y\n0 \n7 dinie_ci_1\n1 dinie_ci_of_nobody\n0 \x1b[31m\n0 a b\n")
    again = campaigns(None, "generated.valid-data-is-no-failure", resume=True, max_turns=1)
    again.work_through()
    verdict = verdict_of(again.record, Level.MUST)
    assert verdict.exit_code == NO_VERDICT
    assert "torn.json" in verdict.doubt
    assert any(one.startswith("7 lines of keys") for one in verdict.remarks)
    # What the target does not list may be anybody's.
    assert again.record.left_behind == {CreatedResource(1, "dinie_ci_of_nobody")}


MEMBERS = st.sampled_from(("campaign.json", f"findings/{WHOLE.id}.json"))


@pytest.mark.thorough
@UNHURRIED
@given(data=st.data())
def test_whatever_is_in_a_file_it_is_read_or_refused_in_one_line(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("foreign") / "run"
    directory = campaign_in(path)
    directory.keep(WHOLE)
    file = path / data.draw(MEMBERS)
    file.write_text(data.draw(mutated(json.loads(file.read_text()))))
    reason = ""
    try:
        record = read(path)
    except FileError as error:
        reason = str(error)
    if reason:
        assert file.name == "campaign.json"
        assert reason.startswith(str(path))
        assert reason.isprintable()
        return
    if file.name == "campaign.json":
        assert record.findings
    assert (rendered(record) == BROKEN) == bool(record.findings and not record.stopped)
    # What was read can be kept, and read again.
    for finding in record.findings.values():
        directory.keep(finding)
    record.save()
    assert list(read(path).findings.values()) == list(record.findings.values())


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("counters", {"requests": "junk"}),
        ("counters", {"outcomes": {NAME.replace("create", "make"): {"passed": 1}}}),
        ("coverage", {"statuses": {"createCredential abc": 1}}),
        ("coverage", {"statuses": {"createCredential 200": "junk"}}),
        ("timeline", {"doublings": 10**9, "spans": []}),
        ("timeline", {"doublings": 32, "spans": [[10**12, 0, [[200, 1]], [[1, 1]]]]}),
        ("timeline", {"doublings": 0, "spans": [[1, 0, [[200, 1]], [[10**6, 1]]]]}),
        ("left_behind", [[7, "x"]]),
        ("target", "http://host/\x1b[31m"),
        ("target", "file:///etc/passwd"),
        ("shards", []),
        ("shards", ["0/0"]),
        ("select", ["\x1b[31m"]),
        ("seed", "7"),
        ("turns", {NAME: [1]}),
        ("contract", 7),
    ],
)
def test_a_state_that_is_none_is_one_line(
    member: str, value: Any, directory: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    directory.save({**directory.state(), member: value})
    assert run("merge", str(directory.path)) == NO_VERDICT
    line = one_line(capsys)
    assert line.startswith(str(directory.path))
    assert line.isprintable()


def test_a_directory_and_its_files_are_the_users_own(campaigns: Campaigns, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        campaign = campaigns(None, "generated.valid-data-is-no-failure", max_turns=1)
        campaign.work_through()
        campaign.record.directory.keep(WHOLE)
        campaign.record.directory.leave_behind({CreatedResource(0, "x")})
        campaign.record.directory.record_created(CreatedResource(0, "x"))
    finally:
        os.umask(before)
    modes = {
        one.relative_to(tmp_path): stat.S_IMODE(one.stat().st_mode)
        for one in (tmp_path / "run", *(tmp_path / "run").rglob("*"))
        if "corpus" not in one.parent.parts
    }
    assert len(modes) >= 7
    assert set(modes.values()) == {0o700, 0o600}
    assert modes[Path("run")] == 0o700


def test_a_name_of_a_file_is_told_on_one_line(
    directory: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory.path / "findings" / "a\nb\x1b[31m.json").write_text("{")
    (directory.path / "findings" / "c.json").write_text(
        WHOLE.text().replace('"times": 1', '"times": 1, "\\n\\u001b[31m": 0')
    )
    for error in directory.findings(CONTRACT)[1]:
        assert str(error).isprintable()
    assert run("merge", str(directory.path)) == NO_VERDICT
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("second", ["2026-06-30T23:59:60Z", "2026-06-30t23:59:59.123456789123z"])
def test_every_time_of_the_rfc_is_shown(second: str, directory: RunDirectory) -> None:
    directory.keep(replace(WHOLE, first_seen=second))
    assert rendered(read(directory.path)) == BROKEN


def test_what_could_not_be_read_again_is_not_written(directory: RunDirectory) -> None:
    odd = replace(WHOLE, steps=({**WHOLE.steps[0], "path": "/x y"},))
    directory.keep(odd)
    [found], errors = directory.findings(CONTRACT)
    assert (found.id, found.steps, found.was_sent_again, errors) == (odd.id, (), False, [])


def test_a_directory_that_names_somebodys_key_does_not_revoke_it(
    campaigns: Campaigns, healthy: MockProcess, tmp_path: Path
) -> None:
    def make(name: str) -> str:
        headers = {"Authorization": f"Bearer {TOKENS[0]}"}
        url = f"{healthy.base_url}/auth/credentials"
        answer = httpx.post(url, json={"name": name}, headers=headers, trust_env=False)
        return str(answer.json()["client_id"])

    mine, theirs, left = make("dinie-conformance x"), make("Production"), make("Production too")
    directory = campaign_in(tmp_path / "run")
    directory.save({**directory.state(), "target": healthy.base_url, "left_behind": [[0, left]]})
    directory.record_created(CreatedResource(0, mine))
    directory.record_created(CreatedResource(0, theirs))
    campaign = campaigns(None, "generated.valid-data-is-no-failure", resume=True, max_turns=1)
    campaign.work_through()
    alive = active(healthy, TOKENS[0])
    assert campaign.record.left_behind == {CreatedResource(0, theirs), CreatedResource(0, left)}
    assert len(alive) == 2


JUDGED = "generated.nothing-makes-it-fail"
KINDS = (WHOLE, replace(WHOLE, requirement=JUDGED, work=f"{JUDGED} [createCredential]"))


@pytest.mark.thorough
@settings(parent=UNHURRIED, suppress_health_check=list(HealthCheck), max_examples=60)
@given(data=st.data())
def test_whatever_can_be_read_can_be_tried_again(data: st.DataObject, healthy: MockProcess) -> None:
    text = data.draw(mutated(json.loads(data.draw(st.sampled_from(KINDS)).text())))
    try:
        finding = Finding.read_text(text, CONTRACT, "here")
    except FileError:
        return
    known = {one.name: one for one in works(CONTRACT, list(catalogue().values()))}
    with Target(healthy.base_url, TOKENS[:1]) as target:
        try:
            work = work_of(CONTRACT, finding, known)
        except FileError:
            return
        assert fails(CONTRACT, target, finding, work) in {True, False, None}


def test_a_directory_without_its_findings_is_no_green(
    directory: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory.path / "findings").rmdir()
    assert run("merge", str(directory.path)) == NO_VERDICT
    assert "findings: No such file or directory" in capsys.readouterr().out


@pytest.mark.parametrize("other", ["gone", "finding.JSON"])
def test_a_finding_whose_file_is_lost_is_no_green(
    other: str, directory: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    directory.keep(WHOLE)
    read(directory.path).save()
    directory.path_of(WHOLE).rename(directory.path.with_name(other))
    merged = directory.path.with_name("merged")
    assert run("merge", str(directory.path), f"--directory={merged}") == NO_VERDICT
    assert f"the file of {WHOLE.names[1]} is gone" in capsys.readouterr().out
    # Where it is read again, or gone on with, it is remembered.
    assert run("merge", str(merged)) == NO_VERDICT
    read(directory.path).save()
    assert rendered(read(directory.path)) == NO_VERDICT
    directory.keep(WHOLE)
    assert rendered(read(directory.path)) == BROKEN
    assert not read(directory.path).torn


def test_one_that_says_it_was_joined_hides_no_early_end(directory: RunDirectory) -> None:
    path = directory.path / "campaign.json"
    state = json.loads(path.read_text()) | {"joined": ["elsewhere"], "over": "interrupted"}
    path.write_text(json.dumps(state))
    assert run("merge", str(directory.path)) == NO_VERDICT


def test_a_finding_adds_no_line_to_what_replay_prints(
    healthy: MockProcess,
    directory: RunDirectory,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finding = replace(WHOLE, expected="this\nFails no longer: a\tb", actual="that\nConforms")
    directory.keep(finding)
    monkeypatch.setattr(replaying, "fails", lambda *_: True)
    place = str(directory.place_of(finding))
    assert run("replay", place, "--url", healthy.base_url, "--token", TOKENS[0]) == BROKEN
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("Fails still: ")


def test_replay_follows_no_link_in_a_run_directory(tmp_path: Path) -> None:
    RunDirectory.create(tmp_path / "run")
    (tmp_path / "run" / "campaign.json").write_text("{}")
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "0123456789.json"
    other.write_text("{}")
    named = tmp_path / "run" / "0123456789"
    named.symlink_to(other)

    # An entry of that name stands for nothing: the finding is in its folder, or nowhere.
    assert file_of_finding(named) == tmp_path / "run" / "findings" / "0123456789.json"
    (tmp_path / "run" / "findings").rmdir()
    (tmp_path / "run" / "findings").symlink_to(other.parent)
    with pytest.raises(FileError, match="is no folder of this directory"):
        file_of_finding(named)
    # A link that the user names is the user's own.
    (tmp_path / "mine").symlink_to(other)
    assert file_of_finding(tmp_path / "mine") == other
