"""What a request of a campaign costs, beside plain Schemathesis: ``python -m benchmarks.fuzz``.

Each is a process of its own against one mock in another, and runs twice: what the longer run takes
more is the price of its requests, start-up left aside. The mock counts the requests. Exits with 1
where the goal is missed.
"""

import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.goals import MEGABYTE
from benchmarks.measure import resident_bytes
from benchmarks.table import machine
from benchmarks.wire import BenchmarkError
from demo.mock_process import MockProcess, mock_process
from demo.schemathesis_run import run_schemathesis

MOST_MILLISECONDS = 1.0
"""The most CPU time of the harness for a request of a campaign."""

SHORT_SECONDS = 15
SHORT_EXAMPLES, LONG_EXAMPLES = 50, 500
_SAMPLE_SECONDS = 1.0

_TOKENS = ("dinie_at_bench_one", "dinie_at_bench_two")
_PARTNERS = ("dinie_ci_live_one:dinie_cs_live_one", "dinie_ci_live_two:dinie_cs_live_two")
_COUNT = re.compile(r"^dinie_mock_request_seconds_count\S* (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Used:
    """CPU time in seconds, user and system, and the requests that it was used for."""

    cpu: float
    requests: float
    seconds: float


@dataclass(slots=True)
class Row:
    """A short run and a long one of one tool; ``memory`` are resident bytes, at each second."""

    name: str
    short: Used
    long: Used
    memory: list[int] = field(default_factory=list)

    @property
    def milliseconds(self) -> float:
        """CPU time for a request."""
        more = self.long.requests - self.short.requests
        if more <= 0:
            raise BenchmarkError(f"{self.name} sent no more in its longer run")
        return (self.long.cpu - self.short.cpu) / more * 1e3

    @property
    def rate(self) -> float:
        """Requests a second of the long run."""
        return self.long.requests / self.long.seconds


def _used(mock: MockProcess, run: Callable[[], object]) -> Used:
    """What a run in a child process uses."""
    cpu, requests, begin = _cpu(), _requests(mock), time.perf_counter()
    run()
    seconds = time.perf_counter() - begin
    return Used(_cpu() - cpu, _requests(mock) - requests, seconds)


def _cpu() -> float:
    """What all children have used that have ended: the mock is none of them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _requests(mock: MockProcess) -> float:
    text = httpx.get(f"{mock.origin}/_mock/metrics").text
    return sum(float(one) for one in _COUNT.findall(text))


def _campaign(mock: MockProcess, seconds: int) -> list[int]:
    """One campaign; its resident bytes at each second."""
    memory: list[int] = []
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "ignore", "-m", "conformance.cli", "fuzz"]
        command += ["--url", mock.base_url, "--max-time", f"{seconds}s", "--seed", "1"]
        command += ["--directory", str(Path(folder) / "run")]
        tokens = dict(zip(("DINIE_TOKEN", "DINIE_SECOND_TOKEN"), _TOKENS, strict=True))
        process = subprocess.Popen(command, env=tokens, stdout=subprocess.PIPE, text=True)
        while process.poll() is None:
            memory.append(resident_bytes(process.pid))
            time.sleep(_SAMPLE_SECONDS)
        output = process.communicate()[0]
    if process.returncode:
        raise BenchmarkError(f"the campaign ended with {process.returncode}: {output[-300:]}")
    return memory


def measure(seconds: int) -> list[Row]:
    """A campaign of so many seconds, and Schemathesis."""
    options = [f"--partner={one}:{token}" for one, token in zip(_PARTNERS, _TOKENS, strict=True)]
    rows = []
    memory: list[int] = []

    with mock_process(*options, "--rate-limit", "1000000000/minute") as mock:
        short = _used(mock, lambda: _campaign(mock, SHORT_SECONDS))
        long = _used(mock, lambda: memory.extend(_campaign(mock, seconds)))
        rows.append(Row("campaign", short, long, memory))

        def plain(examples: int) -> Used:
            client_id, client_secret = _PARTNERS[0].split(":")
            return _used(
                mock,
                lambda: run_schemathesis(
                    mock.base_url,
                    token=_TOKENS[0],
                    client_id=client_id,
                    client_secret=client_secret,
                    examples=examples,
                ),
            )

        rows.append(Row("plain Schemathesis", plain(SHORT_EXAMPLES), plain(LONG_EXAMPLES)))
    return rows


@click.command()
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(2 * SHORT_SECONDS))
def main(*, seconds: int) -> None:
    """Exits 0 where a request costs no more than it may, 1 where it does."""
    try:
        rows = measure(seconds)
        costs = [row.milliseconds for row in rows]
    except BenchmarkError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    table = Table("run", "CPU per request", "requests", "requests/s", "memory", title=machine())
    for row, cost in zip(rows, costs, strict=True):
        table.add_row(
            row.name,
            f"{cost:.2f} ms",
            f"{row.long.requests:,.0f}",
            f"{row.rate:,.0f}",
            _told(row.memory),
        )
    console = Console(highlight=False)
    console.print(table)
    reached = costs[0] <= MOST_MILLISECONDS
    console.print(
        f"a request of a campaign costs {costs[0]:.2f} ms of CPU (goal: at most "
        f"{MOST_MILLISECONDS:.0f} ms): {'reached' if reached else 'missed'}"
    )
    sys.exit(not reached)


def _told(memory: list[int]) -> str:
    """The memory a quarter after the start, and in the end."""
    if not memory:
        return ""
    return f"{memory[len(memory) // 4] / MEGABYTE:.0f} to {memory[-1] / MEGABYTE:.0f} MB"


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.fuzz")
