"""The summary and the report files of a load run."""

from conformance.load.settings import Settings
from conformance.load.tally import Tally
from conformance.load.verdict import LoadVerdict, verdict_on
from conformance.report import output, reports_on
from openapi.contract import Contract


def report(verdict: LoadVerdict, settings: Settings, locust_html: str | None) -> int:
    """Print the summary and write the files; the exit code."""
    texts = reports_on(verdict, settings.reports)
    if settings.report_locust and locust_html is not None:
        texts.append((settings.report_locust, locust_html))
    return output.report(verdict, texts)


def report_void(contract: Contract, settings: Settings, reason: str) -> int:
    """Say why there is no verdict; the exit code."""
    return report(verdict_on(contract, settings, Tally(), (), 0.0, void=reason), settings, None)
