"""A user's project with a package named as one of ours: it works as if we were not installed."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import pytest

from demo.mock_process import mock_process
from dinie_contract.location import NAMES
from tests.two_partners import mock_of_two

LAYOUTS = ("flat", "on the path", "src")
TOKENS = ("dinie_at_first", "dinie_at_second")

OWN_TEST = """
import sys
import {name}
from {name}.part import WORD

def test_own():
    assert WORD == "theirs"
    loaded = [one for one in ("openapi", "mock_server", "conformance") if one in sys.modules]
    assert loaded == ["{name}"]
"""

FIXTURE_TEST = """
def test_mock(dinie_mock):
    assert dinie_mock.client_id
"""


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def add_package(folder: Path, name: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    (folder / name / "part.py").write_text('WORD = "theirs"')


@pytest.fixture
def project(name: str, tmp_path: Path) -> Path:
    """A folder with a package of this name, and a test of it."""
    add_package(tmp_path, name)
    (tmp_path / "test_own.py").write_text(OWN_TEST.format(name=name))
    return tmp_path


@pytest.fixture
def all_names(tmp_path: Path) -> Path:
    """A folder with a package of each name: what takes one of them for ours fails there."""
    for name in NAMES:
        add_package(tmp_path, name)
    return tmp_path


def run(
    folder: Path, *command: str, variables: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command as a user would, without this checkout on the path by name."""
    kept = {key: one for key, one in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, **(variables or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def script(command: str) -> str:
    return str(Path(sys.executable).with_name(command))


PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")


EVERY_LAYOUT = [
    pytest.param(name, layout, marks=[pytest.mark.thorough] * (own != layout))
    for name, own in zip(NAMES, LAYOUTS, strict=True)
    for layout in LAYOUTS
]
"""Each name and each layout once, and the others with them where tests are thorough."""


@pytest.mark.parametrize(("name", "layout"), EVERY_LAYOUT)
def test_its_tests_run_as_if_we_were_not_installed(project: Path, name: str, layout: str) -> None:
    variables, command = {}, (sys.executable, *PYTEST)
    if layout == "on the path":
        variables, command = {"PYTHONPATH": str(project)}, (script("pytest"), *PYTEST[2:])
    elif layout == "src":
        (project / "src").mkdir()
        (project / name).rename(project / "src" / name)
        variables = {"PYTHONPATH": str(project / "src")}

    done = run(project, *command, variables=variables)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_asking_for_our_fixture_there_is_one_line(project: Path, name: str) -> None:
    (project / "test_own.py").write_text(FIXTURE_TEST)

    done = run(project, sys.executable, *PYTEST)

    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    said = [line for line in done.stdout.splitlines() if "dinie-contract cannot" in line]
    assert str(project / name) in said[0]
    assert "rename it, or run `dinie-mock serve`" in said[0]


def test_asking_for_our_fixture_elsewhere_gives_a_mock(tmp_path: Path) -> None:
    (tmp_path / "test_mock.py").write_text(FIXTURE_TEST)

    done = run(tmp_path, sys.executable, *PYTEST)

    assert done.returncode == 0, done.stdout


def test_judging_there_is_one_line(project: Path, name: str) -> None:
    options = ("--pyargs", "conformance", "--conformance-url=http://127.0.0.1:9/v3")

    done = run(project, sys.executable, *PYTEST, *options)

    assert done.returncode == 4
    [line] = done.stderr.strip().splitlines()
    assert str(project / name) in line


def commands(url: str) -> Sequence[Sequence[str]]:
    target = ("--url", url, "--token", TOKENS[0])
    return [
        ("dinie-conformance", "list"),
        ("dinie-conformance", "run", *target, "--select", "created"),
        ("dinie-conformance", "load", *target, "--headless", "--users=1", "--max-time=1s"),
    ]


@pytest.mark.parametrize(
    "on_path",
    [
        pytest.param(False, id="here"),
        pytest.param(True, id="on the path", marks=pytest.mark.thorough),
    ],
)
def test_our_commands_work_there(all_names: Path, *, on_path: bool) -> None:
    variables = {"PYTHONPATH": str(all_names)} if on_path else {}
    with mock_of_two(TOKENS) as mock:
        for command, *options in commands(mock.base_url):
            done = run(all_names, script(command), *options, variables=variables)
            assert done.returncode == 0, done.stdout + done.stderr


def test_a_mock_of_two_workers_serves_there(
    all_names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = f"sqlite:///{all_names / 'state.db'}"
    monkeypatch.chdir(all_names)
    with mock_process("--store", store, "--workers", "2", program=(script("dinie-mock"),)) as mock:
        assert httpx.get(f"{mock.base_url}/auth/credentials").status_code == 401


def test_a_client_is_exercised_in_its_own_environment(all_names: Path) -> None:
    lines = [f"import {name}.part\nassert {name}.part.WORD == 'theirs'\n" for name in NAMES]
    (all_names / "client.py").write_text("".join(lines))
    command = (script("dinie-mock"), "exercise", "--preset", "slow", "--", sys.executable)

    done = run(all_names, *command, "client.py", variables={"PYTHONPATH": str(all_names)})

    assert "without any fault" not in done.stderr, done.stderr


@pytest.mark.parametrize("name", ["mock_server"])
def test_an_app_may_be_in_a_package_that_the_harness_does_not_load(project: Path) -> None:
    (project / "mock_server" / "part.py").write_text("async def app(scope, receive, send): ...\n")
    options = ("--app", "mock_server.part:app", "--token", "one", "--select", "created")

    done = run(project, script("dinie-conformance"), "run", *options)

    assert "cannot be imported" not in done.stderr


@pytest.mark.parametrize("name", ["openapi", "conformance"])
def test_an_app_in_a_package_that_is_hidden_is_one_line(project: Path, name: str) -> None:
    options = ("--app", f"{name}.part:app", "--token", "one")

    done = run(project, script("dinie-conformance"), "run", *options)

    assert done.returncode == 2
    [line] = done.stderr.strip().splitlines()
    assert str(project / name) in line
    assert "serve the app and give --url" in line
