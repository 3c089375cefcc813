"""A signal in the first seconds of a command: one line, and the exit code for no verdict."""

import signal
import subprocess
import sys

import pytest

SIGNALS = [getattr(signal, one) for one in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, one)]
NO_VERDICT = 2


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="only Unix sends signals")
@pytest.mark.parametrize("sign", SIGNALS)
@pytest.mark.parametrize(
    ("command", "imported"),
    [
        (["conformance.cli", "fuzz", "--url", "http://127.0.0.1:9"], "click"),
        (["conformance.cli", "fuzz", "--url", "http://127.0.0.1:9"], "conformance.fuzz.campaign"),
        (["mock_server", "exercise", "--", "true"], "mock_server.testing.exercise"),
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
    assert lines == [f"{name}: interrupted"]
    assert out == ""
    assert process.returncode == NO_VERDICT
