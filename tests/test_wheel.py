"""The built wheel works without the checkout: the contract is inside."""

import os
import subprocess
import sys
import sysconfig
import tomllib
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
    }
    for package in NAMES:
        assert f"{packages}/{package}/py.typed" in names
    vendored = ROOT / "mock_server" / "vendored"
    for name, package in tomllib.loads((vendored / "packages.toml").read_text()).items():
        for file in package["files"]:
            assert f"{packages}/mock_server/vendored/{name}/{file}" in names
    assert [name for name in names if "axe" in name] == []


SERVE = """
from importlib.util import find_spec
from dinie_contract.testing import dinie_mock

assert not any(map(find_spec, ("openapi", "mock_server", "conformance")))
with dinie_mock() as partner:
    partner.faults.add("slow")
import openapi, mock_server
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
    libraries = f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})"
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


@pytest.mark.parametrize("is_namespace", [False, True])
def test_packages_of_ones_own_are_not_ours(
    installed: Path, tmp_path: Path, *, is_namespace: bool
) -> None:
    source = tmp_path / "src"
    for name in NAMES:
        (source / name).mkdir(parents=True)
        (source / name / ("part.py" if is_namespace else "__init__.py")).write_text("")
    [site_packages] = installed.glob("lib/python*/site-packages")
    own = site_packages / "own_project.pth"
    own.write_text(f"{source}\n")

    script = f"import {', '.join(NAMES)}\nfor one in ({', '.join(NAMES)}): print(*one.__path__)"
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

    assert done.stdout.split() == [str(source / name) for name in NAMES]
    assert "idempotency.replay-is-identical" in listed.stdout


def test_a_command_without_its_extra_names_it(installed: Path, wheel: Path, tmp_path: Path) -> None:
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
            f"dinie-conformance: {command} needs the extra {extra}:"
            f" install 'dinie-contract[{extra}] @ {wheel.as_uri()}'\n"
        )


@pytest.mark.parametrize("is_stub", [False, True])
def test_the_fixture_beside_a_namespace_package_or_a_stub_is_one_line(
    installed: Path, tmp_path: Path, *, is_stub: bool
) -> None:
    (tmp_path / "mock_server").mkdir()
    (tmp_path / "mock_server" / "part.py").write_text("WORD = 'theirs'\n")
    stub = "import sys, types\nsys.modules['mock_server'] = types.ModuleType('mock_server')\n"
    (tmp_path / "conftest.py").write_text(stub if is_stub else "")
    own = "import mock_server" if is_stub else "from mock_server.part import WORD"
    (tmp_path / "test_own.py").write_text(
        f"def test_own(): {own}\ndef test_asking(dinie_mock): raise AssertionError\n"
    )
    variables = {key: one for key, one in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(installed / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path, env=variables, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip

    assert "1 passed, 1 error" in done.stdout, done.stdout
    assert "During handling" not in done.stdout
    assert "dinie-contract cannot be loaded beside" in done.stdout
