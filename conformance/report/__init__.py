"""Reports on a verdict, for people and for machines: one table of formats.

From this table come the ``--report-<name>`` options, the choices of ``--format`` and the media
types of the mock's control plane.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.report.html import as_html, page_policy
from conformance.report.json_report import as_json
from conformance.report.junit import as_junit
from conformance.report.text import as_text
from conformance.results.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Format:
    """A report format: its media type, the help of its option, and how a verdict is written.

    ``policy`` gives the content security policy that a browser needs for it, or nothing.
    """

    media_type: str
    help: str
    write: Callable[[Verdict], str]
    policy: Callable[[], str] = str

    def __call__(self, verdict: Verdict) -> str:
        """The report on a verdict."""
        return self.write(verdict)


FORMATS: Mapping[str, Format] = {
    "text": Format("text/plain; charset=utf-8", "Write the report as plain text.", as_text),
    "json": Format("application/json", "Write the report for scripts.", as_json),
    "junit": Format("application/xml", "Write the report for CI systems.", as_junit),
    "html": Format(
        "text/html; charset=utf-8", "Write the report as one web page.", as_html, page_policy
    ),
}
"""The report formats by name."""


def reports_on(verdict: Verdict, paths: Mapping[str, Path]) -> list[tuple[Path, str]]:
    """Each path with its report on a verdict; ``paths`` are by the name of their format."""
    return [(path, FORMATS[name](verdict)) for name, path in paths.items()]
