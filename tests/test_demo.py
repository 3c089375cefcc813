"""``make demo`` as a newcomer sees it."""

import re
import subprocess
import sys

import pytest


def demo(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo", *options],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.mark.thorough
def test_it_ends_with_a_verdict_and_shows_no_secret() -> None:
    result = demo("--examples", "50")

    assert result.returncode == 0, result.stdout + result.stderr
    last = result.stdout.strip().splitlines()[-1]
    assert re.fullmatch(r"CONFORMS: .+, in \d+ s", last)
    for part in ("conformance harness", "dinie-sdk", "Schemathesis"):
        assert part in result.stdout
    assert not re.search(r"dinie_(cs|at)_\w{8}", result.stdout + result.stderr)


@pytest.mark.parametrize("options", [["--examples", "5"], ["--bogus"]])
def test_bad_options_are_refused(options: list[str]) -> None:
    result = demo(*options)

    assert result.returncode == 2
    assert "Traceback" not in result.stderr
