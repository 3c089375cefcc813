"""A release, in a clean clone: what it writes, builds and tags, and what it refuses."""

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def git(folder: Path, *command: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", *who, *command], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@example.com")
    folder = tmp_path / "clone"
    git(ROOT, "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder))
    git(folder, "tag", "v7.0.0")
    return folder


def release(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "release.py", *arguments],
        cwd=clone, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip


@pytest.mark.thorough
def test_a_release_is_built_committed_and_tagged(clone: Path) -> None:
    done = release(clone, "7.8.9")

    assert done.returncode == 0, done.stderr
    assert "git push origin HEAD v7.8.9" in done.stdout
    assert 'version = "7.8.9"' in (clone / "pyproject.toml").read_text()
    assert re.search(
        r"^## 7\.8\.9 \(\d{4}-\d\d-\d\d\)$", (clone / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "rev-parse", "v7.8.9^{commit}") == git(clone, "rev-parse", "HEAD")
    with zipfile.ZipFile(clone / "dist" / "dinie_contract-7.8.9-py3-none-any.whl") as wheel:
        metadata = wheel.read("dinie_contract-7.8.9.dist-info/METADATA").decode()
    with tarfile.open(clone / "dist" / "dinie_contract-7.8.9.tar.gz") as sdist:
        assert "dinie_contract-7.8.9/PKG-INFO" in sdist.getnames()
    assert "\nVersion: 7.8.9\n" in metadata
    assert "the tag v7.8.9 exists" in release(clone, "--check", "7.8.9").stderr


@pytest.mark.parametrize(
    ("version", "changelog", "is_committed", "refusal"),
    [
        ("", None, True, "VERSION must be three numbers"),
        ("1.2", None, True, "VERSION must be three numbers"),
        ("7.0.0", None, True, "the tag v7.0.0 exists"),
        ("7.8.9", "# Changelog\n\n## unreleased\n\n- New.\n", False, "the tree has changes"),
        ("7.8.9", "# Changelog\n\n## unreleased\n\n## 1.0.0\n\n- Old.\n", True, "an empty"),
        ("7.8.9", "# Changelog\n\n## 1.0.0\n\n- Old.\n", True, "no section '## unreleased'"),
    ],
    ids=["none", "two-numbers", "tagged", "dirty", "empty", "released"],
)
def test_a_refused_release_changes_nothing(
    clone: Path, version: str, changelog: str | None, *, is_committed: bool, refusal: str
) -> None:
    if changelog:
        (clone / "CHANGELOG.md").write_text(changelog)
        if is_committed:
            git(clone, "commit", "--all", "--quiet", "--message", "changelog")
    before = git(clone, "rev-parse", "HEAD"), git(clone, "status", "--porcelain")
    for mode in ("--check", "--"):
        done = release(clone, mode, version)

        assert done.returncode == 1
        assert done.stderr.startswith("release: ")
        assert len(done.stderr.splitlines()) == 1
        assert refusal in done.stderr
    assert before == (git(clone, "rev-parse", "HEAD"), git(clone, "status", "--porcelain"))
    assert not (clone / "dist").exists()
