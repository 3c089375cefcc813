"""Fetch the packages of npm whose files are kept here: `make vendored` runs this file.

Each `packages.toml` names packages, and the files that are kept beside it, whole and unchanged. A
new package, and one whose version was changed, has no `integrity` and a list of `files`: both are
filled in. What is filled in already must be what npm gives.
"""

import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any

_ROOT = Path(__file__).resolve().parent
FOLDERS = (_ROOT / "mock_server" / "vendored", _ROOT / "tests" / "browser" / "vendored")

_HEADING = """\
# The packages of npm whose files lie beside this one, whole and unchanged. integrity is npm's, of
# the package; each file has its SHA-256. `make vendored` fetches them again, and fails where npm
# gives something else. For another version: change it, leave integrity out, run `make vendored`.
"""


class RefusedError(Exception):
    """A package that is not what was expected; the message is one line with the remedy."""


def integrity_of(package: bytes) -> str:
    """The integrity of a package as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(package).digest()).decode()


def checked(name: str, recorded: Mapping[str, Any], package: bytes) -> str:
    """The integrity of a package; raises :class:`RefusedError` where another one is recorded."""
    found = integrity_of(package)
    if recorded.get("integrity", found) != found:
        raise RefusedError(
            f"{name} {recorded['version']} is not the package of packages.toml: npm gives {found};"
            f" after a change of its version, leave integrity out"
        )
    return found


def fetched(name: str, version: str) -> bytes:
    """The package as npm gives it."""
    with TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{name}@{version}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        [package] = Path(folder).iterdir()
        return package.read_bytes()


def unpacked(package: bytes, names: list[str]) -> dict[str, bytes]:
    """The files ``names`` of a package."""
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        members = [archive.extractfile(f"package/{name}") for name in names]
        return {name: one.read() for name, one in zip(names, members, strict=True) if one}


def vendor(folder: Path) -> None:
    """Fetch all packages of a folder, and write their files and hashes."""
    place = folder / "packages.toml"
    text = _HEADING
    for name, recorded in tomllib.loads(place.read_text(encoding="utf-8")).items():
        package = fetched(name, recorded["version"])
        integrity = checked(name, recorded, package)
        files = unpacked(package, sorted(recorded["files"]))
        rmtree(folder / name, ignore_errors=True)
        text += f"\n[{json.dumps(name)}]\n"
        for key in ("version", "licence"):
            text += f"{key} = {json.dumps(recorded[key])}\n"
        text += f"integrity = {json.dumps(integrity)}\n\n[{json.dumps(name)}.files]\n"
        for file, content in files.items():
            target = folder / name / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            text += f"{json.dumps(file)} = {json.dumps(hashlib.sha256(content).hexdigest())}\n"
        print(f"{name} {recorded['version']}: {', '.join(files)}")
    place.write_text(text, encoding="utf-8")


def main() -> None:
    """Fetch the packages of all folders."""
    try:
        for folder in FOLDERS:
            vendor(folder)
    except RefusedError as error:
        sys.exit(f"make vendored: {error}")


if __name__ == "__main__":
    main()
