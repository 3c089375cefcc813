"""Names and entries of a foreign run directory: none leads to another file, and each has an end."""

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.files import FileError
from conformance.results.exit_code import NO_VERDICT
from conformance.target.kept import CreatedResource
from demo.mock_process import MockProcess
from tests.conformance.cli.command_line import one_line, run
from tests.conformance.fuzz.conftest import CONTRACT, TOKENS
from tests.conformance.fuzz.foreign.campaigns import URL, WHOLE

SECRET = "a text of the user's own"


def to_a_file(path: Path, target: Path) -> None:
    path.symlink_to(target)


def to_nowhere(path: Path, target: Path) -> None:
    path.symlink_to(target.with_name("nothing"))


def a_fifo(path: Path, _: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path, _: Path) -> None:
    path.symlink_to("/dev/zero")


def a_folder(path: Path, _: Path) -> None:
    path.mkdir()


THINGS = (to_a_file, to_nowhere, a_fifo, a_device, a_folder)


@pytest.mark.parametrize(
    "make", [*THINGS[:2], *(pytest.param(one, marks=pytest.mark.thorough) for one in THINGS[2:])]
)
@pytest.mark.parametrize(
    "name",
    ["campaign.json", "lock", "made.txt", "left-behind.txt", "findings", "corpus",
     f"findings/{WHOLE.id}.json", "findings/other.json", "corpus/one", ".campaign.json.new"],
)  # fmt: skip
def test_nothing_in_a_directory_leads_to_another_file(
    name: str,
    make: Callable[[Path, Path], None],
    healthy: MockProcess,
    directory: RunDirectory,
    tmp_path: Path,
) -> None:
    """Neither reading nor a campaign that goes on touches what a name leads to, or waits for it."""
    target = tmp_path / "private.txt"
    target.write_text(SECRET)
    directory.keep(WHOLE)
    path = directory.path / name
    if path.is_dir():
        for one in path.iterdir():
            one.unlink()
        path.rmdir()
    path.unlink(missing_ok=True)
    make(path, target)

    access = ("--token", TOKENS[0], "--second-token", TOKENS[1])
    for arguments in (
        ("merge", str(directory.path)),
        ("replay", str(directory.path / WHOLE.id), "--url", healthy.base_url, *access),
        ("fuzz", f"--resume={directory.path}", "--url", healthy.base_url, *access,
         "--select=generated.valid-data-is-no-failure", "--max-time=1s"),
    ):  # fmt: skip
        run(*arguments)
    assert target.read_text() == SECRET
    assert not target.with_name("nothing").exists()
    assert stat.S_IMODE(target.stat().st_mode) & 0o111 == 0


def test_what_has_another_name_elsewhere_is_not_appended_to(directory: RunDirectory) -> None:
    target = directory.path.with_name("private.txt")
    target.write_text(SECRET)
    (directory.path / "made.txt").hardlink_to(target)
    with pytest.raises(FileError, match="another name"):
        directory.record_created(CreatedResource(0, "dinie_ci_1"))
    assert target.read_text() == SECRET


def test_a_file_of_a_hundred_megabytes_is_not_read(directory: RunDirectory) -> None:
    path = directory.path / "findings" / "large.json"
    with path.open("w") as file:
        file.truncate(100 * 1024 * 1024)
    [error] = directory.findings(CONTRACT)[1]
    assert str(error) == f"{path}: is larger than 16777216 bytes"


def test_folders_deep_in_each_other_are_one_line(directory: RunDirectory) -> None:
    folder = os.open(directory.path / "corpus", os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("a", dir_fd=folder)
        inner = os.open("a", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    try:
        with pytest.raises(FileError, match="corpus: cannot be read: File name too long"):
            _ = directory.corpus
    finally:
        # Python 3.11 deletes by recursion, and would leave it to later runs.
        subprocess.run(["rm", "-r", str(directory.path / "corpus")], check=True)


@pytest.mark.parametrize("command", ["merge", "replay"])
def test_a_name_that_no_file_can_have_is_one_line(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sending = ["--url", URL, "--token", "t"] if command == "replay" else []
    assert run(command, "a" * 300, *sending) == NO_VERDICT
    assert "fault of the harness" not in one_line(capsys)


@pytest.mark.parametrize("name", ["loop", "folder", "fifo", "zero"])
def test_a_name_of_what_is_no_file_is_one_line_of_replay(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    assert run("replay", str(tmp_path / name), "--url", URL, "--token", "t") == NO_VERDICT
    line = one_line(capsys)
    told = {"folder": "holds no campaign", "loop": "is a link, and"}
    assert told.get(name, "is no regular file") in line
