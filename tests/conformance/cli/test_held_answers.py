"""Commands as processes on a target that holds its answers back: each ends when it is told to."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.finding import Finding
from conformance.target.transport.reception import TIMEOUT_SECONDS
from demo.mock_process import MockProcess
from dinie_contract.systems import ENDING
from tests.conformance.cli.command_line import ENOUGH_KEYS, FIRST, active
from tests.conformance.load.command_line import SIX_USERS
from tests.conformance.target.hostile import LARGE, hostile
from tests.conformance.target.relay import relay

THOROUGH = partial(pytest.param, marks=pytest.mark.thorough)

FINDING = Finding(
    requirement="created.name-is-unchanged",
    operation="createCredential",
    level="must",
    cause="expected one, got another",
    expected="one",
    actual="another",
    work="created.name-is-unchanged [createCredential]",
    seed=1,
    effort={"times": 1, "steps": 5, "keys": 3},
    first_seen="2026-03-01T00:00:00+00:00",
)

SOON_SECONDS = TIMEOUT_SECONDS - 5
"""Before any answer that is held back would be given up."""


class Holding:
    """A target that holds answers back from a moment on, but not those to ``spared`` requests."""

    def __init__(self, spared: Callable[[bytes], bool]) -> None:
        self._spared = spared
        self.is_holding = threading.Event()
        self.held = threading.Semaphore(0)
        self.revocation_held = threading.Event()

    def __call__(self, request: bytes) -> str:
        if not self.is_holding.is_set() or self._spared(request):
            return ""
        self.held.release()
        if revocations(request):
            self.revocation_held.set()
        return "never"


def revocations(request: bytes) -> bool:
    return request.startswith(b"DELETE")


def nothing(_: bytes) -> bool:
    return False


@contextmanager
def begun(
    mock: MockProcess, holding: Holding, command: list[str]
) -> Iterator[subprocess.Popen[str]]:
    """A command in a process of its own, some of whose requests are held back."""
    with relay(mock.base_url, holding) as url:
        process = subprocess.Popen(
            [sys.executable, "-m", "conformance.cli", *command, "--url", url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "DINIE_TOKEN": FIRST},
        )
        with process:
            try:
                while len(active(mock, FIRST)) < ENOUGH_KEYS:
                    assert process.poll() is None, process.communicate()
                    time.sleep(0.02)
                holding.is_holding.set()
                assert holding.held.acquire(timeout=60)
                yield process
            finally:
                process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What it printed, once it has ended by itself, and soon."""
    out, err = process.communicate(timeout=SOON_SECONDS)
    assert "Traceback" not in err
    assert "fault of the harness" not in out + err
    return out, err


def commands(folder: Path) -> dict[str, list[str]]:
    return {
        "run": ["run", "--report-json", str(folder / "report.json")],
        "fuzz": ["fuzz", "--directory", str(folder / "fuzz"), "--max-time", "1h",
                 "--report-json", str(folder / "report.json")],
        "load": ["load", *SIX_USERS, "--max-time", "1h",
                 "--report-json", str(folder / "report.json")],
    }  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, *map(THOROUGH, ENDING[1:])])
@pytest.mark.parametrize("name", ["run", THOROUGH("fuzz"), THOROUGH("load")])
def test_the_first_signal_ends_the_waiting(
    name: str, number: signal.Signals, healthy: MockProcess, tmp_path: Path
) -> None:
    holding = Holding(revocations)
    with begun(healthy, holding, commands(tmp_path)[name]) as process:
        process.send_signal(number)
        out, _ = ended(process)
    assert process.returncode == 2
    assert "No verdict: interrupted" in out
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["complete"] is False
    # Those keys that were answered are revoked; of the others nobody could know.
    assert "keys were made and revoked" in out


@pytest.mark.parametrize("name", ["run", THOROUGH("fuzz")])
def test_the_second_signal_ends_the_cleaning_up(
    name: str, healthy: MockProcess, tmp_path: Path
) -> None:
    holding = Holding(nothing)
    with begun(healthy, holding, commands(tmp_path)[name]) as process:
        holding.revocation_held.clear()
        process.send_signal(signal.SIGINT)
        # The first reports are written before the cleaning up begins.
        while not (tmp_path / "report.json").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        assert holding.revocation_held.wait(SOON_SECONDS)
        process.send_signal(signal.SIGINT)
        out, _ = ended(process)
    assert process.returncode == 2
    assert "No verdict: interrupted" in out
    assert "could not be revoked" in out
    assert (tmp_path / "report.json").exists()


def test_a_campaign_ends_when_its_time_is_over(healthy: MockProcess, tmp_path: Path) -> None:
    command = ["fuzz", "--directory", str(tmp_path / "fuzz"), "--max-time", "3s"]
    with begun(healthy, Holding(revocations), command) as process:
        out, _ = ended(process)
    assert "revoked" in out
    assert RunDirectory.open(tmp_path / "fuzz").state()["over"] == "its time is over"


def test_a_campaign_on_a_target_that_holds_everything_ends_as_well(
    healthy: MockProcess, tmp_path: Path
) -> None:
    with relay(healthy.base_url, lambda _: "never") as url:
        done = subprocess.run(
            [sys.executable, "-m", "conformance.cli", "fuzz", "--url", url, "--max-time", "1s",
             "--directory", str(tmp_path / "fuzz")],
            env={**os.environ, "DINIE_TOKEN": FIRST},
            capture_output=True, text=True, timeout=SOON_SECONDS, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_replay_is_interrupted_at_once(healthy: MockProcess, tmp_path: Path) -> None:
    finding = tmp_path / "finding.json"
    finding.write_text(FINDING.text())
    holding = Holding(revocations)
    holding.is_holding.set()
    with relay(healthy.base_url, holding) as url:
        process = subprocess.Popen(
            [sys.executable, "-m", "conformance.cli", "replay", str(finding), "--url", url],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "DINIE_TOKEN": FIRST},
        )  # fmt: skip
        with process:
            try:
                assert holding.held.acquire(timeout=60)
                process.send_signal(signal.SIGINT)
                out, _ = ended(process)
            finally:
                process.kill()
    assert process.returncode == 2
    assert out.startswith("No verdict: the run was stopped")


@pytest.mark.parametrize("command", ["run", THOROUGH("fuzz"), THOROUGH("load")])
@pytest.mark.parametrize("access", ["token", THOROUGH("client id")])
def test_a_target_whose_every_answer_is_too_large_gives_no_verdict(
    command: str, access: str, tmp_path: Path
) -> None:
    attack, said = LARGE["endless chunks"]
    variables = {
        "token": {"DINIE_TOKEN": FIRST},
        "client id": {"DINIE_CLIENT_ID": "some", "DINIE_CLIENT_SECRET": "dinie_cs_live_secret"},
    }[access]
    headless = ["--headless"] if command == "load" else []
    with hostile(lambda _: attack()) as (url, _):
        done = subprocess.run(
            [sys.executable, "-m", "conformance.cli", command, "--url", url, *headless],
            env={**os.environ, **variables}, cwd=tmp_path,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert f"{url} gives an answer {said}" in done.stdout + done.stderr
    assert "fault of the harness" not in done.stdout + done.stderr
