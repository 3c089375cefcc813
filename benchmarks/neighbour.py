"""How a partner is served while another one hammers: ``python -m benchmarks.neighbour``.

One mock, two partners, each a process of its own. The quiet one asks a hundred times a second,
first alone, then beside one that keeps 64 connections busy; several times in turn, so that a slow
moment of the machine touches both. Exits with 1 where the goal is missed.
"""

import asyncio
import itertools
import multiprocessing
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from statistics import quantiles

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.commands import HOST, mock
from benchmarks.goals import Goal, tell
from benchmarks.load import Connection, Load
from benchmarks.servers import running
from benchmarks.table import machine
from benchmarks.wire import TOKEN, create_request, parse_answer

ROUNDS = 4
SECONDS = 5.0
"""For each of the two states in each round."""
EACH_SECOND = 100
CONNECTIONS = 64
MOST_RATIO = 3.0
"""How much the 99th percentile of the quiet partner may grow."""

_NEIGHBOUR = "dinie_at_neighbour"


@dataclass(slots=True)
class Samples:
    """How long the quiet partner waited, in seconds, and how much the other one got done."""

    seconds: list[float] = field(default_factory=list)
    hammered: int = 0

    def percentile(self, number: int) -> float:
        """One of the hundredths, in milliseconds."""
        return quantiles(self.seconds, n=100)[number - 1] * 1e3


def ask(port: int, seconds: float) -> list[float]:
    """Send a create every so often on one connection; gives how long each took."""
    found: list[float] = []
    request = create_request()
    with socket.create_connection((HOST, port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due = time.perf_counter()
        end = due + seconds
        while due < end:
            late = time.perf_counter() - due
            if late < 0:
                time.sleep(-late)
                begun = time.perf_counter()
            else:
                begun = due  # an answer that held up the next request counts for that one as well
            connection.sendall(request)
            received = connection.recv(65_536)
            while parse_answer(received) is None:
                received += connection.recv(65_536)
            found.append(time.perf_counter() - begun)
            due += 1 / EACH_SECOND
    return found


def hammer(port: int, seconds: float) -> int:
    """Keep all connections busy with creates; gives how many were answered."""
    request = create_request().replace(TOKEN.encode(), _NEIGHBOUR.encode())
    return uvloop.run(_hammer(port, seconds, itertools.repeat(request).__next__))


async def _hammer(port: int, seconds: float, next_request: Callable[[], bytes]) -> int:
    loop = asyncio.get_running_loop()
    load = Load(next_request, sys.maxsize, lambda _: None, loop.create_future())
    pairs = [
        await loop.create_connection(lambda: Connection(load), HOST, port)
        for _ in range(CONNECTIONS)
    ]
    for _, connection in pairs:
        connection.send()
    await asyncio.wait([load.finished], timeout=seconds)
    if load.finished.done():
        load.finished.result()
    load.finished.set_result(None)
    for transport, _ in pairs:
        transport.close()
    return load.answered


def command(port: int) -> list[str]:
    """The mock with both partners."""
    return [*mock(port), "--partner", f"dinie_ci_live_other:dinie_cs_live_other:{_NEIGHBOUR}"]


def measure(log: Callable[[str], None]) -> tuple[Samples, Samples]:
    """The quiet partner alone, and beside the other one."""
    calm, hammered = Samples(), Samples()
    spawn = multiprocessing.get_context("spawn")
    with running("mock", command) as server, ProcessPoolExecutor(2, spawn) as processes:
        # Both processes are there, and both sides warm, before anything counts.
        warm = processes.submit(hammer, server.port, 2.0)
        processes.submit(ask, server.port, 2.0).result()
        warm.result()
        for number in range(1, ROUNDS + 1):
            log(f"round {number} of {ROUNDS}")
            calm.seconds += processes.submit(ask, server.port, SECONDS).result()
            # The other one begins before, and ends after.
            hammering = processes.submit(hammer, server.port, SECONDS + 2)
            time.sleep(1)
            hammered.seconds += processes.submit(ask, server.port, SECONDS).result()
            hammered.hammered += hammering.result()
    return calm, hammered


def main() -> int:
    """Print the table and whether the goal holds; gives the exit code."""
    console = Console(highlight=False)
    calm, hammered = measure(lambda line: print(line, file=sys.stderr))
    table = Table("quiet partner", "p50", "p99", "worst", "the other's requests/s", title=machine())
    for name, samples in (("alone", calm), (f"beside {CONNECTIONS} connections", hammered)):
        rate = samples.hammered / ROUNDS / (SECONDS + 2)
        table.add_row(
            name,
            f"{samples.percentile(50):.2f} ms",
            f"{samples.percentile(99):.2f} ms",
            f"{max(samples.seconds) * 1e3:.2f} ms",
            f"{rate:,.0f}",
        )
    console.print(table)
    ratio = hammered.percentile(99) / calm.percentile(99)
    finding = f"the 99th percentile grows to {ratio:.1f} times"
    return tell(console, Goal(finding, f"at most {MOST_RATIO:.0f}", ratio <= MOST_RATIO))


if __name__ == "__main__":
    sys.exit(main())
