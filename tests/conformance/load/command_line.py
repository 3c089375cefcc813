"""The command in a process of its own, as people start it, and what it left to be read."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOKEN = "dinie_at_first_of_the_load"
PARTNER = ("dinie_ci_live_load", "dinie_cs_live_secret_of_the_load")

SHORT = ("--headless", "--users", "6", "--spawn-rate", "60", "--max-time", "1s")


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, what it printed, and its report where there is one."""

    code: int
    out: str
    err: str
    report: dict[str, Any]

    @property
    def line(self) -> str:
        return self.out.splitlines()[-1]

    def outcomes(self, outcome: str) -> set[str]:
        return {one["id"] for one in self.report["results"] if one["outcome"] == outcome}

    @property
    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = self.report["load"]["counts"]
        return counts


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "DINIE_TOKEN": TOKEN, **more}


def command(url: str, *arguments: str) -> Sequence[str]:
    return [sys.executable, "-m", "conformance.cli", "load", "--url", url, *arguments]


@contextmanager
def started(url: str, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The command on its way; killed at the end if it is still there."""
    process = subprocess.Popen(
        command(url, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str], report: Path) -> Ended:
    out, err = process.communicate(timeout=120)
    document = json.loads(report.read_text()) if report.exists() else {}
    return Ended(process.returncode, out, err, document)


def load(url: str, folder: Path, *arguments: str, **variables: str) -> Ended:
    """A short run, to its end."""
    report = folder / "load.json"
    with started(url, *SHORT, "--report-json", str(report), *arguments, **variables) as process:
        return ended(process, report)
