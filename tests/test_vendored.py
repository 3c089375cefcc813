"""The packages of npm that are kept here are whole, unchanged and licensed."""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from vendor import FOLDERS, RefusedError, checked, integrity_of

PACKAGES = {
    folder / name: package
    for folder in FOLDERS
    for name, package in tomllib.loads((folder / "packages.toml").read_text()).items()
}


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda one: one.name)
def test_the_files_are_those_of_the_table(folder: Path) -> None:
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert found == PACKAGES[folder]["files"]
    assert any(name.startswith("LICENSE") for name in found)


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_there_is_no_other_package(folder: Path) -> None:
    found = {one for one in folder.iterdir() if one.is_dir() and one.name != "__pycache__"}
    assert found == {place for place in PACKAGES if place.is_relative_to(folder)}


@pytest.mark.parametrize("package", PACKAGES.values(), ids=[one.name for one in PACKAGES])
def test_each_package_says_what_it_is(package: dict[str, Any]) -> None:
    assert package.keys() == {"version", "licence", "integrity", "files"}
    assert package["integrity"].startswith("sha512-")


def test_another_package_than_the_recorded_one_is_refused() -> None:
    recorded = {"version": "1.0.0", "integrity": integrity_of(b"one")}

    assert checked("a", recorded, b"one") == integrity_of(b"one")
    with pytest.raises(RefusedError, match=r"a 1\.0\.0 is not the package of packages\.toml"):
        checked("a", recorded, b"another")
    assert checked("a", {"version": "1.0.0"}, b"another") == integrity_of(b"another")
