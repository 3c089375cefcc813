"""A signal in the first seconds of a command: one line, and the exit code for no verdict."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SIGNALS = [getattr(signal, one) for one in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, one)]
NO_VERDICT = 2
ROOT = Path(__file__).parents[1]
# Nobody answers there, which is waited for: neither command ends before the signal comes.
FUZZ = ["conformance.cli", "fuzz", "--url", "http://127.0.0.1:9", "--token", "token-of-nobody",
        "--wait-for", "60s"]  # fmt: skip


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="only Unix sends signals")
@pytest.mark.parametrize("sign", SIGNALS)
@pytest.mark.parametrize(
    ("command", "imported"),
    [
        (FUZZ, "click"),
        (FUZZ, "conformance.fuzz.campaign"),
        (["mock_server", "exercise", "--", "sleep", "60"], "mock_server.testing.exercise"),
    ],
    ids=["import", "fuzz", "exercise"],
)
def test_a_command_ends_in_one_line(
    command: list[str], imported: str, sign: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert any(line.split("|")[-1].strip() == imported for line in process.stderr)
        process.send_signal(sign)
        out, said = process.communicate(timeout=60)

    name = "dinie-mock" if command[0] == "mock_server" else "dinie-conformance"
    lines = [one for one in said.splitlines() if not one.startswith("import time:")]
    lines = [one for one in lines if "it may be coming up" not in one]
    assert lines == [f"{name}: interrupted"]
    assert out == ""
    assert process.returncode == NO_VERDICT


def test_an_interrupt_in_generated_code_is_no_death_by_a_signal(tmp_path: Path) -> None:
    """Dataclasses execute texts while they are imported."""
    (tmp_path / "interrupted.py").write_text("def end(): raise KeyboardInterrupt\nexec('end()')\n")
    (tmp_path / "started.py").write_text(
        "from dinie_contract import commands\n"
        "commands._main('dinie-mock', 'interrupted', interrupted=2)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "started"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
    )

    assert (done.returncode, done.stderr) == (NO_VERDICT, "dinie-mock: interrupted\n")
