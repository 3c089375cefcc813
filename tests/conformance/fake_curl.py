"""A curl that notes its arguments and its input, and sends nothing."""

import os
import subprocess
from pathlib import Path

FAKE_CURL = r"""#!/bin/sh
printf '%s\0' "$@" >>arguments
case " $* " in *' @- '*) cat >>body;; esac
"""


def with_fake_curl(folder: Path) -> Path:
    """The folder, with the curl in it."""
    (folder / "bin").mkdir()
    curl = folder / "bin" / "curl"
    curl.write_text(FAKE_CURL)
    curl.chmod(0o755)
    return folder


def arguments_of_curl(folder: Path, script: str) -> list[str]:
    """The arguments of each curl of a script, one after another; all else it does is a fault."""
    for left in ("arguments", "body"):
        (folder / left).unlink(missing_ok=True)
    done = subprocess.run(
        ["sh", "-eu"], input=script.encode("ascii"), cwd=folder, capture_output=True, check=False,
        env={"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "TOKEN": "t", "SECOND_TOKEN": "u"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # An answer that a later request needs is printed, and here it is empty.
    assert done.stdout.strip(b"\n") == done.stderr == b""
    assert {one.name for one in folder.iterdir()} <= {"bin", "arguments", "body"}
    return (folder / "arguments").read_bytes().decode("utf-8", "surrogateescape").split("\0")
