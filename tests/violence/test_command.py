"""``python -m tests.violence``."""

import subprocess
import sys

import pytest

import tests.violence.__main__ as command


@pytest.mark.thorough
def test_it_says_what_was_done_and_what_came_of_it() -> None:
    options = ("--store", "sqlite", "--creates", "300", "--keys", "60", "--connections", "16")
    done = subprocess.run(
        [sys.executable, "-m", "tests.violence", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = dict(line.rsplit(maxsplit=1) for line in done.stdout.splitlines() if line[:2] == "  ")
    assert figures["  creates confirmed"] == "300"
    assert figures["  workers killed"] == "1"
    assert int(figures["  connections cut"]) > 0
    assert figures["  credentials listed"] == "60"
    assert figures["  replays compared"] == "300"
    assert figures["  lost"] == figures["  made twice"] == figures["  5xx"] == "0"
    assert "Nothing lost, nothing made twice." in done.stdout


@pytest.mark.parametrize("options", [["--keys", "0"], ["--creates", "5"], ["--workers", "1"]])
def test_what_cannot_be_tried_is_one_line(
    options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["violence", *options])
    with pytest.raises(SystemExit) as ended:
        command.main()
    printed = capsys.readouterr()
    assert ended.value.code == 2
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert options[0] in printed.err


def test_what_does_not_hold_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = iter([False, True])
    monkeypatch.setattr(command, "_one", lambda *_: next(verdicts))
    monkeypatch.setattr(sys, "argv", ["violence"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 1
