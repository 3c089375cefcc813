"""What the vendor's Python SDK does right and wrong, as a page: ``python -m demo.sdk_verdict``.

It writes ``docs/sdk.md``; a test runs the SDK again and finds the same.
"""

import sys
from importlib.metadata import version
from pathlib import Path

from conformance.client.judging import Level, Verdict, judge
from conformance.journal.journal import merged
from conformance.results.result import Outcome
from mock_server.faults.presets import PRESETS
from mock_server.testing.exercise import ExerciseRun, exercise, in_order
from openapi.contract import Contract

PAGE = Path(__file__).parent.parent / "docs" / "sdk.md"

_SECONDS_FOR_A_RUN = 120
_RUNS_AT_ONCE = 4
_WORDS = {
    Outcome.PASSED: "right",
    Outcome.WARNING: "**wrong**",
    Outcome.FAILED: "**wrong**",
    Outcome.NOT_VERIFIED: "not verified",
    Outcome.ERROR: "error",
}


def sdk_runs() -> list[ExerciseRun]:
    """The SDK without faults and under each preset."""
    command = [sys.executable, "-m", "demo.sdk_client"]
    runs = exercise(command, tuple(PRESETS), _SECONDS_FOR_A_RUN, _RUNS_AT_ONCE, show_output=False)
    return in_order(runs, tuple(PRESETS))


def sdk_verdict(runs: list[ExerciseRun]) -> Verdict:
    """What all runs together say."""
    entries, client = merged(run.entries for run in runs), f"dinie-sdk {version('dinie-sdk')}"
    return judge(entries, Contract.bundled(), Level.SHOULD, target=client)


def page(runs: list[ExerciseRun], verdict: Verdict) -> str:
    """The page in Markdown."""
    lines = [
        "# The vendor's Python SDK, judged",
        "",
        f"The verdict on {verdict.target}, from five creates and a list against the mock, without",
        "faults and under each preset of faults. `make sdk-verdict` writes this page.",
        "",
        "| run | exchanges | the program |",
        "| --- | --- | --- |",
        *(f"| {run.preset} | {len(run.entries)} | {run.ended} |" for run in runs),
        "",
        "A program that exits with 1 has lost a call. In an outage and by a refusal every client"
        " loses calls.",
        "",
        "| requirement | level | operation | the SDK is |",
        "| --- | --- | --- | --- |",
        *table(verdict),
    ]
    for one in verdict.violations:
        lines += [
            "",
            f"## {one.requirement.id}",
            "",
            f"{one.requirement.summary} Expected: {one.expected}. Seen: {one.actual}.",
            "",
            "```text",
            *one.reproduce.splitlines(),
            "```",
        ]
    return "\n".join(lines) + "\n"


def table(verdict: Verdict) -> list[str]:
    """A row for each result."""
    return [
        f"| `{one.requirement.id}` | {one.level} | {one.operation} | {_WORDS[one.outcome]} |"
        for one in verdict.results
    ]


if __name__ == "__main__":
    found = sdk_runs()
    PAGE.write_text(page(found, sdk_verdict(found)), encoding="utf-8")
