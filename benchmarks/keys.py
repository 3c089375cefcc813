"""Whether many idempotency keys cost more than few: ``python -m benchmarks.keys``.

One mock, one partner, ten thousand keys: all made, then all replayed. The CPU time of the server
for the last thousand is compared with that for the first. Exits with 1 where a goal is missed.
"""

import itertools
import sys
import uuid
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from benchmarks.commands import mock
from benchmarks.goals import Goal, tell
from benchmarks.load import run_load
from benchmarks.measure import cpu_seconds
from benchmarks.servers import Server, running
from benchmarks.table import machine
from benchmarks.wire import CREATED, REPLAYED, Answer, create_request, is_created

THOUSANDS = 10
CONNECTIONS = 8
WARM_UP = 2_000
MOST_RATIO = 1.5
"""What is quadratic would cost 19 times as much in its last thousand."""


def costs(server: Server, requests: list[bytes], *, replayed: bool) -> Iterator[float]:
    """The CPU time for each request, in seconds, thousand by thousand."""

    def check(answer: Answer) -> str | None:
        if answer.status == CREATED and (REPLAYED in answer.head) == replayed:
            return None
        return f"not {'a replay' if replayed else 'new'}: {answer.body[:200]!r}"

    for at in range(0, len(requests), 1000):
        ours: Callable[[], bytes] = iter(requests[at : at + 1000]).__next__
        before = cpu_seconds(server.process.pid)
        run_load(server.port, ours, 1000, CONNECTIONS, check)
        yield (cpu_seconds(server.process.pid) - before) / 1000


def main() -> int:
    """Print the table and whether the goals hold; gives the exit code."""
    requests = [create_request(str(uuid.uuid4())) for _ in range(THOUSANDS * 1000)]
    with running("mock", mock) as server:
        warm = itertools.repeat(create_request()).__next__
        run_load(server.port, warm, WARM_UP, CONNECTIONS, is_created)
        rows = {
            "create with a new key": list(costs(server, requests, replayed=False)),
            "replay": list(costs(server, requests, replayed=True)),
        }
    console = Console(highlight=False)
    table = Table("request", "first thousand", "last thousand", "ratio", title=machine())
    for name, found in rows.items():
        first, last = found[0] * 1e6, found[-1] * 1e6
        table.add_row(name, f"{first:.1f} µs", f"{last:.1f} µs", f"{last / first:.2f}x")
    console.print(table)
    worst = max(found[-1] / found[0] for found in rows.values())
    finding = f"the last thousand of {THOUSANDS} costs {worst:.2f}x the first"
    return tell(console, Goal(finding, f"at most {MOST_RATIO}x", worst <= MOST_RATIO))


if __name__ == "__main__":
    sys.exit(main())
