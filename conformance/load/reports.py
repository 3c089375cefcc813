"""The summary and the report files of a load run."""

from html import escape

from conformance.load.settings import Settings
from conformance.load.tally import Tally
from conformance.load.verdict import LoadVerdict, verdict_on
from conformance.report import output, reports_on
from openapi.contract import Contract


def report(verdict: LoadVerdict, settings: Settings, locust_html: str | None) -> int:
    """Print the summary and write the files; the exit code."""
    texts = reports_on(verdict, settings.reports)
    if settings.report_locust and locust_html is not None:
        texts.append((settings.report_locust, _warned(locust_html, settings)))
    return output.report(verdict, texts)


def _warned(locust_html: str, settings: Settings) -> str:
    """Locust's page with the warnings on the way to the target above it."""
    notes = "".join(f"<p>{escape(one)}</p>" for one in settings.target.connection.warnings)
    return locust_html.replace("<body>", f"<body>{notes}", 1)


def report_void(contract: Contract, settings: Settings, reason: str) -> int:
    """Say why there is no verdict; the exit code."""
    return report(verdict_on(contract, settings, Tally(), (), 0.0, void=reason), settings, None)
