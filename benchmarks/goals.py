"""The goals, each a line that says what was found and whether that reaches it."""

from dataclasses import dataclass

from rich.console import Console

from benchmarks.run import CREATE, CREATE_WITH_KEY, CREATE_WITHOUT_CONTROL, Report

MOST_CPU_RATIO = 4.0
MOST_CONTROL_RATIO = 1.05
MOST_START_SECONDS = 1.0
MOST_MEMORY_MB = 90.0
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
            f"{name} costs {report.ratio(row):.1f}x the bare app",
            f"at most {MOST_CPU_RATIO:.0f}x",
            report.ratio(row) <= MOST_CPU_RATIO,
        )
        for name, row in (
            ("create without a key", CREATE),
            ("create with a new key", CREATE_WITH_KEY),
        )
    ]
    memory = report.memory_after_start / MEGABYTE
    control = report.ratio(CREATE, CREATE_WITHOUT_CONTROL)
    return [
        *costs,
        Goal(
            f"control plane and journal cost {control - 1:+.1%}",
            f"at most {MOST_CONTROL_RATIO - 1:+.0%}",
            control <= MOST_CONTROL_RATIO,
        ),
        Goal(
            f"start to first answer takes {report.start_seconds:.2f} s",
            f"under {MOST_START_SECONDS:.0f} s",
            report.start_seconds < MOST_START_SECONDS,
        ),
        Goal(
            f"resident memory is {memory:.0f} MB after the first answer",
            f"under {MOST_MEMORY_MB:.0f} MB",
            memory < MOST_MEMORY_MB,
        ),
    ]
