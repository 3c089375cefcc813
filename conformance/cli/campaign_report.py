"""The report on a campaign, as `fuzz` and `merge` print and write it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance.cli.option_types import report_files
from conformance.fuzz.findings.exporting import as_pytest, can_be_exported
from conformance.fuzz.storage.finding import Finding
from conformance.report import reports_on
from conformance.report.output import check_writable, write, write_early
from conformance.report.text import ReportConsole, TextReport
from conformance.results.verdict import Verdict
from dinie_contract.output import complain, echo


class CampaignOutput:
    """The report files and the pytest file of the options; raises :class:`OutputError`."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._reports = report_files(parameters)
        export = parameters["export"]
        self.exported: Path | None = export[1] if export else None
        check_writable([*self._reports.values(), *([self.exported] if self.exported else [])])

    def save(self, verdict: Verdict, findings: Iterable[Finding], url: str) -> None:
        """Write all files, which are written again with the last remarks by :meth:`report`."""
        write_early(reports_on(verdict, self._reports))
        if self.exported is not None:
            write_early([(self.exported, as_pytest(url, list(findings)))])

    def report(
        self,
        verdict: Verdict,
        findings: Iterable[Finding],
        console: ReportConsole,
        url: str,
        unusable: str = "",
    ) -> int:
        """Write all files and print the report; gives the exit code.

        ``url`` is the default target of exported tests; without one, they need ``DINIE_URL``.
        ``unusable`` says why the target could not even be surveyed: that line is all that is said.
        """
        for path, text in reports_on(verdict, self._reports):
            write(path, text)
        if unusable:
            complain(unusable)
        else:
            TextReport(console).end(verdict)
        self.export(url, list(findings))
        return verdict.exit_code

    def export(self, url: str, findings: list[Finding]) -> None:
        """Write the findings as a pytest file, if ``--export`` is given."""
        if self.exported is None:
            return
        write(self.exported, as_pytest(url, findings))
        left = [one.id for one in findings if not can_be_exported(one)]
        for one in left:
            echo(f"finding {one} is not in {self.exported}: `replay` runs it", err=True)
        echo(f"{self.exported}: {len(findings) - len(left)} tests")
