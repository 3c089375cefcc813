"""A whole campaign is replayed; what is mended leaves its directory, and is looked for again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cli import replay
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.files import FileError
from conformance.results.exit_code import BROKEN, CONFORMS, NO_VERDICT
from conformance.server import catalogue
from conformance.target.errors import TargetError
from demo.mock_process import MockProcess
from tests.conformance.cli.command_line import one_line, run
from tests.conformance.fuzz.conftest import TOKENS
from tests.conformance.fuzz.foreign.campaigns import URL, WHOLE, campaign_in, read
from tests.conformance.fuzz.server import faulty

ACCESS = ("--token", TOKENS[0], "--second-token", TOKENS[1])
MUST, SHOULD = "created.fresh-key-is-active", "secrets.no-cache-keeps-them"
FINDINGS = {
    name: replace(WHOLE, requirement=name, work=f"{name} [createCredential]")
    for name in (MUST, SHOULD)
}
FAILS: Mapping[bool | None, str] = {
    True: "Fails still", False: "Fails no longer", None: "No verdict"
}  # fmt: skip


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    """The directory of a campaign that found a broken MUST and a broken SHOULD."""
    directory = campaign_in(tmp_path / "run")
    for finding in FINDINGS.values():
        directory.keep(finding)
    read(directory.path).save()
    return directory


Ends = Callable[..., None]


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Ends:
    """Sets how the replays of both findings end."""

    def set_ends(*, must: bool | None, should: bool | None) -> None:
        found = {MUST: must, SHOULD: should}
        monkeypatch.setattr(replay, "fails", lambda *given: found[given[2].requirement])

    return set_ends


def kept(directory: RunDirectory) -> set[str]:
    """The requirements of the findings in a directory, of which none is torn or lost."""
    record = read(directory.path)
    assert record.unreadable == ()
    return {one.requirement for one in record.findings.values()}


@pytest.mark.parametrize(
    ("must", "should", "level", "code"),
    [
        (True, False, "must", BROKEN),
        (True, None, "must", BROKEN),
        (False, True, "must", CONFORMS),
        (False, True, "should", BROKEN),
        (None, True, "should", BROKEN),
        (None, False, "must", NO_VERDICT),
        (False, None, "must", CONFORMS),
        (False, None, "should", NO_VERDICT),
        (False, False, "should", CONFORMS),
    ],
)
def test_a_campaign_is_a_line_for_each_finding_and_one_exit_code(
    *, must: bool | None, should: bool | None, level: str, code: int, directory: RunDirectory,
    ends: Ends, healthy: MockProcess, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    ends(must=must, should=should)
    options = ("--url", healthy.base_url, *ACCESS, "--level", level)

    assert run("replay", str(directory.path), *options) == code

    *lines, last = capsys.readouterr().out.splitlines()
    for name, found, word in ((MUST, must, "MUST"), (SHOULD, should, "SHOULD")):
        start = f"{FAILS[found]}: {word} {FINDINGS[name].id} {name} [createCredential]"
        assert [one.startswith(start) for one in lines].count(True) == 1
    assert last.startswith(f"{directory.path}: 2 findings: ")
    assert (f"still failing ({int(must is True)} MUST)" in last) == (True in {must, should})
    assert kept(directory) == {MUST, SHOULD}
    for finding, found in ((FINDINGS[MUST], must), (FINDINGS[SHOULD], should)):
        single = {True: BROKEN, False: CONFORMS, None: NO_VERDICT}[found]
        assert run("replay", str(directory.place_of(finding)), *options) == single


@pytest.mark.parametrize("named", ["whole", MUST, SHOULD])
def test_what_is_mended_is_removed_and_nothing_is_lost(
    named: str, directory: RunDirectory, ends: Ends, healthy: MockProcess,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    ends(must=False, should=True)
    place = directory.path if named == "whole" else directory.place_of(FINDINGS[named])

    code = run("replay", str(place), "--forget-mended", "--url", healthy.base_url, *ACCESS)

    assert code == (BROKEN if named == SHOULD else CONFORMS)
    assert ("; removed" in capsys.readouterr().out) == (named != SHOULD)
    assert kept(directory) == ({MUST, SHOULD} if named == SHOULD else {SHOULD})


def test_a_finding_whose_removal_fails_still_counts(
    directory: RunDirectory, ends: Ends, healthy: MockProcess, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def remove(*_: object) -> None:
        raise FileError("it was not removed")

    ends(must=False, should=True)
    monkeypatch.setattr(RunDirectory, "remove", remove)
    place = str(directory.path)
    assert run("replay", place, "--forget-mended", "--url", healthy.base_url, *ACCESS) == 2
    assert "it was not removed" in capsys.readouterr().err
    assert kept(directory) == {MUST, SHOULD}


def test_a_target_that_cannot_be_used_is_no_verdict_and_mends_nothing(
    directory: RunDirectory, healthy: MockProcess, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def fails(*_: object) -> bool:
        raise TargetError("it answers no more")

    monkeypatch.setattr(replay, "fails", fails)
    place = str(directory.path)
    assert run("replay", place, "--forget-mended", "--url", healthy.base_url, *ACCESS) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["No verdict: it answers no more", f"{place}: 2 findings: 2 not replayed"]
    assert kept(directory) == {MUST, SHOULD}


def test_a_campaign_without_findings_conforms_and_asks_no_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(campaign_in(tmp_path / "run").path)
    assert run("replay", place, "--url", URL, *ACCESS) == CONFORMS
    assert capsys.readouterr().out == f"{place}: 0 findings\n"


def test_what_cannot_be_read_is_no_green_and_no_link_is_removed(
    directory: RunDirectory, ends: Ends, healthy: MockProcess, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    ends(must=False, should=False)
    elsewhere = tmp_path / "elsewhere.json"
    file = directory.path_of(FINDINGS[MUST])
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    foreign = directory.path / "findings" / "other.txt"
    foreign.write_text("somebody's own")

    place = str(directory.path)
    assert run("replay", place, "--forget-mended", "--url", healthy.base_url, *ACCESS) == 2

    printed = capsys.readouterr().out
    assert "is a link, and links are not followed" in printed
    assert printed.endswith(f"{place}: 2 findings: 1 failing no longer, 1 unreadable\n")
    assert file.is_symlink()
    assert elsewhere.exists()
    assert foreign.exists()
    assert not directory.path_of(FINDINGS[SHOULD]).exists()


def test_a_linked_campaign_in_a_campaign_is_none(
    directory: RunDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = campaign_in(tmp_path / "other")
    (directory.path / "link").symlink_to(other.path)
    assert run("replay", str(directory.path / "link"), "--url", URL, *ACCESS) == NO_VERDICT
    assert "findings/link.json: No such file" in one_line(capsys)


@pytest.mark.parametrize("where", ["a file", "DIR/ID", "DIR"])
def test_where_nothing_may_be_removed_is_one_line_before_anything_is_sent(
    where: str, directory: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = FINDINGS[MUST]
    places = {"a file": directory.path_of(finding), "DIR": directory.path,
              "DIR/ID": directory.place_of(finding)}  # fmt: skip
    with directory.held():
        code = run("replay", str(places[where]), "--forget-mended", "--url", URL, *ACCESS)
    assert code == 2
    line = one_line(capsys)
    assert ("--forget-mended takes the directory of a campaign" in line) == (where == "a file")
    assert ("is in use by another process" in line) == (where != "a file")


@pytest.mark.thorough
def test_a_forgotten_finding_is_found_again(
    healthy: MockProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "run"
    select = ("--select", MUST, "--select", SHOULD)

    def fuzz(url: str, where: str, *options: str) -> int:
        return run("fuzz", "--url", url, *ACCESS, f"{where}={directory}", *select, *options)

    def again(url: str, *options: str) -> int:
        return run("replay", str(directory), "--forget-mended", "--url", url, *ACCESS, *options)

    def requirements() -> set[str]:
        return {one.requirement for one in read(directory).findings.values()}

    must, should = (catalogue()[one].sabotage[0] for one in (MUST, SHOULD))
    with faulty(healthy.base_url, should) as half, faulty(half, must) as broken:
        assert fuzz(broken, "--directory", "--max-findings=2") == BROKEN
        assert requirements() == {MUST, SHOULD}
        assert again(broken) == BROKEN
        # The MUST is mended, and the SHOULD is open.
        assert again(half) == CONFORMS
        assert requirements() == {SHOULD}
        assert fuzz(half, "--resume", "--max-time=3s") == CONFORMS
        assert again(half, "--level=should") == BROKEN
        assert again(healthy.base_url) == CONFORMS
        assert requirements() == set()
        assert fuzz(healthy.base_url, "--resume", "--max-time=3s") == CONFORMS
        assert fuzz(broken, "--resume", "--max-findings=2") == BROKEN
        assert requirements() == {MUST, SHOULD}
    assert "cannot be read" not in capsys.readouterr().out
