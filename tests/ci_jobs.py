"""The jobs of the CI recipes as their shell parts, which run in a clean environment."""

import os
import signal
import socket
import subprocess
import sysconfig
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import yaml


class Step(NamedTuple):
    """A shell part with its variables; ``always`` where it runs after a failure, too."""

    variables: Mapping[str, str]
    script: str
    always: bool = False


class Job(NamedTuple):
    """A job: its variables, and its shell parts."""

    variables: Mapping[str, str]
    steps: Sequence[Step]


def jobs(github_text: str, gitlab_text: str) -> Mapping[str, Job]:
    """The jobs of both systems; those with no events of their own take all that there are."""
    github, gitlab = yaml.safe_load(github_text), yaml.safe_load(gitlab_text)
    found = {}
    for name, job in github["jobs"].items():
        steps = [
            Step(one.get("env", {}), one["run"], one.get("if") == "always()")
            for one in job["steps"]
            if "run" in one
        ]
        found[f"github {name}"] = Job(github["env"] | job.get("env", {}), steps)
    for name in ("gate", "fuzz"):
        job = gitlab[name]
        base = gitlab[job["extends"]]
        script = "\n".join([*base["before_script"], *job["script"]])
        variables = base["variables"] | job.get("variables", {})
        found[f"gitlab {name}"] = Job(variables, [Step({}, script)])
    return found


def with_libraries(folder: Path) -> Path:
    """The virtual environment of a job, which has the libraries of this one."""
    venv.create(folder, with_pip=True, symlinks=True)
    [site_packages] = folder.glob("lib/python*/site-packages")
    libraries = f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})"
    (site_packages / "zzz_libraries.pth").write_text(f"{libraries}\n")
    return folder / "bin"


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


def installing(clone: Path, folder: Path, binaries: Path) -> dict[str, str]:
    """The environment of a job that installs the harness."""
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=clone, text=True).strip()
    kept = {key: one for key, one in os.environ.items()
            if key != "PYTHONPATH" and not key.startswith("DINIE_")}  # fmt: skip
    return kept | {
        "PATH": f"{binaries}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(folder),
        "PIP_NO_INDEX": "1",
        "DINIE_CONTRACT_COMMIT": head,
    }


@contextmanager
def running(
    steps: Sequence[Step], folder: Path, variables: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Run steps until one fails, and those that always run; gives the code and the output.

    What they left in the background ends after the block.
    """
    groups, code, output = [], 0, ""
    try:
        for own, script, always in steps:
            if code and not always:
                continue
            # Files and no pipes: what a step leaves running keeps them open.
            with (folder / "output.txt").open("w+") as file:
                process = subprocess.Popen(
                    ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
                    cwd=folder, env={**variables, **own}, stdout=file, stderr=file,
                    stdin=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip
                groups.append(process.pid)
                code = process.wait(timeout=200) or code
            output += (folder / "output.txt").read_text()
        yield code, output
    finally:
        for group in groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue


def with_scratch(step: Step, folder: Path) -> Step:
    """The step with a folder of this test in place of the machine's own."""
    there = str(folder / "dinie-contract")
    return step._replace(script=step.script.replace("/tmp/dinie-contract", there))
