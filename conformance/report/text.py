"""The text report: progress while a run goes on, then results and verdict."""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.segment import Segment
from rich.text import Text

from conformance.results.exit_code import BROKEN, CONFORMS, NO_VERDICT
from conformance.results.result import Outcome, Result
from conformance.results.verdict import Verdict, counted
from dinie_contract.command_line import discard
from dinie_contract.output import complain, excerpt, shown

_STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold red",
    Outcome.WARNING: "yellow",
    Outcome.NOT_VERIFIED: "cyan",
    Outcome.ERROR: "magenta",
}
_LONGEST_ALSO = 80
_MOST_OPERATIONS = 4
"""How many of the operations are named on which a requirement is not verified."""
_COLOURS = {CONFORMS: "bold green", BROKEN: "bold red", NO_VERDICT: "bold yellow"}


_USUAL_WIDTH = 80


class ReportConsole(Console):
    """The console of reports: without a reader (``| head``) it is silent, and the run goes on.

    Rich would end the process with 1, which says here that the target is broken.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, **options)
        if not self.width:  # COLUMNS=0: nothing at all would be printed
            self.width = _USUAL_WIDTH

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """The segments of what is printed: their texts fit to be shown, whoever they come from."""
        for one in super().render(renderable, options):
            yield one if one.control else Segment(shown(one.text), one.style)

    def on_broken_pipe(self) -> None:
        """Send the rest of the output nowhere."""
        self.quiet = True
        discard(self.file)


class Progressing(NamedTuple):
    """What a run calls while it goes on: ``show`` with each result, ``tell`` with a line."""

    show: Callable[[Result], None]
    tell: Callable[[str], None]


class TextReport:
    """Prints to a console: with colours and progress where it is a terminal, else plain lines."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def progress(self, checks: int) -> Iterator[Progressing]:
        """Show progress until the block ends; gives what to call meanwhile."""
        if not self._console.is_terminal:
            yield Progressing(lambda _: None, complain)
            return
        found: Counter[Outcome] = Counter()
        columns = (
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task("", total=checks)

            def show(result: Result) -> None:
                found[result.outcome] += 1
                bar.update(task, advance=1, description=_tally(found).markup)

            yield Progressing(show, self._line)

    def end(self, verdict: Verdict) -> None:
        """Print the whole report."""
        self._table(verdict.table)
        self._line(f"{verdict.target} by contract {verdict.contract}", "bold")
        self._summary(verdict)
        breaking = verdict.breaking
        for cause in verdict.causes:
            style = "bold red" if cause.shown in breaking else "yellow"
            self._violation(cause.shown, cause.shown.level.upper(), style, cause.others)
        for one in verdict.having(Outcome.ERROR):
            self._violation(one, "ERROR", "magenta")
        self._not_verified(verdict)
        if verdict.accepted:
            self._heading("Accepted by the baseline")
        for one in verdict.accepted:
            reason = verdict.reason(one)
            self._line(f"  {one.name}{f': {reason}' if reason else ''}")
        if verdict.stale:
            self._heading("Stale entries of the baseline (no longer violated, take them out)")
            for id_, operation in verdict.stale:
                self._line(f"  {id_} [{operation}]")
        self._line("")
        for remark in verdict.all_remarks:
            self._line(remark)
        if not verdict.complete:
            self._line("These results are partial: the run did not come to its end.", "yellow")
        seed = "" if verdict.seed is None else f", seed {verdict.seed}"
        self._line(f"{verdict.requests} requests in {verdict.seconds:.1f} s{seed}")
        self._line(verdict.when)
        self._line(verdict.line, _COLOURS[verdict.exit_code])

    def _table(self, rows: Sequence[Sequence[str]]) -> None:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for name, *figures in rows:
            line = [name.ljust(widths[0])]
            line += [one.rjust(width) for one, width in zip(figures, widths[1:], strict=True)]
            self._line("  ".join(line))
        if rows:
            self._line("")

    def _summary(self, verdict: Verdict) -> None:
        sections = sorted({one.requirement.section for one in verdict.results})
        width = max(map(len, sections), default=0)
        if sections:
            self._line("")
        for section in sections:
            found = Counter(
                one.outcome for one in verdict.results if one.requirement.section == section
            )
            self._text(Text(f"  {section:<{width}}  ").append_text(_tally(found)))

    def _violation(
        self, result: Result, label: str, style: str, others: Sequence[Result] = ()
    ) -> None:
        name = (result.requirement.id, "bold")
        self._line("")
        self._text(Text.assemble((label, style), " ", name, f" [{result.operation}]"))
        for fact, value in result.facts:
            self._fact(fact, value)
        for one in others:
            self._fact("also", f"{one.title}: {excerpt(one.actual, _LONGEST_ALSO)}{one.of_finding}")
        for line in result.reproduce.splitlines():
            self._line(f"    {line}", "dim")

    def _fact(self, name: str, value: str) -> None:
        self._text(Text.assemble((f"  {name:<8}  ", "dim"), _continued(value)))

    def _not_verified(self, verdict: Verdict) -> None:
        reasons: dict[str, dict[str, list[str]]] = {}
        for one in verdict.having(Outcome.NOT_VERIFIED):
            of_reason = reasons.setdefault(one.actual, {})
            of_reason.setdefault(one.requirement.id, []).append(one.operation)
        if reasons:
            self._heading("Not verified")
        for reason, requirements in reasons.items():
            self._line(f"  {reason}")
            for id_, operations in requirements.items():
                shown = ", ".join(operations[:_MOST_OPERATIONS])
                more = len(operations) - _MOST_OPERATIONS
                self._line(f"    {id_} [{shown}{f' and {more} more' if more > 0 else ''}]", "dim")

    def _heading(self, text: str) -> None:
        self._line("")
        self._line(text, "bold")

    def _line(self, text: str, style: str = "") -> None:
        self._text(Text(_continued(text), style=style))

    def _text(self, text: Text) -> None:
        # Lines are never broken: a script must stay fit to be copied.
        self._console.print(text, soft_wrap=True, highlight=False)


def _tally(found: Counter[Outcome]) -> Text:
    """Counts by outcome such as ``12 passed, 1 failed``, without zeros."""
    parts = [
        Text(counted(found[outcome], outcome), style=style)
        for outcome, style in _STYLES.items()
        if found[outcome]
    ]
    return Text(", ").join(parts)


def _continued(text: str) -> str:
    """A text of which no further line begins where one of ours would."""
    return text.replace("\n", f"\n{' ' * 10}| ")


def as_text(verdict: Verdict) -> str:
    """The report as plain lines."""
    written = io.StringIO()
    TextReport(ReportConsole(file=written, color_system=None)).end(verdict)
    return written.getvalue()
