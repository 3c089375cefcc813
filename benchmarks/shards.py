"""What two machines find at one campaign: ``python -m benchmarks.shards``.

A server with faults of graded rarity is fuzzed three times in each round, by the same seed and
at the same pace: for a time, for twice that time, and by two shards over one Redis for the time
each. Their directories are joined by ``dinie-conformance merge``. Exits with 1 where the shards
together find less than one does in twice the time.
"""

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.commands import HOST, mock
from benchmarks.graded_faults import ALWAYS, GRADED, SECOND_TOKEN, SELECTION
from benchmarks.servers import environment, running
from benchmarks.table import machine
from benchmarks.wire import TOKEN, BenchmarkError
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.finding import Finding
from demo.redis_server import PROGRAM, redis_server
from openapi.contract import Contract

FEWEST_RATIO = 0.9
"""Of what one finds in twice the time: luck decides upon the rarest."""

FAULTS = len(GRADED) + len(ALWAYS)
WAYS = ("one, T", "one, 2 T", "two shards, T each")

_HAS_VERDICT = {0, 1}
_GRACE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a campaign found, by the names of the faults, and what it cost."""

    found: frozenset[str]
    findings: int
    requests: int
    turns: int


@dataclass(frozen=True, slots=True)
class Way:
    """How a server is fuzzed: for how long, at which pace, by how many with which seed."""

    seconds: int
    rate: float
    workers: int
    seed: int


def faults_of(findings: Sequence[Finding]) -> frozenset[str]:
    """The faults that findings are of."""
    broken = {one.requirement for one in findings}
    return frozenset(
        {one.name for one in GRADED if any(str(one.status) in found.actual for found in findings)}
        | {name for name, requirement in ALWAYS.items() if requirement in broken}
    )


def outcome_of(directory: Path) -> Outcome:
    """What a run directory holds."""
    run = RunDirectory.open(directory)
    counters, (findings, _) = run.state()["counters"], run.findings(Contract.bundled())
    return Outcome(faults_of(findings), len(findings), counters["requests"], counters["turns"])


def fuzzed(url: str, way: Way, folder: Path, database: str) -> Outcome:
    """Fuzz a server in so many processes; gives what they found together."""
    places = [folder / f"{number}" for number in range(1, way.workers + 1)]
    commands = [
        [
            *("fuzz", "--url", url, "--directory", str(place), "--seed", str(way.seed)),
            *("--max-time", f"{way.seconds}s", "--max-rps", str(way.rate)),
            *(word for section in SELECTION for word in ("--select", section)),
        ]
        for place in places
    ]
    if way.workers == 1:
        conform(commands, way.seconds)
        return outcome_of(places[0])
    for number, command in enumerate(commands, 1):
        command += ["--shard", f"{number}/{way.workers}", "--example-database", database]
    conform(commands, way.seconds)
    conform([["merge", *map(str, places), "--directory", str(folder / "all")]])
    return outcome_of(folder / "all")


def conform(commands: Sequence[Sequence[str]], seconds: float = 0) -> None:
    """Run ``dinie-conformance`` with several arguments at once, each to its verdict."""
    tokens = {"DINIE_TOKEN": TOKEN, "DINIE_SECOND_TOKEN": SECOND_TOKEN}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "conformance.cli", *command],
            env=environment() | tokens,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    try:
        for process in processes:
            _, errors = process.communicate(timeout=seconds + _GRACE_SECONDS)
            if process.returncode not in _HAS_VERDICT:
                raise BenchmarkError(errors.strip() or f"it ended with {process.returncode}")
    finally:
        for process in processes:
            process.kill()
            process.wait()


def measure(
    rounds: int, seconds: int, rate: float, log: Callable[[str], None]
) -> list[list[Outcome]]:
    """For each round what came of each of the ways."""
    found = []

    def healthy(port: int) -> list[str]:
        return [*mock(port), "--partner", f"dinie_ci_live_two:dinie_cs_live_two:{SECOND_TOKEN}"]

    with tempfile.TemporaryDirectory() as place, redis_server(Path(place)) as redis:
        for number in range(1, rounds + 1):
            found.append(list[Outcome]())
            for at, (name, (times, workers)) in enumerate(
                zip(WAYS, ((1, 1), (2, 1), (1, 2)), strict=True)
            ):
                log(f"round {number} of {rounds}: {name}")
                redis.say("FLUSHALL")
                folder = Path(place) / f"{number}-{at}"
                with running("mock", healthy) as upstream:
                    url = f"http://{HOST}:{upstream.port}/v3"

                    def faulty(port: int, url: str = url, salt: int = number) -> list[str]:
                        words = ("--upstream", url, "--port", str(port), "--salt", str(salt))
                        return [sys.executable, "-m", "benchmarks.graded_faults", *words]

                    with running("faulty server", faulty) as server:
                        way = Way(seconds * times, rate, workers, number)
                        url = f"http://{HOST}:{server.port}/v3"
                        found[-1].append(fuzzed(url, way, folder, redis.url))
    return found


def tables(found: Sequence[Sequence[Outcome]]) -> tuple[Table, Table]:
    """What was found in each round, and by which way each of the faults."""
    table = Table("round", *WAYS, title=f"found of {FAULTS} faults; {machine()}")
    for number, outcomes in enumerate(found, 1):
        table.add_row(
            str(number),
            *(f"{len(one.found)} ({one.requests} requests, {one.turns} turns)" for one in outcomes),
        )
    columns = list(zip(*found, strict=True))
    table.add_row(
        "sum",
        *(
            f"{sum(len(one.found) for one in column)} ({sum(one.requests for one in column)})"
            for column in columns
        ),
    )
    each = Table("fault", *WAYS, title=f"found in so many of {len(found)} rounds")
    counts = [Counter(name for one in column for name in one.found) for column in columns]
    for name in (*(one.name for one in GRADED), *ALWAYS):
        each.add_row(name, *(str(one[name]) for one in counts))
    return table, each


@click.command()
@click.option("--rounds", default=2, show_default=True, type=click.IntRange(min=1))
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(min=10), help="T.")
@click.option("--max-rps", default=20.0, show_default=True, help="Of each process: the pace.")
def main(*, rounds: int, seconds: int, max_rps: float) -> None:
    """Compare. Exits 1 where the goal is missed, 2 where nothing could be measured."""
    if PROGRAM is None:
        click.echo("NOT MEASURED: there is no redis-server on PATH", err=True)
        sys.exit(2)
    try:
        found = measure(rounds, seconds, max_rps, lambda line: click.echo(line, err=True))
    except (BenchmarkError, subprocess.TimeoutExpired) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    console = Console(highlight=False, width=110)
    for table in tables(found):
        console.print(table)
    _, twice, shards = zip(*found, strict=True)
    ratio = sum(len(one.found) for one in shards) / max(sum(len(one.found) for one in twice), 1)
    sent = sum(one.requests for one in shards) / sum(one.requests for one in twice)
    reached = ratio >= FEWEST_RATIO
    console.print(
        f"two shards find {ratio:.2f} times what one finds in twice the time"
        f" (goal: at least {FEWEST_RATIO}): {'reached' if reached else 'missed'}\n"
        f"with {sent:.2f} times the requests: where that is much less, the machine was too busy"
    )
    sys.exit(0 if reached else 1)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.shards")
