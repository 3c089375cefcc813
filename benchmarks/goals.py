"""The goals, each a line that says what was found and whether that reaches it."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console

from benchmarks.run import (
    BARE,
    BEYOND_LIMIT,
    CREATE,
    CREATE_WITH_KEY,
    CREATE_WITHOUT_CONTROL,
    REPLAY,
    UNKNOWN_TOKEN,
    WRONG_DATA,
    Report,
)

MOST_COSTS: Mapping[str, float] = {
    CREATE: 2.7,
    CREATE_WITH_KEY: 3.0,
    REPLAY: 2.7,
    UNKNOWN_TOKEN: 2.5,
    WRONG_DATA: 2.5,
    BEYOND_LIMIT: 2.5,
}
"""The most CPU time of a request, in that of one to the bare app."""

LEAST_RATE = 0.36
"""The requests a second of a create with a new key, in those of the bare app."""

MOST_CONTROL_RATIO = 1.05
MOST_START_SECONDS = 0.45
MOST_MEMORY_MB = 75.0
MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal, the finding it is judged by, and whether it is reached."""

    finding: str
    wanted: str
    reached: bool

    def __str__(self) -> str:
        verdict = "reached" if self.reached else "missed"
        return f"{self.finding} (goal: {self.wanted}): {verdict}"


def tell(console: Console, *goals: Goal) -> int:
    """Print whether each goal is reached; gives the exit code, 1 where one is missed."""
    for one in goals:
        console.print(f"{one}")
    return 0 if all(one.reached for one in goals) else 1


def goals_of(report: Report) -> list[Goal]:
    """Judge a report."""
    costs = [
        Goal(
            f"{row}: {report.ratio(row):.2f}x the bare app",
            f"at most {most:g}x",
            report.ratio(row) <= most,
        )
        for row, most in MOST_COSTS.items()
    ]
    rate = report.rows[CREATE_WITH_KEY].faster_than(report.rows[BARE])
    memory = report.memory_after_start / MEGABYTE
    control = report.ratio(CREATE, CREATE_WITHOUT_CONTROL)
    return [
        *costs,
        Goal(
            f"{CREATE_WITH_KEY}: {rate:.2f} of the bare app's requests a second",
            f"at least {LEAST_RATE:g}",
            rate >= LEAST_RATE,
        ),
        Goal(
            f"control plane and journal cost {control - 1:+.1%}",
            f"at most {MOST_CONTROL_RATIO - 1:+.0%}",
            control <= MOST_CONTROL_RATIO,
        ),
        Goal(
            f"start to first answer takes {report.start_seconds:.2f} s",
            f"under {MOST_START_SECONDS:g} s",
            report.start_seconds < MOST_START_SECONDS,
        ),
        Goal(
            f"resident memory is {memory:.0f} MB after the first answer",
            f"under {MOST_MEMORY_MB:.0f} MB",
            memory < MOST_MEMORY_MB,
        ),
    ]
