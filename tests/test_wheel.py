"""The built wheel works without the checkout: the contract is inside."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from dinie_contract.location import NAMES

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=240)
    [built] = folder.glob("*.whl")
    return built


def test_it_holds_one_import_name_and_the_contract(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    packages = "dinie_contract/packages"
    assert f"{packages}/openapi/dinie-2026-03-01.yaml" in names
    assert f"{packages}/openapi/mock-control.yaml" in names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "dinie_contract",
        "zz_dinie_contract.pth",
    }
    for package in NAMES:
        assert f"{packages}/{package}/py.typed" in names


SERVE = """
import openapi, mock_server
from mock_server.app import create_app
from mock_server.settings import Settings
from mock_server.testing.embedded import dinie_mock

with dinie_mock() as partner:
    partner.faults.add("slow")
create_app(Settings())
print(openapi.__file__, mock_server.__file__)
"""


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel, and with the libraries of this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    install = [sys.executable, "-m", "pip", "--python", str(folder), "install", "--quiet"]
    command = [*install, "--no-deps", "--no-index", str(wheel)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    [site_packages] = folder.glob("lib/python*/site-packages")
    libraries = f"import sys; sys.path.insert(1, {sysconfig.get_path('purelib')!r})"
    (site_packages / "zzz_libraries.pth").write_text(f"{libraries}\n")
    return folder


def test_the_installed_wheel_serves_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    variables = {key: one for key, one in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(
        [str(installed / "bin" / "python"), "-c", SERVE],
        cwd=tmp_path,
        env=variables,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )

    places = result.stdout.split()
    assert all(Path(place).is_relative_to(installed) for place in places)


def test_packages_of_ones_own_go_before_ours(installed: Path, tmp_path: Path) -> None:
    source = tmp_path / "src"
    for name in NAMES:
        (source / name).mkdir(parents=True)
        (source / name / "__init__.py").write_text("")
    [site_packages] = installed.glob("lib/python*/site-packages")
    own = site_packages / "own_project.pth"
    own.write_text(f"{source}\n")

    script = f"import {', '.join(NAMES)}\nfor one in ({', '.join(NAMES)}): print(one.__file__)"
    variables = {key: one for key, one in os.environ.items() if key != "PYTHONPATH"}
    python = str(installed / "bin" / "python")
    done = subprocess.run(
        [python, "-c", script], cwd=tmp_path, env=variables, capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip
    listed = subprocess.run(
        [str(installed / "bin" / "dinie-conformance"), "list"], cwd=tmp_path, env=variables,
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    own.unlink()

    assert done.stdout.split() == [str(source / name / "__init__.py") for name in NAMES]
    assert "idempotency.replay-is-identical" in listed.stdout


def test_a_command_without_its_extra_names_it(installed: Path, tmp_path: Path) -> None:
    hide = "sys.modules.update(dict.fromkeys(('schemathesis', 'hypothesis', 'locust')))"
    main = "from dinie_contract.commands import conformance; conformance()"
    variables = {key: one for key, one in os.environ.items() if key != "PYTHONPATH"}
    for command, extra in (("run", "conformance"), ("fuzz", "conformance"), ("load", "load")):
        options = ("--url", "http://127.0.0.1:9/v3", "--token", "one")
        done = subprocess.run(
            [str(installed / "bin" / "python"), "-c", f"import sys; {hide}; {main}",
             command, *options],
            cwd=tmp_path, env=variables, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

        assert done.returncode == 2
        assert done.stderr == (
            f"dinie-conformance: {command} needs more: pip install 'dinie-contract[{extra}]'\n"
        )
