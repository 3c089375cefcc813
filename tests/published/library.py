"""The table of libraries, and how each is installed and started."""

import hashlib
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.published.front import FRONTS, Front

TABLE = Path(__file__).parent / "libraries.toml"
INSTALLED = Path(__file__).parents[2] / ".venv" / "published"
WAYS = ("default", "options", "validation")
REGISTRIES = {"PyPI": "Python", "npm": "Node"}
_SECONDS = 300


class NotInstalledError(Exception):
    """A library cannot be had here, which says nothing of the library."""


@dataclass(frozen=True)
class Library:
    """A row of the table."""

    name: str
    registry: str
    version: str
    released: str
    framework: str
    front: str
    beside: tuple[str, ...]
    kept: str
    note: str
    ways: Mapping[str, str]

    @property
    def language(self) -> str:
        return REGISTRIES[self.registry]

    @property
    def packages(self) -> tuple[str, ...]:
        """What is installed, pinned."""
        pin = "==" if self.registry == "PyPI" else "@"
        return (f"{self.name}{pin}{self.version}", *self.beside)

    @property
    def folder(self) -> Path:
        """Where it is installed: another folder for other packages."""
        digest = hashlib.sha256("\n".join(self.packages).encode()).hexdigest()[:8]
        name = self.name.strip("@").replace("/", "-")
        return INSTALLED / f"{self.registry.lower()}-{name}-{self.version}-{digest}"

    def install(self) -> None:
        """Install it, once. Raise :class:`NotInstalledError` where that is not possible."""
        done = self.folder / ".installed"
        if done.exists():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for command in self._installation():
            _run(command)
        done.touch()

    def front_in(self, way: str, redis_url: str) -> Front:
        """Its front, with the library put in that way."""
        environment = {"REDIS_URL": redis_url, "WAY": way}
        return self.front_of(FRONTS / self.front, environment)

    def front_of(self, program: Path, environment: Mapping[str, str]) -> Front:
        """A program that runs with what is installed."""
        if self.registry == "PyPI":
            return Front((str(self.folder / "bin" / "python"), str(program)), environment)
        modules = str(self.folder / "node_modules")
        environment = {**environment, "NODE_PATH": modules, "NODE_ENV": "production"}
        # Its own bound of headers is below what the origin takes.
        return Front(("node", "--max-http-header-size=262144", str(program)), environment)

    def _installation(self) -> list[list[str]]:
        if self.registry == "PyPI":
            uv, at = [sys.executable, "-m", "uv"], str(self.folder)
            python = str(self.folder / "bin" / "python")
            return [
                [*uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, at],
                [*uv, "pip", "install", "--quiet", "--python", python, *self.packages],
            ]
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        return [["npm", "install", *quiet, "--prefix", str(self.folder), *self.packages]]


def libraries() -> list[Library]:
    """All rows."""
    table = tomllib.loads(TABLE.read_text())
    return [
        Library(
            name=name,
            registry=row["registry"],
            version=row["version"],
            released=row["released"],
            framework=row["framework"],
            front=row["front"],
            beside=tuple(row["with"]),
            kept=row["kept"],
            note=row.get("note", ""),
            ways={way: row[way] for way in WAYS if way in row},
        )
        for name, row in table.items()
    ]


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalledError(f"{Path(command[0]).name}: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NotInstalledError(said[0] if said else f"exit code {done.returncode}")
