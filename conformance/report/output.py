"""The output of a run: files, checked for being writable before it begins, and its exit code."""

from collections.abc import Iterable
from pathlib import Path

from conformance.report.text import ReportConsole, TextReport
from conformance.results.verdict import NO_VERDICT, Verdict
from dinie_contract.output import echo


class OutputError(Exception):
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
    """Write a file; raises :class:`OutputError`."""
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise OutputError(f"{path} was not written: {error.strerror or error}") from error


def complain(text: str) -> None:
    """Print one line on standard error."""
    echo(f"dinie-conformance: {' '.join(text.split())}", err=True)


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
