"""How long the gate takes: ``python -m benchmarks.harness``.

A full run against the local mock, the same with a target that takes 80 ms for each answer, and
Schemathesis on the same contract, back to back. Exits with 1 where a goal is missed.
"""

import sys
import time
from dataclasses import dataclass, replace

from rich.console import Console
from rich.table import Table

from benchmarks.goals import Goal, tell
from conformance.catalogue.requirement import Level
from conformance.results.baseline import Baseline
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.target import Target
from demo.mock_process import MockProcess, mock_process
from demo.schemathesis_run import run_schemathesis
from openapi.contract import Contract

SLOW_ANSWER_SECONDS = 0.08
GOALS = {"local mock": 4.0, "slow target": 15.0}
"""The most seconds that each run may take on two cores that do nothing else."""

LEAST_FASTER = 3.0
"""The least seconds of plain Schemathesis, in those of a run against the local mock."""

_PARTNERS = ("dinie_ci_live_one:one:dinie_at_bench_one", "dinie_ci_live_two:two:dinie_at_bench_two")


@dataclass(frozen=True, slots=True)
class Row:
    """One run: how long, how many requests, and the tool's own share of the time."""

    name: str
    seconds: float
    requests: int
    own_share: float | None
    outcome: str


def main() -> int:
    """Print the table and whether the goals hold; gives the exit code."""
    with mock_process("--partner", _PARTNERS[0], "--partner", _PARTNERS[1]) as mock:
        rows = [
            _harness("local mock", mock, None),
            _harness("slow target", mock, _slowly),
            _schemathesis(mock),
        ]
    local, _, plain = rows
    faster = plain.seconds / local.seconds
    table = Table("run", "seconds", "requests", "outside waiting", "outcome")
    for row in rows:
        share = "" if row.own_share is None else f"{row.own_share:.0%}"
        table.add_row(row.name, f"{row.seconds:.1f}", f"{row.requests:,}", share, row.outcome)
    console = Console(highlight=False)
    console.print(table)
    return tell(
        console,
        *(
            Goal(f"{row.name}: {row.seconds:.1f} s", f"{most:.0f} s", row.seconds <= most)
            for row in rows
            if (most := GOALS.get(row.name)) is not None
        ),
        Goal(
            f"{plain.name} takes {faster:.1f} times as long as {local.name}",
            f"at least {LEAST_FASTER:g}x",
            faster >= LEAST_FASTER,
        ),
    )


def _harness(name: str, mock: MockProcess, tamper: Tamper | None) -> Row:
    tokens = [partner.rpartition(":")[2] for partner in _PARTNERS]
    start, cpu = time.perf_counter(), time.process_time()
    with Target(mock.base_url, tokens, tamper=tamper) as target:
        run = Run(Contract.bundled(), target, catalogue().values(), seed=1)
        verdict = judge(run, Level.MUST, Baseline(), lambda _: None)
        run.clean_up()
        seconds = time.perf_counter() - start
        own = (time.process_time() - cpu) / seconds
        return Row(name, seconds, target.requests_sent, own, verdict.line)


def _slowly(request: Request, forward: Forward) -> Answer:
    time.sleep(SLOW_ANSWER_SECONDS)
    answer = forward(request)
    return replace(answer, seconds=answer.seconds + SLOW_ANSWER_SECONDS)


def _schemathesis(mock: MockProcess) -> Row:
    result = run_schemathesis(
        mock.base_url,
        token=str(mock.token),
        client_id=mock.client_id,
        client_secret=mock.client_secret,
    )
    outcome = f"{len(result.failures)} failures"
    return Row("schemathesis run", result.seconds, result.cases, None, outcome)


if __name__ == "__main__":
    sys.exit(main())
