"""Run directories joined into one report: what adds up, what is refused, what is missing."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypedDict, Unpack

import pytest

from conformance.fuzz.shard import WHOLE, Shard
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.storage.record import TIME_OVER, Record
from conformance.target.kept import CreatedResource
from demo.mock_process import MockProcess
from demo.redis_server import PROGRAM, redis_server
from tests.conformance.cli.command_line import one_line, run
from tests.conformance.fuzz.conftest import CONTRACT, TOKENS
from tests.conformance.fuzz.server import faulty
from tests.conformance.fuzz.test_finding import FINDING, step
from tests.conformance.fuzz.test_sharing import DATA, LONG_NAMES, PASSWORD

URL = "http://127.0.0.1:1/v3"
SECONDS = 60
BROKEN = replace(
    FINDING,
    requirement=DATA,
    operation="createCredential",
    work=f"{DATA} [createCredential]",
    steps=(step(), step(), step()),
)


class RecordOptions(TypedDict, total=False):
    """The members of a record that tests set."""

    target: str
    seed: int
    patterns: Sequence[str]
    over: str
    stopped: str
    shards: tuple[Shard, ...]
    remarks: Sequence[str]
    left_behind: set[CreatedResource]


class Make(Protocol):
    """Writes a run directory with findings; gives its path."""

    def __call__(self, name: str, *findings: Finding, **options: Unpack[RecordOptions]) -> Path: ...


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A run directory as a campaign writes it that has exercised every operation."""

    def made(name: str, *findings: Finding, **options: Unpack[RecordOptions]) -> Path:
        directory = RunDirectory.create(tmp_path / name)
        members: RecordOptions = {"target": URL, "seed": 7, "over": TIME_OVER, **options}
        record = Record(CONTRACT, directory, **members)
        for finding in findings:
            record.findings.keep(finding)
        record.counters.requests, record.counters.seconds, record.counters.turns = 100, 1.5, 7
        record.counters.outcomes[f"{DATA} [createCredential]"] = {"passed": 3}
        record.coverage.statuses.update({"createCredential 201": 5})
        record.save()
        return directory.path

    return made


def report(tmp_path: Path, *arguments: str | Path) -> tuple[int, dict[str, Any]]:
    """The exit code of `merge`, and its report for scripts."""
    path = tmp_path / "report.json"
    code = run("merge", *map(str, arguments), f"--report-json={path}")
    return code, json.loads(path.read_text())


def test_each_finding_is_replayed_from_a_directory_that_has_it(make: Make, tmp_path: Path) -> None:
    first, second, new = make("first"), make("second", BROKEN), tmp_path / "new"

    for arguments, home in (([], second), (["--directory", new], new)):
        _, told = report(tmp_path, first, second, *arguments)
        [finding] = told["findings"]
        assert finding["replay"].endswith(f"{home}/{BROKEN.id}")
        assert RunDirectory.open(home).path_of(BROKEN).exists()


def test_what_was_counted_adds_up_and_the_smallest_reproduction_is_taken(
    make: Make, tmp_path: Path
) -> None:
    large = replace(BROKEN, first_seen="2026-01-01T00:00:00+00:00", count=3, tries=3, failures=3)
    small = replace(
        BROKEN,
        first_seen="2026-02-01T00:00:00+00:00",
        count=4,
        tries=3,
        failures=1,
        steps=(step(), step()),
        was_sent_again=True,
        seed=12,
    )
    # The fewest steps are of no use where they do not show it.
    useless = replace(BROKEN, first_seen="2026-01-01T01:00:00+02:00", steps=(step(),))
    directories = (
        make("1", large, shards=(Shard(1, 3),), left_behind={CreatedResource(0, "a")}),
        make("2", small, shards=(Shard(2, 3),), left_behind={CreatedResource(0, "b")}),
        make("3", useless, shards=(Shard(3, 3),), remarks=("it rained",)),
    )
    code, told = report(tmp_path, *directories, f"--directory={tmp_path / 'all'}")
    assert code == 1
    [result] = told["results"]
    assert (result["id"], result["outcome"]) == (DATA, "failed")
    whole = Record.read(CONTRACT, RunDirectory.open(tmp_path / "all"))
    [finding] = whole.findings.values()
    assert finding == replace(small, first_seen=useless.first_seen, count=8, tries=6, failures=4)
    assert finding.state == "flaky: 5 of 7"
    counters = whole.counters
    assert (counters.requests, counters.seconds, counters.turns) == (300, 4.5, 21)
    assert counters.outcomes == {f"{DATA} [createCredential]": {"passed": 9}}
    assert whole.coverage.statuses == {"createCredential 201": 15}
    assert whole.left_behind == {CreatedResource(0, "a"), CreatedResource(0, "b")}
    assert len((tmp_path / "all" / "left-behind.txt").read_text().splitlines()) == 2
    assert whole.remarks == ("it rained",)
    # What was joined can be joined again, and says the same.
    assert report(tmp_path, tmp_path / "all")[0] == 1


def test_a_missing_shard_is_no_verdict_until_it_is_there(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, three = (make(f"{number}", shards=(Shard(number, 3),)) for number in (1, 2, 3))
    assert run("merge", str(one), str(two), "--directory", str(tmp_path / "part")) == 2
    said = capsys.readouterr().out
    assert "No verdict: shard 3/3 is not among them" in said
    assert "These results are partial" in said
    assert run("merge", str(tmp_path / "part")) == 2
    assert run("merge", str(tmp_path / "part"), str(three)) == 0
    assert "Conforms" in capsys.readouterr().out
    assert run("merge", str(tmp_path / "part"), str(two)) == 2
    assert one_line_of_error(capsys).endswith("are both shard 2/3")


def one_line_of_error(capsys: pytest.CaptureFixture[str]) -> str:
    [line] = capsys.readouterr().err.splitlines()
    return line


def test_a_missing_shard_does_not_excuse_what_is_broken(make: Make, tmp_path: Path) -> None:
    assert report(tmp_path, make("1", BROKEN, shards=(Shard(1, 2),)))[0] == 1


@pytest.mark.parametrize("over", ["", "interrupted"])
def test_one_that_ended_early_is_no_verdict(
    over: str, make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = make("1"), make("2", over=over, stopped=over, seed=8)
    RunDirectory(two).record_created(CreatedResource(0, "dinie_ci_live_x"))
    assert run("merge", str(one), str(two)) == 2
    said = capsys.readouterr().out
    assert f"No verdict: {two} ended early: {over or 'nobody knows why'}" in said
    assert (f"1 keys of {two} are not revoked yet" in said) == (not over)
    assert "seed" not in said
    assert run("merge", str(one)) == 0


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"target": "http://127.0.0.1:2/v3"}, "is of http://127.0.0.1:2/v3"),
        ({"shards": (Shard(2, 2),), "seed": 8}, "has another --seed or --select"),
        ({"shards": (Shard(2, 2),), "patterns": ("created",)}, "has another --seed or --select"),
        ({"shards": (Shard(2, 3),)}, "all must be parts of the same number"),
        ({"shards": (WHOLE,)}, "all must be parts of the same number"),
        ({"shards": (Shard(1, 2),)}, "are both shard 1/2"),
    ],
)
def test_what_does_not_belong_together_is_refused_with_one_line(
    other: RecordOptions, said: str, make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = make("1", shards=(Shard(1, 2),)), make("2", **other)
    assert run("merge", str(one), str(two)) == 2
    assert said in one_line(capsys)


def test_what_cannot_be_joined_at_all_is_one_line(
    make: Make, tmp_path: Path, healthy: MockProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make("1")
    assert run("merge", str(one), str(tmp_path / "1" / "corpus" / "..")) == 2
    assert "is given twice" in one_line(capsys)
    assert run("merge", str(tmp_path)) == 2
    assert one_line(capsys) == f"{tmp_path} holds no campaign"
    assert run("merge", str(one), f"--directory={one}") == 2
    assert "holds a campaign already" in one_line(capsys)
    state = json.loads((one / "campaign.json").read_text())
    (one / "campaign.json").write_text(json.dumps({**state, "contract": "2020-01-01"}))
    assert run("merge", str(one)) == 2
    assert one_line(capsys) == (
        f"{one}: is by contract 2020-01-01, not {CONTRACT.version}: give its own with --contract"
    )
    (one / "campaign.json").write_text(json.dumps({**state, "joined": ["a", "b"]}))
    target = ("--url", healthy.base_url, "--token", TOKENS[0])
    assert run("fuzz", *target, f"--resume={one}") == 2
    assert one_line(capsys) == f"{one} was joined from a, b: --resume goes on with those"


@contextmanager
def started(url: str, directory: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "conformance.cli", "fuzz", "--url", url]
    access = {"DINIE_TOKEN": TOKENS[0], "DINIE_SECOND_TOKEN": TOKENS[1]}
    with subprocess.Popen(
        [*command, "--directory", str(directory), *arguments],
        env={**os.environ, **access},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.thorough
@pytest.mark.skipif(PROGRAM is None, reason="NOT TESTED: no redis-server on PATH")
def test_two_shards_over_one_redis_one_of_them_killed(
    healthy: MockProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    selected = (f"--select={DATA}", "--select=created", "--seed=7", "--max-time=10m")
    with (
        redis_server(tmp_path, PASSWORD) as redis,
        faulty(healthy.base_url, LONG_NAMES) as url,
        started(
            url, one, *selected, f"--example-database={redis.url}", "--shard=1/2",
            "--max-findings=1",
        ) as first,
        started(url, two, *selected, f"--example-database={redis.url}", "--shard=2/2") as second,
    ):  # fmt: skip
        told, _ = first.communicate(timeout=SECONDS)
        assert first.returncode == 1, told
        end = time.monotonic() + SECONDS
        while not found_in(two):
            assert second.poll() is None, second.communicate()[0]
            assert time.monotonic() < end
            time.sleep(0.05)
        # A directory that is in use is read all the same.
        assert run("merge", str(one), str(two)) == 1
        second.kill()
        second.wait()
        capsys.readouterr()
        assert run("merge", str(one), str(two), f"--directory={tmp_path / 'all'}") == 1
        said = capsys.readouterr().out
        assert f"{two} ended early" in said
        found = found_in(tmp_path / "all")
        assert found == found_in(one) | found_in(two)
        finding = str(tmp_path / "all" / min(found))
        assert run("replay", finding, "--url", url, "--token", TOKENS[0]) == 1
    for path in (one, two, tmp_path / "all"):
        assert PASSWORD not in (path / "campaign.json").read_text()
    assert PASSWORD not in told + said


def found_in(path: Path) -> set[str]:
    return {one.id for one in RunDirectory(path).findings(CONTRACT)[0]}
