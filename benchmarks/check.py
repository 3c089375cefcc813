"""Whether a change has made anything slower: ``python -m benchmarks.check``, in under two minutes.

Each cost is a multiple of another one that is measured in the same round, and has its limit in
``limits.toml``. What else a machine does makes single rounds worse, seldom all: the best one is
compared with the limit. Exits with 1 where it is beyond that.
"""

import resource
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.commands import baseline, mock, mock_with_limit
from benchmarks.goals import Goal, tell
from benchmarks.measure import cpu_seconds, resident_bytes
from benchmarks.rows import Row, create_row, refused_row, replay_row
from benchmarks.run import load_row
from benchmarks.servers import ROOT, environment, running
from benchmarks.table import machine
from benchmarks.wire import INVALID, LIMITED, UNAUTHORIZED, create_request
from demo.mock_process import mock_process

LIMITS = Path(__file__).with_name("limits.toml")

_REQUESTS, _CONNECTIONS, _WARM_UP = 2_500, 8, 1_500
_COMMANDS: Mapping[str, Sequence[str]] = {
    "dinie-mock --help": ("-m", "mock_server", "--help"),
    "dinie-conformance --help": ("-m", "conformance.cli", "--help"),
    "dinie-conformance list": ("-m", "conformance.cli", "list"),
}
_PLAIN = ("-c", "import click, json, pathlib")
_ROUNDS = {"requests": 5, "start": 3, "commands": 5, "run": 2}

Ratios = dict[str, list[float]]
"""Each cost as multiples of what it is compared with, round by round."""


def requests() -> Iterator[tuple[str, float]]:
    """The CPU time of a request to the mock, beside that of a bare ASGI app: one round."""
    with ExitStack() as stack:
        bare = create_row("bare", stack.enter_context(running("bare", baseline("bare"))))
        mocked = stack.enter_context(running("mock", mock))
        limited = stack.enter_context(running("mock", mock_with_limit))
        limited.create()
        unknown, wrong = create_request(token="unknown"), create_request(body=b'{"name": 1}')
        rows: list[Row] = [
            create_row("a create without a key", mocked),
            create_row("a create with a new key", mocked, keys=True),
            replay_row("a replay", mocked),
            refused_row("a 401", mocked, UNAUTHORIZED, unknown),
            refused_row("a 422", mocked, INVALID, wrong),
            refused_row("a 429", limited, LIMITED, create_request()),
        ]
        for row in (bare, *rows):
            load_row(row, _WARM_UP, _CONNECTIONS)
        for _ in range(_ROUNDS["requests"]):
            least, _ = load_row(bare, _REQUESTS, _CONNECTIONS)
            for row in rows:
                yield row.name, load_row(row, _REQUESTS, _CONNECTIONS)[0] / least


def start() -> Iterator[tuple[str, float]]:
    """CPU time and memory of a start until the first answer, beside those of the bare app."""
    for _ in range(_ROUNDS["start"]):
        used: list[tuple[float, int]] = []
        for name, command in (("bare", baseline("bare")), ("mock", mock)):
            with running(name, command) as server:
                server.create()
                pid = server.process.pid
                used.append((cpu_seconds(pid), resident_bytes(pid)))
        (bare_cpu, bare_memory), (cpu, memory) = used
        yield "CPU time of a start", cpu / bare_cpu
        yield "memory of a start", memory / bare_memory


def commands() -> Iterator[tuple[str, float]]:
    """The CPU time of commands that ask no target, beside that of Python with their library."""
    for _ in range(_ROUNDS["commands"]):
        plain = _cpu_of(_PLAIN)
        for name, arguments in _COMMANDS.items():
            yield name, _cpu_of(arguments) / plain


def run() -> Iterator[tuple[str, float]]:
    """The CPU time of a full run of the harness, beside that of the mock which it judges."""
    partner = "dinie_ci_live_bench:dinie_cs_live_bench:dinie_at_bench-check"
    for _ in range(_ROUNDS["run"]):
        with mock_process("--partner", partner) as mocked:
            before = cpu_seconds(mocked.process.pid)
            token = ("--token", partner.rpartition(":")[2])
            own = _cpu_of(("-m", "conformance.cli", "run", "--url", mocked.base_url, *token))
            yield "a full run", own / (cpu_seconds(mocked.process.pid) - before)


def _cpu_of(arguments: Sequence[str]) -> float:
    """The CPU seconds of Python with these arguments, until its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments],
        check=True,
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


_PARTS: Sequence[Callable[[], Iterator[tuple[str, float]]]] = (requests, start, commands, run)


def main() -> int:
    """Print each ratio beside its limit, and whether it holds; gives the exit code."""
    limits: dict[str, float] = tomllib.loads(LIMITS.read_text())["most"]
    found: Ratios = {}
    for part in _PARTS:
        print(f"measuring {part.__name__}", file=sys.stderr)
        for name, ratio in part():
            found.setdefault(name, []).append(ratio)
    table = Table("cost", "best round", "worst round", "limit", title=machine())
    for name, ratios in found.items():
        limit = f"{limits[name]:.2f}x"
        table.add_row(name, f"{min(ratios):.2f}x", f"{max(ratios):.2f}x", limit)
    console = Console(highlight=False)
    console.print(table)
    return tell(
        console,
        *(
            Goal(f"{name}: {min(ratios):.2f}x", f"at most {limits[name]}x",
                 min(ratios) <= limits[name])
            for name, ratios in found.items()
        ),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
