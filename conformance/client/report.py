"""A verdict on a client as text, JSON or JUnit XML: the reports that servers get, too."""

import io
from collections.abc import Callable, Mapping

from rich.console import Console

from conformance.report.json_report import as_json
from conformance.report.junit import as_junit
from conformance.report.text import TextReport
from conformance.results.verdict import Verdict


def as_text(verdict: Verdict) -> str:
    """The report as plain lines."""
    written = io.StringIO()
    TextReport(Console(file=written, highlight=False, color_system=None)).end(verdict)
    return written.getvalue()


FORMATS: Mapping[str, Callable[[Verdict], str]] = {
    "text": as_text,
    "json": as_json,
    "junit": as_junit,
}
"""The reports by the names of their formats."""
