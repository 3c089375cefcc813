"""The Schemathesis command line judges a running server by the bundled contract."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from demo.schemathesis_report import SchemathesisRun, read_run
from demo.schemathesis_settings import TOKEN_VARIABLE, configuration
from openapi.document import bundled_path

DEFAULT_EXAMPLES = 200

_SECONDS = 1800
_ENVIRONMENT = {"COLUMNS": "100", "NO_PROXY": "*", "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}


class SchemathesisDidNotRun(Exception):
    """It could not do its job; the message is one plain line."""


def run_schemathesis(
    base_url: str,
    *,
    token: str,
    client_id: str,
    client_secret: str,
    examples: int = DEFAULT_EXAMPLES,
) -> SchemathesisRun:
    """Run all phases and all checks with a fixed seed, ``examples`` for each operation.

    Raises :class:`SchemathesisDidNotRun`. Everything the tool writes is gone when this returns.
    """
    with TemporaryDirectory(prefix="schemathesis-") as name:
        directory = Path(name)
        settings = directory / "configuration.toml"
        settings.write_text(configuration(examples, client_id, client_secret), encoding="utf-8")
        events, summary = directory / "events.ndjson", directory / "summary.json"
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings)]
        command += ["run", str(bundled_path()), "--url", base_url, "--checks", "all", "--no-color"]
        command += ["--phases", "examples,coverage,fuzzing,stateful"]
        command += ["--report-ndjson-path", str(events), "--report-json-path", str(summary)]
        start = time.perf_counter()
        process = _run(command, directory, token)
        seconds = time.perf_counter() - start
        output = _redacted(process.stdout, token, client_secret)
        if not summary.exists():
            raise SchemathesisDidNotRun(_last_line(output))
        return read_run(
            summary, events, exit_code=process.returncode, seconds=seconds, output=output
        )


def _run(command: list[str], directory: Path, token: str) -> subprocess.CompletedProcess[str]:
    environment = {
        # Settings made for other runs must not change this one.
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SCHEMATHESIS_", "HYPOTHESIS_"))
    }
    try:
        return subprocess.run(
            command,
            # Hypothesis and Schemathesis leave files where they run.
            cwd=directory,
            env=environment | {TOKEN_VARIABLE: token} | _ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SchemathesisDidNotRun(f"it did not end within {_SECONDS} seconds") from error


def _redacted(text: str, *secrets: str) -> str:
    for secret in filter(None, secrets):
        text = text.replace(secret, "[Filtered]")
    return re.sub(r"dinie_(?:cs|at)_[\w.-]+", "[Filtered]", text)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "it printed nothing"
