"""Runs that do not come to their end: what they tell, and what they leave behind."""

import json
import signal
from pathlib import Path

import pytest

from demo.mock_process import mock_process
from tests.conformance.cli.command_line import FIRST, PARTNER, active, running


def test_interrupted_it_tells_what_it_has_and_cleans_up(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with mock_process("--partner", f"{':'.join(PARTNER)}:{FIRST}") as mock:
        with running(mock, report) as process:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)

        assert process.returncode == 2, err
        assert err == ""
        assert out.splitlines()[-1].startswith("No verdict: interrupted")
        assert json.loads(report.read_text())["complete"] is False
        assert active(mock, FIRST) == []


@pytest.mark.thorough
def test_a_target_that_dies_midway_leaves_partial_results(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    partner = f"{':'.join(PARTNER)}:{FIRST}"
    with mock_process("--partner", partner) as mock, running(mock, report) as process:
        mock.process.kill()
        out, err = process.communicate(timeout=60)

    assert process.returncode == 2, err
    assert err == ""
    assert "does not answer" in out.splitlines()[-1]
    assert "could not be revoked" in out
    document = json.loads(report.read_text())
    assert document["complete"] is False
    assert document["results"]
