"""``exercise`` and the processes of a command: all of them end with it, and what they did is told.

It needs to see the processes of the system in ``/proc``.
"""

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.mock_server.command_line import run_command

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="the system does not show its processes"
)

CLIENT = """
import os, pathlib, subprocess, sys, time
import httpx
folder = pathlib.Path(sys.argv[1])

def send():
    pair = {name: os.environ["DINIE_" + name.upper()] for name in ("client_id", "client_secret")}
    httpx.post(os.environ["DINIE_BASE_URL"] + "/auth/token",
               json={"grant_type": "client_credentials", **pair})

def leave():
    # A daemon: in a session of its own, and nobody's child.
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        (folder / f"{os.getpid()}.left").touch()
        return True
    while not list(folder.glob("*.left")):
        time.sleep(0.01)
    return False

"""


def exercised(folder: Path, then: str, *options: str) -> CompletedProcess[str]:
    script = folder / "client.py"
    script.write_text(CLIENT + textwrap.dedent(then))
    quiet = ("--quiet", "--preset", "slow", "--jobs", "1", *options)
    return run_command("exercise", *quiet, "--", sys.executable, str(script), str(folder))


def left(folder: Path) -> list[int]:
    """The processes that were left, and are there still."""
    found = [int(one.stem) for one in folder.glob("*.left")]
    assert found
    return [one for one in found if is_alive(one)]


def is_alive(process: int) -> bool:
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in {"Z", "X"}


def test_a_timeout_ends_processes_in_sessions_of_their_own(tmp_path: Path) -> None:
    done = exercised(tmp_path, "send()\nleave()\ntime.sleep(600)", "--timeout", "3")
    assert done.returncode == 2
    assert "it took too long" in done.stderr
    assert left(tmp_path) == []


def test_what_a_command_leaves_running_may_end_and_is_judged(tmp_path: Path) -> None:
    done = exercised(tmp_path, "send()\nif leave():\n    time.sleep(0.5)\n    send()")
    assert left(tmp_path) == []
    assert "without faults: the command ended, and left a process running; it sent 1 request" in (
        done.stdout
    )
    assert "was ended" not in done.stdout


def test_what_goes_on_for_long_is_ended_and_told(tmp_path: Path) -> None:
    done = exercised(tmp_path, "send()\nif leave():\n    time.sleep(600)")
    assert left(tmp_path) == []
    assert "that was ended, and what it had still to send is not judged" in done.stdout
    assert "after the end of the command" not in done.stdout


def test_there_is_no_verdict_where_requests_were_cut_off(tmp_path: Path) -> None:
    goes_on = "send()\nif leave():\n    while True:\n        time.sleep(0.5)\n        send()"
    done = exercised(tmp_path, goes_on)
    assert left(tmp_path) == []
    # Whatever else is broken, the report tells of it.
    assert "after the end of the command, which are judged too; that was ended" in done.stdout
    assert done.returncode != 0


def test_a_file_that_cannot_be_written_is_told_before_the_command_runs(tmp_path: Path) -> None:
    har = tmp_path / "none" / "all.har"
    done = exercised(tmp_path, "(folder / 'ran').touch()", "--har", str(har))
    assert done.returncode == 2
    assert done.stderr == f"dinie-mock: {har} cannot be written: No such file or directory\n"
    assert not (tmp_path / "ran").exists()


def test_a_full_disk_leaves_the_file_as_it_was_and_the_verdict_is_printed(tmp_path: Path) -> None:
    har = tmp_path / "all.har"
    har.write_text("old")
    (tmp_path / "client.py").write_text(CLIENT + "for _ in range(9):\n    send()")
    # No file may have more than 4 KiB.
    line = (
        'ulimit -f 4; exec "$0" -m mock_server exercise'
        ' --quiet --preset slow --har "$1" -- "$0" "$2" x'
    )
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, str(har), str(tmp_path / "client.py")],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"dinie-mock: {har} was not written: File too large"
    assert "18 requests" in done.stdout
    assert har.read_text() == "old"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["all.har", "client.py"]


@pytest.mark.parametrize(
    ("closed", "is_read"), [(">&-", False), ("2>&-", True), ("<&-", True), ("<&- >&- 2>&-", False)]
)
def test_a_closed_standard_stream_changes_no_verdict(
    closed: str,
    is_read: bool,  # noqa: FBT001 - a parameter
    tmp_path: Path,
) -> None:
    (tmp_path / "client.py").write_text(CLIENT + "send()")
    line = f'"$0" -m mock_server exercise --preset slow --level must -- "$0" "$1" x {closed}'
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, str(tmp_path / "client.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ("Conforms" in done.stdout) is is_read
