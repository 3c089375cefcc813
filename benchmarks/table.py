"""The report, as a table for a terminal or for a Markdown file."""

import os
import platform

from rich.table import Table

from benchmarks.goals import MEGABYTE
from benchmarks.run import BARE, Report

HEADINGS = ("server", "CPU per request", "ratio", "requests/s")


def machine() -> str:
    """Return what the figures depend on, and nothing that names the machine."""
    cores = os.cpu_count() or 1
    noun = "core" if cores == 1 else "cores"
    return f"{cores} {noun}, Python {'.'.join(platform.python_version_tuple()[:2])}"


def _cells(report: Report) -> list[tuple[str, str, str, str]]:
    return [
        (
            name,
            f"{samples.cpu_per_request * 1e6:.1f} µs",
            f"{report.ratio(name):.2f}x",
            f"{samples.requests_per_second:,.0f}",
        )
        for name, samples in report.rows.items()
    ]


def notes(report: Report) -> list[str]:
    """Return what has no place in the table, a line each."""
    return [
        f"CPU per request is the server's; the ratio is to the {BARE}'s",
        f"mock, start to first answer: {report.start_seconds:.2f} s",
        f"mock, resident memory: {report.memory_after_start / MEGABYTE:.0f} MB after the first "
        f"answer, {report.memory_after_load / MEGABYTE:.0f} MB with {report.creates:,} credentials",
    ]


def rich_table(report: Report) -> Table:
    """Return the table for a terminal."""
    table = Table(title=machine())
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if number else "left", no_wrap=not number)
    for cells in _cells(report):
        table.add_row(*cells)
    return table


def markdown(report: Report) -> str:
    """Return the table as GitHub Markdown."""
    lines = [
        *(machine(), ""),
        f"| {' | '.join(HEADINGS)} |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {' | '.join(cells)} |" for cells in _cells(report)),
        "",
        *(f"- {note}" for note in notes(report)),
    ]
    return "\n".join(lines)
