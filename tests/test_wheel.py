"""The built wheel works without the checkout: the contract is inside."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=240)
    [built] = folder.glob("*.whl")
    return built


def test_it_holds_the_packages_and_the_contract_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert {"openapi/dinie-2026-03-01.yaml", "openapi/mock-control.yaml"} <= set(names)
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "openapi",
        "mock_server",
        "conformance",
    }
    for package in ("openapi", "mock_server", "conformance"):
        assert f"{package}/py.typed" in names


def test_the_installed_wheel_serves_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run(
        [*install, "--target", str(installed), str(wheel)],
        check=True,
        capture_output=True,
        timeout=240,
    )
    # An explicit path goes before everything, the editable checkout included.
    script = (
        "import openapi, mock_server;"
        "from mock_server.app import create_app;"
        "from mock_server.settings import Settings;"
        "from mock_server.testing.embedded import dinie_mock;"
        "mock = dinie_mock();"
        "partner = mock.__enter__();"
        "partner.faults.add('slow');"
        "mock.__exit__(None, None, None);"
        "create_app(Settings());"
        "print(openapi.__file__, mock_server.__file__)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    places = result.stdout.split()
    assert all(Path(place).is_relative_to(installed) for place in places)
    console_script = installed / "bin" / "dinie-mock"
    assert console_script.exists()
