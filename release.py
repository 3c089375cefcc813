"""Release a version: `make release VERSION=1.2.3` runs this file before and after all tests."""

import re
import subprocess
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

_ROOT = Path(__file__).resolve().parent
_PROJECT, _CHANGELOG = _ROOT / "pyproject.toml", _ROOT / "CHANGELOG.md"


class RefusedError(Exception):
    """A release that cannot be made; the message is one line with the remedy."""


def run(*command: str) -> str:
    """The output of a command in the checkout; raises :class:`RefusedError` where it fails."""
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        raise RefusedError(f"{' '.join(command[:4])} … failed, see above: nothing is released")
    return done.stdout


def dated(changelog: str, version: str) -> str:
    """The changelog with version and date in the heading of its unreleased section."""
    found = re.search(r"^## (.*)\n((?:(?!## ).*\n?)*)", changelog, re.MULTILINE)
    if not found or "unreleased" not in found[1].lower():
        raise RefusedError("CHANGELOG.md begins with no section '## unreleased': write one")
    if not re.search(r"^- ", found[2], re.MULTILINE):
        raise RefusedError("CHANGELOG.md has an empty unreleased section: name what is new")
    heading = f"## {version} ({datetime.now(UTC).date()})"
    return changelog[: found.start()] + heading + changelog[found.end(1) :]


def prepared(version: str) -> dict[Path, str]:
    """The new text of each file that a release changes; raises :class:`RefusedError`."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise RefusedError(f"VERSION must be three numbers such as 1.2.3, not {version!r}")
    if run("git", "status", "--porcelain"):
        raise RefusedError("the tree has changes: commit or stash them first")
    if run("git", "tag", "--list", f"v{version}"):
        raise RefusedError(f"the tag v{version} exists: a version is released once")
    line = f'version = "{version}"'
    project = re.sub(r'^version = ".*"$', line, _PROJECT.read_text(), count=1, flags=re.MULTILINE)
    return {_PROJECT: project, _CHANGELOG: dated(_CHANGELOG.read_text(), version)}


def release(version: str) -> None:
    """Write the version, build and check wheel and sdist, commit and tag."""
    files = prepared(version)
    before = {path: path.read_text() for path in files}
    built = [
        f"dist/dinie_contract-{version}-py3-none-any.whl",
        f"dist/dinie_contract-{version}.tar.gz",
    ]
    try:
        for path, text in files.items():
            path.write_text(text)
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist")
        run(sys.executable, "-m", "twine", "check", "--strict", *built)
        run("git", "commit", "--all", "--allow-empty", "--message", f"Release {version}")
    except BaseException:
        for path, text in before.items():
            path.write_text(text)
        raise
    run("git", "tag", "--annotate", f"v{version}", "--message", f"Release {version}")
    print(*built, "", "Push branch and tag:", f"  git push origin HEAD v{version}", sep="\n")


def main() -> None:
    """Release the version of the command line, or check that it could be."""
    parser = ArgumentParser(prog="make release VERSION=1.2.3", add_help=False)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("version", nargs="?", default="")
    options = parser.parse_args()
    try:
        prepared(options.version) if options.check else release(options.version)
    except RefusedError as error:
        sys.exit(f"release: {error}")


if __name__ == "__main__":
    main()
