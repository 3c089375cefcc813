"""The command: `python -m benchmarks`."""

import signal
import sys
from types import FrameType

import click
from rich.console import Console

from benchmarks.goals import goals_of
from benchmarks.run import Report, run
from benchmarks.table import markdown, notes, rich_table
from benchmarks.wire import BenchmarkError

GOAL_MISSED = 1
NOT_MEASURED = 2
INTERRUPTED = 130

FEWEST = 1_000
"""With fewer, the opening of the connections would weigh in the figures."""


def _stop(_: int, __: FrameType | None) -> None:
    # As Ctrl-C: the event loop passes that one on, and the servers are ended on the way out.
    signal.raise_signal(signal.SIGINT)


def _show(report: Report, *, as_markdown: bool) -> None:
    if as_markdown:
        click.echo(markdown(report))
    else:
        Console().print(rich_table(report))
        click.echo("\n".join(notes(report)))
    click.echo()


@click.command()
@click.option(
    "--requests",
    default=20_000,
    show_default=True,
    type=click.IntRange(min=FEWEST),
    help="Requests for each row in each round.",
)
@click.option(
    "--rounds",
    default=5,
    show_default=True,
    type=click.IntRange(min=1),
    help="Rounds over all rows; the table has the medians.",
)
@click.option(
    "--connections",
    default=8,
    show_default=True,
    type=click.IntRange(1, 512),
    help="Connections that are kept open.",
)
@click.option("--markdown", "as_markdown", is_flag=True, help="Print a GitHub Markdown table.")
@click.option("--no-goals", is_flag=True, help="Only measure: do not judge the figures.")
def main(
    *, requests: int, rounds: int, connections: int, as_markdown: bool, no_goals: bool
) -> None:
    """Measure what a create costs on the mock, next to three simpler servers.

    Exits 0 when every goal is reached, 1 when one is missed, 2 when nothing could be measured.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        report = run(requests, rounds, connections, lambda line: click.echo(line, err=True))
    except BenchmarkError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(NOT_MEASURED)
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        sys.exit(INTERRUPTED)
    _show(report, as_markdown=as_markdown)
    if no_goals:
        return
    goals = goals_of(report)
    for goal in goals:
        click.echo(str(goal))
    if not all(goal.reached for goal in goals):
        sys.exit(GOAL_MISSED)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
