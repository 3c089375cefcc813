"""The first signal cuts no answer that tells of a new key, or says that a key may be left."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.mock_process import MockProcess
from tests.conformance.cli.command_line import FIRST, active
from tests.conformance.cli.test_held_answers import FINDING, SOON_SECONDS, THOROUGH, commands
from tests.conformance.target.relay import relay

DELAY_SECONDS = 0.3


def interrupted(
    name: str, mock: MockProcess, folder: Path, delay: Callable[[], str]
) -> tuple[str, int]:
    """What a command prints that is interrupted while creations are on their way, and its code."""
    (folder / "finding.json").write_text(FINDING.text())
    command = {**commands(folder), "replay": ["replay", str(folder / "finding.json")]}[name]
    on_their_way = threading.Semaphore(0)

    def closes(request: bytes) -> str:
        if not request.startswith(b"POST /v3/auth/credentials "):
            return ""
        on_their_way.release()
        return delay()

    with relay(mock.base_url, closes) as url:
        process = subprocess.Popen(
            [sys.executable, "-m", "conformance.cli", *command, "--url", url],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "DINIE_TOKEN": FIRST},
        )  # fmt: skip
        with process:
            try:
                for _ in range(1 if name == "replay" else 5):
                    assert on_their_way.acquire(timeout=60)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=SOON_SECONDS)
            finally:
                process.kill()
        # What the relay holds still goes on to the target.
        time.sleep(2 * DELAY_SECONDS)
    assert "Traceback" not in err
    assert "fault of the harness" not in out + err
    return out, process.returncode


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["run", "fuzz", "replay", THOROUGH("load")])
def test_keys_whose_creation_is_on_its_way_are_revoked(
    name: str, healthy: MockProcess, tmp_path: Path
) -> None:
    def late() -> str:
        time.sleep(DELAY_SECONDS)
        return ""

    out, code = interrupted(name, healthy, tmp_path, late)
    assert code == 2
    assert "No verdict: " in out
    assert "cut off" not in out
    assert active(healthy, FIRST) == []


@pytest.mark.parametrize("name", ["run", THOROUGH("fuzz"), THOROUGH("replay")])
def test_a_creation_that_is_cut_off_is_told(
    name: str, healthy: MockProcess, tmp_path: Path
) -> None:
    number = iter(range(10**6))
    free = 0 if name == "replay" else 4
    out, code = interrupted(name, healthy, tmp_path, lambda: "" if next(number) < free else "never")
    assert code == 2
    assert "No verdict: " in out
    assert "creations were cut off: their keys, if any, are left" in out
