"""The output of a run: files, checked for being writable before it begins, and its exit code."""

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from conformance.report.text import ReportConsole, TextReport
from conformance.results.exit_code import NO_VERDICT
from conformance.results.verdict import Verdict
from dinie_contract.errors import Unusable
from dinie_contract.output import complain


class OutputError(Unusable):
    """A file cannot be written; the message is one plain line."""


def check_writable(paths: Iterable[Path]) -> None:
    """Raise :class:`OutputError` for the first path that cannot be written, or comes twice."""
    seen: set[Path] = set()
    for path in paths:
        existed = path.exists()
        try:
            # Only an attempt shows permissions, read-only disks and missing folders.
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
    """Write a file, so that a reader has the old one or the new one; raises :class:`OutputError`.

    What is no file of its own name, such as ``/dev/stdout``, a pipe or a link, is written to.
    """
    content = text.encode("utf-8", "backslashreplace")
    try:
        if _is_stream(path) or not _replace(path, content):
            path.write_bytes(content)
    except OSError as error:
        raise OutputError(f"{path} was not written: {error.strerror or error}") from error


def write_early(texts: Iterable[tuple[Path, str]]) -> None:
    """Write those files that are written again later; an error is told then."""
    for path, text in texts:
        if not _is_stream(path):
            with suppress(OutputError):
                write(path, text)


def _is_stream(path: Path) -> bool:
    return path.is_symlink() or (path.exists() and not path.is_file())


def _replace(path: Path, content: bytes) -> bool:
    """Put a new file in the place of ``path``; False where its folder takes none."""
    temporary = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        # Readable as the umask says, and as the file before was.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError:
        return False
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if path.exists():
                temporary.chmod(path.stat().st_mode & 0o7777)
        temporary.replace(path)
    except PermissionError:  # Windows replaces no file that somebody has open
        temporary.unlink(missing_ok=True)
        return False
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return True


def report(
    verdict: Verdict, texts: Iterable[tuple[Path, str]], complaints: Iterable[str] = ()
) -> int:
    """Write the files and print the text report; gives the exit code.

    A verdict without results is one line on standard error. So is every complaint and every file
    that cannot be written; with these there is no verdict.
    """
    lines = [*complaints]
    for path, text in texts:
        try:
            write(path, text)
        except OutputError as error:
            lines.append(str(error))
    if verdict.results:
        TextReport(ReportConsole()).end(verdict)
    else:
        lines.append(verdict.void or verdict.doubt)
    for line in lines:
        complain(line)
    return NO_VERDICT if lines else verdict.exit_code
