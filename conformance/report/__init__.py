"""Reports on a verdict, for people and for machines: one table of formats.

From this table come the ``--report-<name>`` options, the choices of ``--format`` and the media
types of the mock's control plane.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.results.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Format:
    """A report format: its media type, the help of its option, and what writes it.

    ``writer`` names a function from a verdict to a text, by the name of its module, which is loaded
    for the first report. ``policy_of`` names one that gives the content security policy that a
    browser needs for it.
    """

    media_type: str
    help: str
    writer: tuple[str, str]
    policy_of: tuple[str, str] | None = None

    def __call__(self, verdict: "Verdict") -> str:
        """The report on a verdict."""
        return _called(self.writer, verdict)

    def policy(self) -> str:
        """The content security policy for the report; empty where it needs none."""
        return _called(self.policy_of) if self.policy_of else ""


def _called(named: tuple[str, str], *arguments: object) -> str:
    module, name = named
    text: str = getattr(importlib.import_module(module), name)(*arguments)
    return text


_HTML = "conformance.report.html"


FORMATS: Mapping[str, Format] = {
    "text": Format(
        "text/plain; charset=utf-8",
        "Write the report as plain text.",
        ("conformance.report.text", "as_text"),
    ),
    "json": Format(
        "application/json",
        "Write the report for scripts.",
        ("conformance.report.json_report", "as_json"),
    ),
    "junit": Format(
        "application/xml",
        "Write the report for CI systems.",
        ("conformance.report.junit", "as_junit"),
    ),
    "html": Format(
        "text/html; charset=utf-8",
        "Write the report as one web page.",
        (_HTML, "as_html"),
        (_HTML, "page_policy"),
    ),
}
"""The report formats by name."""


def reports_on(verdict: "Verdict", paths: Mapping[str, Path]) -> list[tuple[Path, str]]:
    """Each path with its report on a verdict; ``paths`` are by the name of their format."""
    return [(path, FORMATS[name](verdict)) for name, path in paths.items()]
