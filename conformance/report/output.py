"""Files that a run will write: known to be writable before it begins."""

from collections.abc import Iterable
from pathlib import Path


class OutputError(Exception):
    """A file cannot be written; the message is one plain line."""


def check_writable(paths: Iterable[Path]) -> None:
    """Raise :class:`OutputError` for the first path that cannot be written, or comes twice."""
    seen: set[Path] = set()
    for path in paths:
        existed = path.exists()
        try:
            # Only trying it tells: permissions, read-only disks, missing folders.
            with path.open("ab"):
                pass
            if not existed:
                path.unlink()
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
        if path.resolve() in seen:
            raise OutputError(f"{path} is given for two reports")
        seen.add(path.resolve())


def write(path: Path, text: str) -> None:
    """Write a file; raises :class:`OutputError`."""
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise OutputError(f"{path} was not written: {error.strerror or error}") from error
