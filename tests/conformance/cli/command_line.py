"""The command line in this process, or as a process of its own beside a mock."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.cli.main import main
from demo.mock_process import MockProcess

FIRST, SECOND = "dinie_at_first", "dinie_at_second"
ENOUGH_KEYS = 5
"""The keys that a run has made once its checks are certainly in flight."""

PARTNER = "dinie_ci_live_first", "dinie_cs_live_first"


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def judge(url: str, *arguments: str) -> int:
    return run("run", "--url", url, "--token", FIRST, "--select", "idempotency", *arguments)


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    printed = capsys.readouterr()
    assert printed.out == ""
    [line] = printed.err.splitlines()
    assert line.startswith("dinie-conformance: ")
    return line.removeprefix("dinie-conformance: ")


def active(mock: MockProcess, token: str) -> list[str]:
    """Ids of the keys in the list that are not revoked."""
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"has_more": True}
        while page["has_more"]:
            cursor = {"starting_after": found[-1]["id"]} if found else {}
            url = f"{mock.base_url}/auth/credentials"
            page = client.get(url, params={"limit": 100, **cursor}).json()
            found += page["data"]
    return [one["id"] for one in found if one["status"] == "active"]


@contextmanager
def sabotaged(upstream: str, requirement: str, sabotage: str) -> Iterator[str]:
    """The base URL of a sabotaged server in a process of its own."""
    command = [sys.executable, "-m", "conformance.cli.sabotaged", "--upstream", upstream,
               "--requirement", requirement, "--sabotage", sabotage,
               "--token", FIRST, "--token", SECOND]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


@contextmanager
def running(mock: MockProcess, report: Path) -> Iterator[subprocess.Popen[str]]:
    """A slow run in a process of its own, on its way."""
    command = [sys.executable, "-m", "conformance.cli", "run", "--url", mock.base_url,
               "--max-rps", "60", "--report-json", str(report)]  # fmt: skip
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DINIE_TOKEN": FIRST},
    ) as process:
        while len(active(mock, FIRST)) < ENOUGH_KEYS:
            assert process.poll() is None
            time.sleep(0.05)
        yield process
        process.kill()
