"""How the demonstration looks, on a terminal and in a log file alike."""

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table

from demo.schemathesis_report import SchemathesisRun


def print_title(console: Console, title: str, subtitle: str = "") -> None:
    """Begin a part of the demonstration."""
    console.print()
    console.print(title, style="bold", soft_wrap=True)
    if subtitle:
        console.print(subtitle, soft_wrap=True)
    console.print()


def print_step(console: Console, name: str, detail: str = "", *, passed: bool) -> None:
    """One line with its mark, and what there is to say about it below."""
    plain = not console.encoding.startswith("utf")
    good, bad = ("ok  ", "BAD ") if plain else ("✓", "✗")
    mark, style = (good, "green") if passed else (bad, "bold red")
    console.print(f"  {mark} {name}", style=style, soft_wrap=True)
    if detail:
        console.print(f"      {detail}", style="dim" if passed else "", soft_wrap=True)


def print_findings(console: Console, result: SchemathesisRun) -> list[str]:
    """Print what a run saw and found; gives what was wrong in it."""
    table = Table("Operation", "Answers", box=None, padding=(0, 3, 0, 2))
    for operation, statuses in result.seen.statuses.items():
        # What belongs to no operation is a method that the contract does not have.
        if " " not in operation:
            table.add_row(operation, _counts(statuses))
    console.print(table)
    console.print()
    wrong = []
    for what, passed in _findings(result):
        print_step(console, what, passed=passed)
        if not passed:
            wrong.append(what)
    if result.failures:
        console.print(f"\n{result.explanation}", soft_wrap=True)
    return wrong


def _findings(result: SchemathesisRun) -> Iterator[tuple[str, bool]]:
    for failure in result.failures:
        yield f"Schemathesis: {failure}", False
    if not result.failures:
        text = f"{result.cases} test cases and no failure, in {result.seconds:.0f} s"
        yield text, result.exit_code == 0
        links = result.seen.links
        phases = ", ".join(
            name if status == "success" else f"{name} ({status})"
            for name, status in result.phases.items()
        )
        yield (
            f"Phases {phases}; {links.total()} requests followed one of {len(links)} links",
            result.complete and len(links) > 0,
        )
    if result.unseen:
        yield f"Never answered, so not judged: {', '.join(result.unseen)}", False
    else:
        yield "Every documented status was seen but 429 and 500, which come only on demand", True


def _counts(statuses: Mapping[int, int]) -> str:
    return "   ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
