"""The summary and the report files of a load run."""

from pathlib import Path

from rich.console import Console

from conformance.load.settings import Settings
from conformance.load.tally import Tally
from conformance.load.verdict import LoadVerdict, verdict_on
from conformance.report import FORMATS
from conformance.report.output import OutputError, write
from conformance.report.text import TextReport
from conformance.results.verdict import NO_VERDICT
from openapi.contract import Contract


def report(verdict: LoadVerdict, settings: Settings, locust_html: str | None) -> int:
    """Print the summary and write the files; the exit code."""
    if verdict.results:
        TextReport(Console(highlight=False)).end(verdict)
    texts: list[tuple[Path | None, str | None]] = [
        (path, FORMATS[name](verdict)) for name, path in settings.reports.items()
    ]
    texts.append((settings.report_locust, locust_html))
    complaints = []
    for path, text in texts:
        if path and text is not None:
            try:
                write(path, text)
            except OutputError as error:
                complaints.append(str(error))
    if not verdict.results:
        complaints.append(verdict.void or verdict.doubt)
    for complaint in complaints:
        complain(complaint)
    return NO_VERDICT if complaints else verdict.exit_code


def report_void(contract: Contract, settings: Settings, reason: str) -> int:
    """Say why there is no verdict; the exit code."""
    return report(verdict_on(contract, settings, Tally(), (), 0.0, void=reason), settings, None)


def complain(text: str) -> None:
    """Print one line on standard error."""
    Console(stderr=True, highlight=False).print(f"dinie-conformance: {text}", soft_wrap=True,
                                                markup=False)  # fmt: skip
