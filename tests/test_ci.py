"""The CI recipes: their YAML fits the schemas, and their shell parts run from a clean clone.

One thing is not as in CI: no package is downloaded. The virtual environment of a job sees the
libraries of this one, so pip finds each requirement installed already. All commands run as they
are written, against the mock that the job itself starts.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

ROOT = Path(__file__).parent.parent
ACTION = ROOT / "ci" / "action" / "action.yml"
TEXT = (ROOT / "docs" / "ci.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
GITHUB = next(one for one in BLOCKS if one.startswith("name: "))
GITLAB = next(one for one in BLOCKS if one.startswith("stages: "))


def jobs() -> Mapping[str, tuple[Mapping[str, str], list[tuple[Mapping[str, str], str]]]]:
    """For each job its variables, and its shell parts with the variables of each."""
    github, gitlab = yaml.safe_load(GITHUB), yaml.safe_load(GITLAB)
    found: dict[str, Any] = {}
    for name, job in github["jobs"].items():
        steps = [(one.get("env", {}), one["run"]) for one in job["steps"] if "run" in one]
        found[f"github {name}"] = github["env"] | job.get("env", {}), steps
    base = gitlab[".harness"]
    for name in ("gate", "fuzz"):
        job = gitlab[name]
        script = "\n".join([*base["before_script"], *job["script"]])
        found[f"gitlab {name}"] = base["variables"] | job.get("variables", {}), [({}, script)]
    return found


JOBS = jobs()


@pytest.mark.parametrize("name", ["github-workflows", "gitlab-ci", "github-actions"])
def test_a_recipe_fits_the_schema_of_its_system(name: str, tmp_path: Path) -> None:
    texts = {"github-workflows": GITHUB, "gitlab-ci": GITLAB, "github-actions": ACTION.read_text()}
    (tmp_path / "recipe.yml").write_text(texts[name])
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{name}"]
    done = subprocess.run(
        [*command, "recipe.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned_by_commit() -> None:
    used = re.findall(r"uses: (actions/\S+)", TEXT + ACTION.read_text())
    assert len(used) > 8
    assert [one for one in used if not re.search(r"@[0-9a-f]{40}$", one)] == []


def test_no_shell_part_holds_an_expression() -> None:
    """An expression would be pasted into the script; a variable is not."""
    scripts = [script for _, steps in JOBS.values() for _, script in steps]
    scripts += [one["run"] for one in yaml.safe_load(ACTION.read_text())["runs"]["steps"]
                if "run" in one]  # fmt: skip
    assert [one for one in scripts if "${{" in one] == []


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone") / "dinie-contract"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


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


def environment(clone: Path, folder: Path, binaries: Path) -> dict[str, str]:
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=clone, text=True).strip()
    port = free_port()
    kept = {key: one for key, one in os.environ.items() if key != "PYTHONPATH"}
    return kept | {
        "PATH": f"{binaries}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(folder),
        "PIP_NO_INDEX": "1",
        "DINIE_CONTRACT_URL": clone.as_uri(),
        "DINIE_CONTRACT_COMMIT": head,
        "DINIE_PORT": str(port),
        "DINIE_URL": f"http://127.0.0.1:{port}/v3",
        "DINIE_WAIT_FOR": "30s",
    }


@contextmanager
def running(steps: list[tuple[Mapping[str, str], str]], folder: Path,
            variables: Mapping[str, str]) -> Iterator[tuple[int, str]]:  # fmt: skip
    """Run steps until one fails; what they left in the background ends after the block."""
    groups, code, output = [], 0, ""
    try:
        for own, script in steps:
            # Files and no pipes: what a step leaves running keeps them open.
            with (folder / "output.txt").open("w+") as file:
                process = subprocess.Popen(
                    ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
                    cwd=folder, env={**variables, **own}, stdout=file, stderr=file,
                    stdin=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip
                groups.append(process.pid)
                code = process.wait(timeout=200)
            output += (folder / "output.txt").read_text()
            if code:
                break
        yield code, output
    finally:
        for group in groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue


def with_scratch(script: str, folder: Path) -> str:
    """The script with a folder of this test in place of the machine's own."""
    return script.replace("/tmp/dinie-contract", str(folder / "dinie-contract"))


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(JOBS))
@pytest.mark.parametrize("fault", ["", "outage"])
def test_a_job_runs_and_its_exit_code_is_the_verdict(
    clone: Path, tmp_path: Path, name: str, fault: str
) -> None:
    binaries = with_libraries(tmp_path / "venv")
    folder = tmp_path / "work"
    folder.mkdir()
    variables, steps = JOBS[name]
    given = {**variables, **environment(clone, tmp_path, binaries), "DINIE_FAULT": fault}
    if "fuzz" in name:
        given["DINIE_MAX_TIME"] = "6s"
    steps = [(own, with_scratch(script, tmp_path)) for own, script in steps]
    with running(steps, folder, given) as (code, output):
        assert code == bool(fault), output
        report = ET.parse(folder / "reports" / "junit.xml").getroot()
        assert bool(list(report.iter("failure"))) == bool(fault), output
        page = (folder / "reports" / "report.html").read_text()
        assert "token-of-one" not in page + output


@pytest.mark.thorough
def test_another_night_goes_on_with_the_campaign(clone: Path, tmp_path: Path) -> None:
    binaries = with_libraries(tmp_path / "venv")
    variables, steps = JOBS["github fuzz"]
    given = {**variables, **environment(clone, tmp_path, binaries), "DINIE_MAX_TIME": "4s"}
    with running([*steps, steps[-1]], tmp_path, given) as (code, output):
        assert code == 0, output
        seeds = re.findall(r"^campaign: (seed \d+)", output, re.MULTILINE)
        assert len(seeds) == 2
        assert seeds[0] == seeds[1]


@pytest.mark.thorough
def test_the_action_installs_its_own_commit_and_judges(clone: Path, tmp_path: Path) -> None:
    binaries = with_libraries(tmp_path / "venv")
    with_libraries(tmp_path / "dinie")
    variables = environment(clone, tmp_path, binaries)
    steps = [one for one in yaml.safe_load(ACTION.read_text())["runs"]["steps"] if "run" in one]
    install, judge = (one["run"] for one in steps)
    own = {"PYTHON": str(binaries / "python"), "ACTION": str(clone / "ci" / "action")}
    partners = "one:secret-one:token-of-one two:secret-two:token-of-two"
    mock = f'"{tmp_path}/dinie/bin/dinie-mock" serve > mock.log 2>&1 &'
    tokens = {"DINIE_TOKEN": "token-of-one", "DINIE_SECOND_TOKEN": "token-of-two"}
    parts = [(own, install), ({"DINIE_PARTNER": partners}, mock), (tokens, judge)]
    with running(parts, tmp_path, variables) as (code, output):
        assert code == 0, output
        assert (tmp_path / "dinie-reports" / "report.html").exists()
        assert ET.parse(tmp_path / "dinie-reports" / "junit.xml").getroot().tag == "testsuites"


def test_steps_of_the_action_take_their_inputs_from_variables() -> None:
    [judge] = [one for one in yaml.safe_load(ACTION.read_text())["runs"]["steps"]
               if one.get("name") == "Judge the target"]  # fmt: skip
    assert all("${{ inputs." in one for one in judge["env"].values())
