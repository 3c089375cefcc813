"""What an owner of a run directory or of a finding's file could claim, hide, or make large."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.fuzz.findings.replaying import work_of
from conformance.fuzz.resending import AnswerParts, Step, resent
from conformance.fuzz.shard import Shard, missing
from conformance.fuzz.storage import directory as directories
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.work import works
from conformance.server import catalogue
from conformance.target.kept import CreatedResource
from demo.mock_process import MockProcess
from tests.conformance.cli.command_line import one_line, run
from tests.conformance.fuzz.conftest import CONTRACT, TOKENS, Campaigns
from tests.conformance.fuzz.foreign.campaigns import NAME, WHOLE, campaign_in
from tests.conformance.fuzz.test_finding import step
from tests.conformance.fuzz.test_sharing import DATA, LONG_NAMES


def test_a_selection_hides_no_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = campaign_in(tmp_path / "run")
    directory.keep(WHOLE)
    path = directory.path / "campaign.json"
    state = json.loads(path.read_text())
    state["select"] = [DATA]
    state["counters"]["outcomes"] = {f"{DATA} [createCredential]": {"passed": 1}}
    path.write_text(json.dumps(state))
    assert run("merge", str(directory.path)) == 1
    assert WHOLE.id in capsys.readouterr().out


@pytest.mark.parametrize("requirement", [WHOLE.requirement, "problems.status-matches"])
def test_the_check_of_another_requirement_mends_nothing(
    requirement: str, healthy: MockProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "finding.json"
    work = f"{DATA} [createCredential]"
    finding = replace(WHOLE, requirement=requirement, work=work, steps=())
    path.write_text(finding.text())
    assert run("replay", str(path), "--url", healthy.base_url, "--token", TOKENS[0]) == 2
    assert one_line(capsys) == (
        f"finding {finding.id}: '{finding.work}' does not check {finding.requirement}"
    )


def test_each_work_can_break_what_it_checks() -> None:
    known = {one.name: one for one in works(CONTRACT, list(catalogue().values()))}
    for work in known.values():
        for requirement in work.requirements:
            assert requirement.id in work.breakable
    assert work_of(CONTRACT, replace(WHOLE, steps=()), known).name == NAME


def test_a_step_has_a_bounded_number_of_places() -> None:
    value = json.loads(WHOLE.text())
    value["steps"][0]["body"] = "«name 1»" * 1001
    with pytest.raises(FileError, match="has more than 1000 places"):
        Finding.read_text(json.dumps(value), CONTRACT, "here")
    value["steps"][0]["body"] = "«name 1»" * 999
    assert Finding.read_text(json.dumps(value), CONTRACT, "here")


@pytest.mark.parametrize("named", ["x" * 1_000_000, [[["x"]]], {"a": 1}, True, None])
def test_a_place_stands_for_a_short_name_alone(named: object) -> None:
    body = json.dumps({"id": named}).encode()
    sent: list[Step] = []

    def send(steps: list[Step]) -> list[AnswerParts]:
        sent.extend(steps)
        return [(201, "application/json", body) for _ in steps]

    resent([step(), step("«id 0»" * 1000)], send)
    assert len(sent[1]["body"]) < 100_000


def test_answers_are_held_within_a_bound() -> None:
    body = bytes(16 * 1024 * 1024)
    sent: list[Step] = []

    def send(steps: list[Step]) -> list[AnswerParts]:
        sent.extend(steps)
        return [(200, "text/plain", body) for _ in steps]

    with pytest.raises(ValueError, match="too large"):
        resent([step()] * 2000, send)
    assert len(sent) < 20


def test_resources_that_a_directory_names_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directories, "_MOST_MADE", 2)
    directory = campaign_in(tmp_path / "run")
    (directory.path / "made.txt").write_text("0 a\n\n0 b\n0 c\n")
    assert directory.created() == {CreatedResource(0, "a")}
    assert directory.junk == 3


@pytest.mark.parametrize(
    ("content", "made", "junk"),
    [
        (b"\xff\xfe\x00" * 30, set(), 1),
        (b"0 a\n\xff\xfe\n0 \xe9\n0 b\n", {CreatedResource(0, "a"), CreatedResource(0, "b")}, 2),
        (b"0 a\n0 cut-o", {CreatedResource(0, "a")}, 1),
        (b"0 a \n0 b  /b\n0 c /c /d\n0 d /d\n", {CreatedResource(0, "d", "/d")}, 3),
    ],
)
def test_a_line_that_is_no_text_is_left_out_and_counted(
    content: bytes, made: set[CreatedResource], junk: int, tmp_path: Path
) -> None:
    directory = campaign_in(tmp_path / "run")
    (directory.path / "made.txt").write_bytes(content)
    assert directory.created() == made
    assert directory.junk == junk


@pytest.mark.parametrize("bound", ["_MOST_EXAMPLES", "_LARGEST_EXAMPLES"])
def test_a_corpus_is_bounded(bound: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = campaign_in(tmp_path / "run")
    for number in range(5):
        (directory.path / "corpus" / f"{number}").write_text("example")
    assert directory.corpus
    monkeypatch.setattr(directories, bound, 4)
    with pytest.raises(FileError, match="holds more than the examples of a campaign"):
        assert directory.corpus


def test_shards_that_are_missing_are_found_in_no_time_and_not_all_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = campaign_in(tmp_path / "run").path / "campaign.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps({**state, "joined": ["a", "b"], "shards": ["1/9999", "3/9999"]}))
    assert run("merge", str(path.parent)) == 2
    assert "22/9999 and 9977 more is not among them" in capsys.readouterr().out
    assert len(missing([Shard(number, 9999) for number in range(1, 9999)])) == 1


def test_an_answer_too_deep_to_be_compared_leaves_the_finding_as_it_was(
    campaigns: Campaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_deep(*_: object) -> object:
        raise RecursionError

    monkeypatch.setattr("conformance.fuzz.findings.shrinking.shape", too_deep)
    campaign = campaigns(LONG_NAMES, DATA, max_findings=1)
    campaign.work_through()
    [found] = campaign.record.findings.values()
    assert not found.was_sent_again
