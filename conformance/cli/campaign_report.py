"""The options and the words with which a campaign's outcome is told: by `fuzz` and by `merge`."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from conformance.cli.options import Command, file
from conformance.fuzz.findings.exporting import as_pytest, can_be_exported
from conformance.fuzz.findings.finding import Finding
from conformance.report import FORMATS
from conformance.report.output import check_writable, write
from conformance.report.text import TextReport
from conformance.results.verdict import Verdict


def of_an_outcome(export_help: str) -> Callable[[Command], Command]:
    """The options that say what fails a campaign and where it is written."""
    options = (
        click.option("--level", type=click.Choice(["must", "should"]), default="must",
                     show_default=True, envvar="DINIE_LEVEL",
                     help="What fails it: a broken MUST only, or a broken SHOULD too."),
        file("--report-json", "Write the report for scripts."),
        file("--report-junit", "Write the report for CI systems."),
        file("--report-html", "Write the report as one web page."),
        click.option("--export", nargs=2, metavar="pytest FILE",
                     type=(click.Choice(["pytest"]), click.Path(path_type=Path)),
                     help=export_help),
    )  # fmt: skip

    def added(command: Command) -> Command:
        for one in reversed(options):
            command = one(command)
        return command

    return added


class CampaignOutput:
    """Where an outcome is told; raises :class:`OutputError` where a file cannot be written."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._reports = {name: path for name in FORMATS if (path := options[f"report_{name}"])}
        self.exported: Path | None = options["export"][1] if options["export"] else None
        check_writable([*self._reports.values(), *([self.exported] if self.exported else [])])

    def tell(self, verdict: Verdict, findings: Iterable[Finding], console: Console) -> int:
        """Write all files and print the report; gives the exit code."""
        for name, path in self._reports.items():
            write(path, FORMATS[name](verdict))
        TextReport(console).end(verdict)
        self.export(verdict.target, list(findings))
        return verdict.exit_code

    def export(self, url: str, findings: list[Finding]) -> None:
        """Write the findings as a pytest file, where that is asked for."""
        if self.exported is None:
            return
        write(self.exported, as_pytest(url, findings))
        left = [one.id for one in findings if not can_be_exported(one)]
        for one in left:
            click.echo(f"finding {one} is not in {self.exported}: `replay` runs it", err=True)
        click.echo(f"{self.exported}: {len(findings) - len(left)} tests")
