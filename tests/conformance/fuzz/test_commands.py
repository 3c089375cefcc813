"""The commands: a campaign as people run it, its end, and its findings run again."""

import html
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conformance.fuzz.campaign import AT_ONCE
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.finding import Finding
from demo.mock_process import MockProcess
from tests.conformance.cli.command_line import active, one_line, run
from tests.conformance.fuzz.conftest import CONTRACT, TOKENS
from tests.conformance.fuzz.faults.inputs import ON_A_PLANE
from tests.conformance.fuzz.faults.keys import REVOKED_REPLAY
from tests.conformance.fuzz.server import faulty

ACCESS = ("--token", TOKENS[0], "--second-token", TOKENS[1])
SECONDS = 60


def fuzz(url: str, *arguments: str) -> int:
    return run("fuzz", "--url", url, *ACCESS, *arguments)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("required", "code"),
    [("created.plain-request-succeeds", 0), ("idempotency.key-is-kept-for-24-hours", 2)],
)
def test_what_is_required_and_not_judged_is_no_verdict(
    healthy: MockProcess,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    required: str,
    code: int,
) -> None:
    arguments = ("--max-time=2s", "--select=created.plain-request-succeeds", "--select", required)
    found = fuzz(healthy.base_url, f"--directory={tmp_path / 'run'}", *arguments,
                 "--require", required)  # fmt: skip

    last = capsys.readouterr().out.splitlines()[-1]
    assert found == code, last
    assert ("is required and was not judged" in last) == (code == 2)


@pytest.mark.thorough
def test_a_finding_is_replayed_exported_and_gone_on_with(
    healthy: MockProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "run"
    report = tmp_path / "report.json"
    with faulty(healthy.base_url, REVOKED_REPLAY) as url:
        page = tmp_path / "report.html"
        common = ("--select=sequences", "--max-findings=1", f"--report-json={report}",
                  f"--report-html={page}")  # fmt: skip
        assert fuzz(url, f"--directory={directory}", *common) == 1
        [finding] = RunDirectory.open(directory).findings(CONTRACT)[0]
        document = json.loads(report.read_text())
        [result] = document["results"]
        assert (result["id"], result["outcome"]) == ("sequences.model-holds", "failed")
        [told] = document["findings"]
        assert (told["finding"], told["state"]) == (finding.id, finding.state)
        expect_all_of(finding, directory, page.read_text())
        assert run("replay", str(directory / finding.id), "--url", url, *ACCESS) == 1
        file = tmp_path / "test_found.py"
        assert run("fuzz", f"--resume={directory}", "--export", "pytest", str(file)) == 0
        assert exported(file, url) == 1
        assert fuzz(url, f"--resume={directory}", "--max-findings=1") == 1
        [again] = RunDirectory.open(directory).findings(CONTRACT)[0]
        assert again.tries > finding.tries
    path = RunDirectory.open(directory).path_of(finding)
    assert run("replay", str(path), "--url", healthy.base_url, *ACCESS) == 0
    assert exported(file, healthy.base_url) == 0
    assert "Fails no longer" in capsys.readouterr().out
    assert (active(healthy, TOKENS[0]), active(healthy, TOKENS[1])) == ([], [])


def expect_all_of(finding: Finding, directory: Path, text: str) -> None:
    """What the page has of a finding; and nothing that is secret."""
    assert f'id="finding-{finding.id}"' in text
    assert text.count(f'href="#finding-{finding.id}"') == 2
    assert f">dinie-conformance replay {directory}/{finding.id}</code>" in text
    shown = html.unescape(text)
    kept = json.loads(RunDirectory(directory).path_of(finding).read_text())
    assert "curl " in kept["curl"]
    for one in [*kept["curl"].splitlines(), *kept["python"].splitlines()]:
        assert one in shown
    made = re.findall(r"dinie_(?:cs_live|at)_\w{8,}", text)
    assert [*made, *(one for one in TOKENS if one in text)] == []


def exported(file: Path, url: str) -> int:
    """What pytest says of a file that has nothing but httpx beside it."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)],
        env={"DINIE_URL": url, "DINIE_TOKEN": TOKENS[0], "DINIE_SECOND_TOKEN": TOKENS[1]},
        cwd=file.parent,
        stdout=subprocess.DEVNULL,
        check=False,
    ).returncode


def begun(url: str, directory: Path, *arguments: str) -> subprocess.Popen[str]:
    """A campaign in a process of its own, as soon as it has found something."""
    process = subprocess.Popen(
        [
            sys.executable, "-m", "conformance.cli", "fuzz", "--url", url,
            "--directory", str(directory), *arguments,
        ],
        env={**os.environ, "DINIE_TOKEN": TOKENS[0], "DINIE_SECOND_TOKEN": TOKENS[1]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    end = time.monotonic() + SECONDS
    while not list(directory.glob("findings/*.json")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    return process


@pytest.mark.thorough
def test_nothing_that_was_found_is_lost_when_it_is_killed(
    healthy: MockProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "run"
    with faulty(healthy.base_url, ON_A_PLANE) as url:
        process = begun(url, directory, "--select=generated.valid-data-is-no-failure")
        assert fuzz(url, f"--resume={directory}") == 2
        assert one_line(capsys) == f"{directory} is in use by another process"
        process.kill()
        process.communicate()
        before = {one.id for one in RunDirectory.open(directory).findings(CONTRACT)[0]}
        corpus = {one for one in (directory / "corpus").rglob("*") if one.is_file()}
        assert before
        assert corpus
        assert fuzz(url, f"--resume={directory}", "--max-findings=1") == 1
    found = RunDirectory.open(directory).findings(CONTRACT)[0]
    assert before <= {one.id for one in found}
    assert next(one for one in found if one.id in before).tries > 0
    tell_nothing_secret(directory)
    # What the killed process had made is revoked by the next one. Only what came of a request
    # whose answer was under way when it died could nobody know.
    assert len(active(healthy, TOKENS[0])) <= AT_ONCE


def test_ctrl_c_ends_it_in_order(healthy: MockProcess, tmp_path: Path) -> None:
    directory = tmp_path / "run"
    with faulty(healthy.base_url, ON_A_PLANE) as url:
        process = begun(url, directory, "--select=generated.valid-data-is-no-failure")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert "No verdict: interrupted" in output
    assert "Traceback" not in output
    assert RunDirectory.open(directory).state()["over"] == "interrupted"
    assert active(healthy, TOKENS[0]) == []


def tell_nothing_secret(directory: Path) -> None:
    """No token, and nothing that looks like an issued secret, in any file."""
    for path in directory.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(token.encode() in data for token in TOKENS), path
            assert b"dinie_cs_live_" not in data, path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--max-time=5x"], "must be a duration such as 90s, 5m or 1h"),
        (["--max-time=0s"], "must be a duration such as 90s, 5m or 1h"),
        (["--resume=nowhere"], "nowhere holds no campaign"),
        (
            ["--resume=a", "--seed=1"],
            "--resume takes directory, seed and shard from the campaign itself",
        ),
        (["--url=https://api.dinie.com.br/v3"], "--allow-production runs against it"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], said: str, healthy: MockProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuzz(healthy.base_url, *arguments) == 2
    assert said in one_line(capsys)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"version": 1, "id', "is torn, or no finding"),
        ('{"version": 99}', "was written by a newer version of dinie-conformance"),
        ('{"version": 1}', '"requirement" is a required property'),
        ("[]", "is no finding"),
    ],
)
def test_a_file_that_is_no_finding_is_one_line(
    text: str,
    said: str,
    healthy: MockProcess,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "finding.json"
    path.write_text(text)
    assert run("replay", str(path), "--url", healthy.base_url, *ACCESS) == 2
    assert one_line(capsys) == f"{path}: {said}"


def test_a_directory_with_a_campaign_is_not_begun_anew(
    tmp_path: Path, healthy: MockProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "campaign.json").write_text("{")
    assert fuzz(healthy.base_url, f"--directory={tmp_path}") == 2
    assert f"--resume {tmp_path} goes on with it" in one_line(capsys)
    assert fuzz(healthy.base_url, f"--resume={tmp_path}") == 2
    assert one_line(capsys) == f"{tmp_path / 'campaign.json'}: is torn, or no campaign"


def test_campaigns_that_begin_in_one_second_have_each_a_directory(tmp_path: Path) -> None:
    path = tmp_path / "dinie-fuzz-2026-03-01-120000"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(RunDirectory.create_new, [path] * 8))
    assert {one.path.name for one in made} == {
        path.name,
        *(f"{path.name}-{number}" for number in range(2, 9)),
    }
