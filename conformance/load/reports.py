"""The reports on a load run: those of any verdict, with what load adds to them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from conformance.load.settings import Settings
from conformance.load.tally import Tally
from conformance.load.verdict import Latency, LoadVerdict, verdict_on
from conformance.report import FORMATS
from conformance.report.html import as_html
from conformance.report.json_report import as_json
from conformance.report.output import OutputError, write
from conformance.report.text import TextReport
from conformance.results.verdict import NO_VERDICT
from openapi.contract import Contract


def report(verdict: LoadVerdict, settings: Settings, locust_html: str | None) -> int:
    """Print the summary and write the files; the exit code."""
    console = Console(highlight=False)
    table = latency_table(verdict.latencies)
    if verdict.results:
        _print(table, console)
        TextReport(console).end(verdict)
    own: dict[str, Callable[[LoadVerdict], str]] = {
        "json": as_load_json,
        "html": lambda one: as_html(one, table),
    }
    texts: list[tuple[Path | None, str | None]] = [
        (path, own.get(name, FORMATS[name])(verdict)) for name, path in settings.reports.items()
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


def latency_table(latencies: Sequence[Latency]) -> list[tuple[str, ...]]:
    """The table as texts, row by row, its head first; empty where nothing was measured."""
    if not latencies:
        return []
    head = ("operation", "requests", "per second", "p50 ms", "p95 ms", "p99 ms", "violations")
    return [
        head,
        *(
            (one.operation, f"{one.requests}", f"{one.rate:.1f}", f"{one.p50:g}", f"{one.p95:g}",
             f"{one.p99:g}", f"{one.violations}")
            for one in latencies
        ),
    ]  # fmt: skip


def as_load_json(verdict: LoadVerdict) -> str:
    """The report that scripts read: that of a run, with the member ``load``."""
    document: dict[str, Any] = json.loads(as_json(verdict))
    document["load"] = {
        "seconds": round(verdict.seconds, 3),
        "counts": verdict.counts_of_load,
        "operations": [asdict(one) for one in verdict.latencies],
        "broken_answers": verdict.broken_answers,
        "exceeded": list(verdict.exceeded),
    }
    return json.dumps(document, indent=2) + "\n"


def _print(table: Sequence[Sequence[str]], console: Console) -> None:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for name, *figures in table:
        line = [name.ljust(widths[0])]
        line += [one.rjust(width) for one, width in zip(figures, widths[1:], strict=True)]
        # Lines are never broken: the figures must stay under their heads.
        console.print("  ".join(line), soft_wrap=True)
    console.print()
