"""The command in a process of its own, as people start it, and what it left to be read."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOKEN = "dinie_at_first_of_the_load"
PARTNER = ("dinie_ci_live_load", "dinie_cs_live_secret_of_the_load")

SIX_USERS = ("--headless", "--users", "6", "--spawn-rate", "60")
_LONGEST_SECONDS = 64


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


def has_created(run: Ended) -> bool:
    return run.code != 0 or (run.counts["created"] > 10 and run.counts["replays"] > 3)


def long_enough(run_for: Callable[[str], Ended], is_enough: Callable[[Ended], bool]) -> Ended:
    """The shortest run that is enough, however slow the machine: each is twice as long."""
    seconds = 1
    while True:
        run = run_for(f"--max-time={seconds}s")
        if run.code == 2 or is_enough(run) or seconds >= _LONGEST_SECONDS:
            return run
        seconds *= 2


def load(
    url: str,
    folder: Path,
    *arguments: str,
    is_enough: Callable[[Ended], bool] = has_created,
    **variables: str,
) -> Ended:
    """A short run, to its end."""
    report = folder / "load.json"

    def run_for(max_time: str) -> Ended:
        command = (*SIX_USERS, max_time, "--report-json", str(report), *arguments)
        with started(url, *command, **variables) as process:
            return ended(process, report)

    return long_enough(run_for, is_enough)
