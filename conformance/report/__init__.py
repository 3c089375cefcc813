"""What a run found, for people and for machines. Each report is made of a verdict and no more."""

from collections.abc import Callable, Mapping

from conformance.report.html import as_html
from conformance.report.json_report import as_json
from conformance.report.junit import as_junit
from conformance.results.verdict import Verdict

FORMATS: Mapping[str, Callable[[Verdict], str]] = {
    "json": as_json,
    "junit": as_junit,
    "html": as_html,
}
"""The reports that are files, by the names of their options."""
