"""The harness as a process of its own, and its report."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


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
