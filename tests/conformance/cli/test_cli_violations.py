"""The command line on servers that are sabotaged: exit code 1, and the right name."""

import json
import os
from pathlib import Path

import pytest

from demo.mock_process import MockProcess
from tests.conformance.cli.command_line import FIRST, SECOND, run, sabotaged


@pytest.mark.parametrize(
    ("requirement", "sabotage"),
    [
        ("idempotency.replay-is-identical", "forget idempotency keys"),
        pytest.param(
            "idempotency.key-belongs-to-its-partner",
            "take all for one partner",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            "idempotency.strange-keys-are-no-failure",
            "fail on long keys",
            marks=pytest.mark.thorough,
        ),
        ("created.plain-request-succeeds", "answer 500 for 201"),
    ],
)
def test_a_sabotaged_server_is_1_and_the_requirement_named(
    healthy: MockProcess,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    requirement: str,
    sabotage: str,
) -> None:
    report = tmp_path / "report.json"

    with sabotaged(healthy.base_url, requirement, sabotage) as url:
        tokens = ("--token", FIRST, "--second-token", SECOND)
        section = requirement.partition(".")[0]
        code = run("run", "--url", url, *tokens, "--select", section, "--report-json", str(report))

    text = capsys.readouterr().out
    assert code == 1, text
    assert f"MUST {requirement} [createCredential]" in text
    failed = [one for one in json.loads(report.read_text())["results"] if one["reproduce"]]
    assert requirement in {one["id"] for one in failed if one["outcome"] == "failed"}


@pytest.mark.parametrize(
    ("requirement", "sabotage"),
    [
        ("idempotency.different-keys-are-different-calls", "treat all keys as one"),
        ("idempotency.fresh-key-is-accepted", "treat all keys as one"),
        ("idempotency.no-second-resource", "execute each and answer the first"),
        ("tokens.token-is-its-partners", "take every issued token for partner 1's"),
    ],
)
def test_a_requirement_that_is_selected_alone_is_verified(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str], requirement: str, sabotage: str
) -> None:
    alone = ("--token", FIRST, "--second-token", SECOND, "--select", requirement)
    with sabotaged(healthy.base_url, requirement, sabotage) as url:
        assert run("run", "--url", url, *alone) == 1
        assert f"MUST {requirement} [" in capsys.readouterr().out
    assert run("run", "--url", healthy.base_url, *alone) == 0


def test_a_broken_should_counts_only_when_asked(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    requirement = "idempotency.rejected-request-leaves-key-free"
    with sabotaged(healthy.base_url, requirement, "replay failures") as url:
        only = ("run", "--url", url, "--token", FIRST, "--select", requirement)
        assert run(*only) == 0
        assert "1 warning)" in capsys.readouterr().out
        assert run(*only, "--level", "should") == 1


@pytest.mark.parametrize("folder", [".", "below"])
def test_a_baseline_that_the_file_names_is_made_by_the_first_run(
    healthy: MockProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    requirement, baseline = "idempotency.replay-is-identical", tmp_path / "known.yaml"
    (tmp_path / "dinie.toml").write_text('[run]\nbaseline = "known.yaml"\n')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / folder)
    with sabotaged(healthy.base_url, requirement, "forget idempotency keys") as url:
        only = ("run", "--url", url, "--token", FIRST, "--select", requirement)
        assert run(*only) == 2
        assert run(*only, "--write-baseline", os.path.relpath(baseline)) == 1
        assert requirement in baseline.read_text()
        baseline.write_text(f"{baseline.read_text().rstrip()}\n  reason: known since May\n")
        assert run(*only) == 0
        assert run(*only, "--write-baseline", os.path.relpath(baseline)) == 0
    assert "reason: known since May" in baseline.read_text()
