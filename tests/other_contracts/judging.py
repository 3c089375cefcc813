"""The harness as a process of its own, and its report."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demo.mock_process import mock_process

TOKENS = ("mock_first_8f2c61d0a97b4e35", "mock_second_51b7e0c4d2f98a63")


def judged(command: str, *arguments: str, folder: Path) -> tuple[int, dict[str, Any]]:
    """The exit code of a command of the harness, and its JSON report."""
    report = folder / "report.json"
    harness = [sys.executable, "-m", "conformance.cli", command, *arguments]
    ended = subprocess.run(
        [*harness, "--report-json", str(report)],
        check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert report.exists(), ended.stderr
    return ended.returncode, json.loads(report.read_text())


def judged_mock(contract: Path, folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code of `run` on the mock of a contract with two partners, and its report."""
    partners = [text for number, token in enumerate(TOKENS)
                for text in ("--partner", f"id_{number}:secret_{number}:{token}")]  # fmt: skip
    with mock_process("--contract", str(contract), *partners) as mock:
        return judged(
            "run", "--contract", str(contract), "--url", mock.base_url, "--token", TOKENS[0],
            "--second-token", TOKENS[1], "--level", "should", "--patience", "0", *options,
            folder=folder,
        )  # fmt: skip


def loaded(
    contract: Path, url: str, folder: Path, *options: str, token: str = TOKENS[0]
) -> tuple[int, dict[str, Any]]:
    """The exit code of a short `load` of a few users, and its report."""
    return judged(
        "load", "--no-config", "--contract", str(contract), "--url", url, "--token", token,
        "--headless", "--users", "2", "--max-time", "3s", *options, folder=folder,
    )  # fmt: skip


def accused(report: dict[str, Any]) -> Sequence[str]:
    """What a report has against a server."""
    bad = {"failed", "warning", "error"}
    return [f"{one['id']} [{one['operation']}]: {one['actual']}" for one in report["results"]
            if one["outcome"] in bad]  # fmt: skip
