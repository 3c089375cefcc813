"""Report files: the old one or the new one, with the modes that a user expects."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.report.output import OutputError, write, write_early


def test_a_new_file_is_as_the_umask_says_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    new, old = tmp_path / "new.json", tmp_path / "old.json"
    old.write_text("old")
    old.chmod(0o640)
    before = os.umask(0o027)
    try:
        write(new, "a")
        write(old, "b\ud800")
    finally:
        os.umask(before)

    assert stat.S_IMODE(new.stat().st_mode) == 0o640
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert old.read_text() == "b\\ud800"
    assert {*tmp_path.iterdir()} == {new, old}


def test_a_link_stays_one_and_its_file_is_written(tmp_path: Path) -> None:
    file, link = tmp_path / "file.json", tmp_path / "link.json"
    file.write_text("old")
    link.symlink_to(file)
    write_early([(link, "early")])
    assert file.read_text() == "old"
    write(link, "new")

    assert link.is_symlink()
    assert file.read_text() == "new"


def test_a_reader_of_a_pipe_gets_the_report_once() -> None:
    program = (
        "from pathlib import Path\n"
        "from conformance.report.output import write, write_early\n"
        "path = Path('/dev/stdout')\n"
        "write_early([(path, 'early ')])\n"
        "write(path, 'whole')\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert found.stdout == b"whole"


def test_what_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "report.json"
    write_early([(path, "early")])

    with pytest.raises(OutputError, match="was not written"):
        write(path, "whole")
