"""How long ``exercise`` takes: ``python -m benchmarks.exercise``.

A correct client without faults and under each preset, in a row and all presets at the same time.
Exits with 1 where a goal is missed.
"""

import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.goals import Goal, tell
from mock_server.faults.presets import PRESETS
from mock_server.testing.exercise import NO_FAULTS, ExerciseRun, exercise, in_order

MOST_BEYOND_SLOWEST = 1.5
"""The longest time of all presets at once, in times of the slowest of them in a row."""

_CLIENT = Path(__file__).parent.parent / "tests" / "clients" / "correct.py"
_TIMEOUT_SECONDS = 300


def main() -> int:
    """Print the table and whether the goal holds; gives the exit code."""
    row, in_a_row = _exercised(1)
    at_once, together = _exercised(len(PRESETS))
    table = Table("run", "in a row, s", "at once, s")
    for one, other in zip(row, at_once, strict=True):
        table.add_row(one.preset, f"{one.seconds:.1f}", f"{other.seconds:.1f}")
    table.add_row("all", f"{in_a_row:.1f}", f"{together:.1f}")
    console = Console(highlight=False)
    console.print(table)
    slowest = max(one.seconds for one in row if one.preset != NO_FAULTS)
    ratio = together / slowest
    finding = f"all presets at once take {ratio:.2f} times the slowest of them"
    reached = ratio <= MOST_BEYOND_SLOWEST
    return tell(console, Goal(finding, f"{MOST_BEYOND_SLOWEST:g}", reached))


def _exercised(jobs: int) -> tuple[list[ExerciseRun], float]:
    """The runs in order, and the seconds from the end of the first to that of the last."""
    command, presets = [sys.executable, str(_CLIENT)], tuple(PRESETS)
    runs = exercise(command, presets, _TIMEOUT_SECONDS, jobs, show_output=False)
    found = [next(runs)]
    start = time.monotonic()
    found += runs
    seconds = time.monotonic() - start
    return in_order(found, presets), seconds


if __name__ == "__main__":
    sys.exit(main())
