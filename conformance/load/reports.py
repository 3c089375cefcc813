"""The reports on a load run: those of any verdict, with what load adds to them."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from conformance.load.settings import Settings
from conformance.load.verdict import LoadVerdict
from conformance.output_files import OutputError, write
from conformance.report.html import as_html
from conformance.report.json_report import as_json
from conformance.report.text import TextReport
from conformance.verdict import NO_VERDICT


def report(verdict: LoadVerdict, settings: Settings, locust_html: str | None) -> int:
    """Print the summary and write the files; the exit code."""
    console = Console(highlight=False)
    if verdict.results:
        _print_latencies(verdict, console)
        TextReport(console).end(verdict)
    texts = (
        (settings.report_json, as_load_json(verdict)),
        (settings.report_html, as_html(verdict)),
        (settings.report_locust, locust_html),
    )
    complaints = []
    for path, text in texts:
        if path and text is not None:
            try:
                write(Path(path), text)
            except OutputError as error:
                complaints.append(str(error))
    if not verdict.results:
        complaints.append(verdict.void or verdict.doubt)
    for complaint in complaints:
        complain(complaint)
    return NO_VERDICT if complaints else verdict.exit_code


def complain(text: str) -> None:
    """One line on standard error."""
    Console(stderr=True, highlight=False).print(f"dinie-conformance: {text}", soft_wrap=True,
                                                markup=False)  # fmt: skip


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


def _print_latencies(verdict: LoadVerdict, console: Console) -> None:
    """The table of operations: requests, rate, latency, and violations beside them."""
    rows = [("operation", "requests", "per second", "p50 ms", "p95 ms", "p99 ms", "violations")]
    rows += [
        (one.operation, f"{one.requests}", f"{one.rate:.1f}", f"{one.p50:g}", f"{one.p95:g}",
         f"{one.p99:g}", f"{one.violations}")
        for one in verdict.latencies
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *figures in rows:
        line = [name.ljust(widths[0])]
        line += [one.rjust(width) for one, width in zip(figures, widths[1:], strict=True)]
        # Lines are never broken: the figures must stay under their heads.
        console.print("  ".join(line), soft_wrap=True)
    console.print()
