"""``exercise --jobs``: presets run at the same time, and all of them end with the command."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.mock_server.command_line import run_command

PRESETS = ("--preset=lost-response", "--preset=brownout", "--preset=expired-token")
EXERCISE = (sys.executable, "-m", "mock_server", "exercise", *PRESETS)
LONG = 60.0
INTERRUPTED = 2

CLIENT = """
import os, pathlib, sys, time, uuid
import httpx
folder = pathlib.Path(sys.argv[1])
mine = folder / f"{{uuid.uuid4()}}.run"
is_first = not list(folder.glob("*.run"))
mine.write_text(str(os.getpid()))
pair = {{name: os.environ["DINIE_" + name.upper()] for name in ("client_id", "client_secret")}}
httpx.post(os.environ["DINIE_BASE_URL"] + "/auth/token",
           json={{"grant_type": "client_credentials", **pair}})
{then}
"""
"""A client that leaves a file for each run, and sends a request."""


def client(folder: Path, then: str) -> list[str]:
    script = folder / "client.py"
    script.write_text(CLIENT.format(then=textwrap.dedent(then)))
    return ["--", sys.executable, str(script), str(folder)]


def runs(folder: Path) -> list[int]:
    """The processes of the runs so far."""
    return [int(text) for one in folder.glob("*.run") if (text := one.read_text())]


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_as_many_presets_run_at_once_as_there_are_jobs(tmp_path: Path) -> None:
    """Each run but the first waits until all of the others are there."""
    waits = f"""
        end = time.monotonic() + {LONG}
        while not is_first and len(list(folder.glob("*.run"))) < 4:
            if time.monotonic() > end:
                raise SystemExit("alone")
            time.sleep(0.05)
    """
    done = run_command("exercise", *PRESETS, "--jobs", "3", *client(tmp_path, waits))

    assert done.stderr.count("ended well") == 4


def test_with_one_job_no_run_meets_another(tmp_path: Path) -> None:
    alone = """
        (folder / "lock").mkdir()
        time.sleep(0.3)
        (folder / "lock").rmdir()
    """
    done = run_command("exercise", *PRESETS, "--jobs", "1", *client(tmp_path, alone))

    assert done.stderr.count("ended well") == 4


def test_the_output_of_each_run_stays_together(tmp_path: Path) -> None:
    prints = """
        for number in range(5):
            print(f"{mine.stem} {number}", flush=True)
            time.sleep(0.1)
    """
    # In a process of its own, for the output does not pass Python.
    done = subprocess.run(
        [*EXERCISE, "--jobs", "3", *client(tmp_path, prints)],
        capture_output=True,
        text=True,
        check=False,
    )

    names = {one.stem for one in tmp_path.glob("*.run")}
    lines = [one for one in done.stdout.splitlines() if one.partition(" ")[0] in names]
    assert len(lines) == 20
    for start in range(0, 20, 5):
        name = lines[start].partition(" ")[0]
        assert lines[start : start + 5] == [f"{name} {number}" for number in range(5)]


def test_a_run_that_sends_nothing_ends_the_others(tmp_path: Path) -> None:
    ends = "time.sleep(0 if is_first else 600)"
    [*command] = client(tmp_path, ends)
    script = Path(command[2])
    silent = 'if list(folder.glob("*.run")) and not (folder / "silent").exists():\n'
    silent += '    (folder / "silent").touch()\n    raise SystemExit\nmine = folder'
    script.write_text(script.read_text().replace("mine = folder", silent, 1))
    done = run_command("exercise", *PRESETS, "--jobs", "3", *command)

    assert done.returncode == 2
    assert "sent nothing to the mock" in done.stderr
    assert not any(map(is_alive, runs(tmp_path)))


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="only Unix has process groups")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_all_runs_in_one_line(name: str, tmp_path: Path) -> None:
    stays = "time.sleep(0 if is_first else 600)"
    command = client(tmp_path, stays)
    with subprocess.Popen(
        [*EXERCISE, "--jobs", "3", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        end = time.monotonic() + LONG
        while len(runs(tmp_path)) < 4 and time.monotonic() < end:
            time.sleep(0.05)
        # A second one, as of an impatient user, keeps no run from its end.
        for _ in range(2):
            process.send_signal(getattr(signal, name))
            time.sleep(0.1)
        said = process.communicate(timeout=LONG)[1]

    assert process.returncode == INTERRUPTED
    assert said.splitlines()[1:] == ["dinie-mock: interrupted"]
    assert len(runs(tmp_path)) == 4
    assert not any(map(is_alive, runs(tmp_path)))
