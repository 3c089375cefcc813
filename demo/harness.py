"""The conformance harness judges the mock, as the API team's gate would."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from mock_server.partners.partners import Partner

_SECONDS = 300


class HarnessDidNotRun(Exception):
    """It came to no verdict; the message is one plain line."""


def run_harness(base_url: str, first: Partner, second: Partner) -> tuple[str, dict[str, int]]:
    """Run every requirement; gives the verdict's line and how many results of each kind.

    Raises :class:`HarnessDidNotRun` where it came to no verdict.
    """
    with TemporaryDirectory(prefix="conformance-") as name:
        report = Path(name) / "report.json"
        command = [sys.executable, "-m", "conformance.cli", "run", "--url", base_url]
        environment = {
            **{key: text for key, text in os.environ.items() if not key.startswith("DINIE_")},
            "PYTHONUTF8": "1",
            "DINIE_TOKEN": str(first.token),
            "DINIE_SECOND_TOKEN": str(second.token),
        }
        ended = subprocess.run(
            [*command, "--report-json", str(report)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
        lines = ended.stdout.strip().splitlines() or ["it printed nothing"]
        if ended.returncode not in {0, 1} or not report.exists():
            raise HarnessDidNotRun(lines[-1])
        summary: dict[str, int] = orjson.loads(report.read_bytes())["summary"]
        return lines[-1], summary
