"""What each store costs, with one worker and two, and how that grows with what it holds.

``python -m benchmarks.stores``. Everything is measured in one run, back to back; the figures to
trust are the ratios.
"""

import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from benchmarks.commands import mock_on
from benchmarks.goals import Goal, tell
from benchmarks.load import run_load
from benchmarks.measure import cpu_seconds
from benchmarks.rows import create_row, replay_row
from benchmarks.run import Log, Samples, load_row
from benchmarks.servers import Server, running
from benchmarks.table import machine
from benchmarks.wire import BenchmarkError, create_request, is_created
from demo.redis_server import PROGRAM, RedisServer, redis_server

MOST_COSTS: Mapping[str, float] = {"SQLite file": 1.6, "Redis": 2.2}
"""The most CPU time of a create with a new key by store, in that of one in memory."""

LEAST_OF_TWO = 1.7
"""The least requests a second of two workers on Redis, in those of one: each needs a core."""

_CORES = 4
"""The cores that two workers, Redis and the client have a use for."""

WARM_UP = 1_000
SIZES = (100, 1_000, 10_000, 100_000)


@dataclass(frozen=True, slots=True)
class Setting:
    """One store with a number of workers. ``redis`` is its server, where it has one."""

    name: str
    store: str
    workers: int = 1
    redis: RedisServer | None = None

    def redis_cpu(self) -> float:
        """Return the CPU seconds that the Redis server has used."""
        process = self.redis.process if self.redis else None
        return cpu_seconds(process.pid) if process else 0.0


@contextmanager
def _settings(*, workers: tuple[int, ...]) -> Iterator[list[Setting]]:
    """Open a fresh store for each."""
    with ExitStack() as stack:
        found = [Setting("SQLite in memory", "sqlite://")]
        for count in workers:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            found.append(Setting("SQLite file", f"sqlite:///{folder}/mock.db", count))
        if PROGRAM is None:
            click.echo("NOT MEASURED: there is no redis-server on PATH", err=True)
            workers = ()
        for count in workers:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            server = stack.enter_context(redis_server(Path(folder)))
            found.append(Setting("Redis", server.url, count, server))
        yield found


@dataclass(slots=True)
class Cost:
    """What a kind of request cost in each round, to the mock and to Redis."""

    mock: Samples
    redis: list[float]


def compare(requests: int, rounds: int, connections: int, log: Log) -> tuple[Table, list[Goal]]:
    """Return the table of stores and workers, and the goals."""
    with ExitStack() as stack:
        settings = stack.enter_context(_settings(workers=(1, 2)))
        costs: dict[tuple[str, int, str], Cost] = {}
        rows = []
        for one in settings:
            server = stack.enter_context(running(one.name, mock_on(one.store, one.workers)))
            for row in (create_row("create", server, keys=True), replay_row("replay", server)):
                load_row(row, WARM_UP, connections)
                costs[one.name, one.workers, row.name] = Cost(Samples(), [])
                rows.append((one, row))
        for number in range(1, rounds + 1):
            log(f"stores, round {number} of {rounds}")
            for one, row in rows:
                before = one.redis_cpu()
                cpu, rate = load_row(row, requests, connections)
                cost = costs[one.name, one.workers, row.name]
                cost.mock.cpu.append(cpu)
                cost.mock.rate.append(rate)
                cost.redis.append((one.redis_cpu() - before) / requests)
    table = Table(title=f"Stores and workers: {machine()}")
    for heading in ("store", "workers", "request"):
        table.add_column(heading)
    for heading in ("requests/s", "CPU, mock", "ratio", "CPU, Redis"):
        table.add_column(heading, justify="right")
    for (name, workers, kind), cost in costs.items():
        base = costs["SQLite in memory", 1, kind].mock.cpu_per_request
        table.add_row(
            name,
            str(workers),
            kind,
            f"{cost.mock.requests_per_second:,.0f}",
            f"{cost.mock.cpu_per_request * 1e6:.0f} µs",
            f"{cost.mock.cpu_per_request / base:.2f}x",
            f"{median(cost.redis) * 1e6:.0f} µs" if name == "Redis" else "",
        )
    return table, _goals_of({key[:2]: one.mock for key, one in costs.items() if key[2] == "create"})


def _goals_of(creates: Mapping[tuple[str, int], Samples]) -> list[Goal]:
    """Judge what a create cost, by store and number of workers."""
    goals = []
    for store, most in MOST_COSTS.items():
        if (store, 1) in creates:
            ratio = creates[store, 1].to(creates["SQLite in memory", 1])
            finding = f"a create on {store} costs {ratio:.2f}x one in memory"
            goals.append(Goal(finding, f"at most {most:g}x", ratio <= most))
    if ("Redis", 2) in creates and (cores := os.cpu_count() or 1) >= _CORES:
        faster = creates["Redis", 2].faster_than(creates["Redis", 1])
        finding = f"two workers on Redis answer {faster:.2f}x the requests of one, on {cores} cores"
        goals.append(Goal(finding, f"at least {LEAST_OF_TWO:g}x", faster >= LEAST_OF_TWO))
    return goals


def grow(sizes: tuple[int, ...], requests: int, connections: int, log: Log) -> Table:
    """Return the table of costs by what a store holds already."""
    table = Table(title=f"With more and more in the store, one worker: {machine()}")
    for number, heading in enumerate(
        ("store", "stored", "CPU, create", "ratio", "CPU, replay", "ratio", "start", "ratio")
    ):
        table.add_column(heading, justify="right" if number else "left")
    with _settings(workers=(1,)) as settings:
        for one in settings:
            figures = list(_growth(one, sizes, requests, connections, log))
            for size, figure in zip(sizes, figures, strict=True):
                cells = []
                for value, first, unit, scale in zip(
                    figure, figures[0], ("µs", "µs", "s"), (1e6, 1e6, 1), strict=True
                ):
                    cells += [f"{value * scale:.{2 * (unit == 's')}f} {unit}"]
                    cells += [f"{value / first:.2f}x" if first else ""]
                if one.store == "sqlite://":
                    cells[4] = "empty"
                table.add_row(one.name, f"{size:,}", *cells)
    return table


def _growth(
    one: Setting, sizes: tuple[int, ...], requests: int, connections: int, log: Log
) -> Iterator[tuple[float, float, float]]:
    """CPU seconds of a create and of a replay, and seconds to start, at each size."""
    command = mock_on(one.store)
    keys: list[str] = []
    with ExitStack() as stack:
        server = stack.enter_context(running(one.name, command))
        for size in sizes:
            log(f"{one.name} with {size:,} credentials and records")
            _fill(server, keys, size, connections)
            # The creates of the measurement itself are few beside what is stored.
            few = min(requests, max(500, size))
            replays = iter([create_request(key) for key in random.choices(keys, k=few)])
            replay = _cpu(server, replays.__next__, few, connections)
            new = [str(uuid.uuid4()) for _ in range(few)]
            create = _cpu(server, iter(map(create_request, new)).__next__, few, connections)
            start = 0.0
            if one.store != "sqlite://":
                stack.close()
                started = time.perf_counter()
                server = stack.enter_context(running(one.name, command))
                server.create(str(uuid.uuid4()))
                start = time.perf_counter() - started
            yield create, replay, start


def _fill(server: Server, keys: list[str], size: int, connections: int) -> None:
    new = [str(uuid.uuid4()) for _ in range(size - len(keys))]
    keys.extend(new)
    _cpu(server, iter(map(create_request, new)).__next__, len(new), connections)


def _cpu(server: Server, requests: Callable[[], bytes], count: int, connections: int) -> float:
    before = cpu_seconds(server.process.pid)
    run_load(server.port, requests, count, connections, is_created)
    return (cpu_seconds(server.process.pid) - before) / count


@click.command()
@click.option("--requests", default=5_000, show_default=True, type=click.IntRange(min=500))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(min=1))
@click.option("--connections", default=16, show_default=True, type=click.IntRange(1, 512))
@click.option("--most", default=SIZES[-1], show_default=True, help="The largest store to make.")
def main(*, requests: int, rounds: int, connections: int, most: int) -> None:
    """Measure creates and replays on each store.

    Exits 1 where a goal is missed, 2 where nothing could be measured.
    """

    def log(line: str) -> None:
        click.echo(line, err=True)

    console = Console(width=100)
    try:
        table, goals = compare(requests, rounds, connections, log)
        console.print(table)
        sizes = tuple(size for size in SIZES if size <= most)
        console.print(grow(sizes, requests, connections, log))
    except BenchmarkError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    sys.exit(tell(console, *goals))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.stores")
