"""One run: every server up at once, every row measured in turn, several times over."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from benchmarks.commands import baseline, mock, mock_with_limit, mock_without_control
from benchmarks.load import run_load
from benchmarks.measure import cpu_seconds, resident_bytes
from benchmarks.rows import Row, create_row, refused_row, replay_row
from benchmarks.servers import PATIENCE, Server, running
from benchmarks.wire import INVALID, LIMITED, UNAUTHORIZED, BenchmarkError, create_request

WARM_UP = 2_000
STARTS = 3
BARE = "bare ASGI app"
STARLETTE = "Starlette route"
CONNEXION = "Connexion AsyncApp"
MOCK = "mock"
CREATE = "mock: create without a key"
CREATE_WITHOUT_CONTROL = "mock: the same, --no-control"
CREATE_WITH_KEY = "mock: create with a new key"
REPLAY = "mock: replay of one key"
UNKNOWN_TOKEN = "mock: 401, of an unknown token"
WRONG_DATA = "mock: 422, of a name that is no text"
BEYOND_LIMIT = "mock: 429, beyond the rate limit"

Log = Callable[[str], None]


@dataclass(slots=True)
class Samples:
    """What one row cost in each round."""

    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)

    @property
    def cpu_per_request(self) -> float:
        """The median of the seconds of CPU time for each request."""
        return median(self.cpu)

    @property
    def requests_per_second(self) -> float:
        """The median of the requests answered each second."""
        return median(self.rate)

    def to(self, other: "Samples") -> float:
        """Return the CPU time of a request as a multiple of another row's.

        The median of the rounds: what slows the machine for a while slows both in one round.
        """
        return median(own / others for own, others in zip(self.cpu, other.cpu, strict=True))

    def faster_than(self, other: "Samples") -> float:
        """Return the requests a second as a multiple of another row's, the median of the rounds."""
        return median(own / others for own, others in zip(self.rate, other.rate, strict=True))


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run has found."""

    rows: dict[str, Samples]
    start_seconds: float
    memory_after_start: int
    memory_after_load: int
    creates: int

    def ratio(self, name: str, to: str = BARE) -> float:
        """Return a row's CPU time per request as a multiple of another's, the bare app's."""
        return self.rows[name].to(self.rows[to])


def _start_seconds() -> float:
    seconds = []
    for _ in range(STARTS):
        started = time.perf_counter()
        with running(MOCK, mock) as server:
            server.create()
            seconds.append(time.perf_counter() - started)
    return median(seconds)


def load_row(row: Row, count: int, connections: int) -> tuple[float, float]:
    """Return the CPU seconds for each request of a row, and the requests answered each second."""
    server = row.server
    requests = row.requests(count)
    try:
        before = cpu_seconds(server.process.pid)
        seconds = run_load(server.port, requests, count, connections, row.check)
        cpu = cpu_seconds(server.process.pid) - before
    except BenchmarkError as error:
        raise BenchmarkError(f"{row.name}: {server.death(PATIENCE) or error}") from None
    return cpu / count, count / seconds


def _rows(stack: ExitStack, mocked: Server) -> list[Row]:
    modules = {BARE: "bare", STARLETTE: "starlette_route", CONNEXION: "connexion_app"}
    compared = [
        create_row(name, stack.enter_context(running(name, baseline(module))))
        for name, module in modules.items()
    ]
    limited = stack.enter_context(running(MOCK, mock_with_limit))
    limited.create()
    return [
        *compared,
        # A server each, so that both hold as much at any time.
        create_row(CREATE, stack.enter_context(running(MOCK, mock))),
        create_row(
            CREATE_WITHOUT_CONTROL, stack.enter_context(running(MOCK, mock_without_control))
        ),
        create_row(CREATE_WITH_KEY, mocked, keys=True),
        replay_row(REPLAY, mocked),
        refused_row(UNKNOWN_TOKEN, mocked, UNAUTHORIZED, create_request(token="unknown")),
        refused_row(WRONG_DATA, mocked, INVALID, create_request(body=b'{"name": 1}')),
        refused_row(BEYOND_LIMIT, limited, LIMITED, create_request()),
    ]


def run(requests: int, rounds: int, connections: int, log: Log) -> Report:
    """Measure everything, or raise `BenchmarkError`."""
    log(f"starting the mock {STARTS} times")
    start_seconds = _start_seconds()
    with ExitStack() as stack:
        mocked = stack.enter_context(running(MOCK, mock))
        mocked.create()
        memory_after_start = resident_bytes(mocked.process.pid)
        rows = _rows(stack, mocked)
        log(f"warming up, {WARM_UP:,} requests for each row")
        for row in rows:
            load_row(row, WARM_UP, connections)
        samples = {row.name: Samples() for row in rows}
        # A slow moment of the machine then touches every row, and the median drops it.
        for number in range(1, rounds + 1):
            log(f"round {number} of {rounds}, {requests:,} requests for each row")
            for row in rows:
                cpu, rate = load_row(row, requests, connections)
                samples[row.name].cpu.append(cpu)
                samples[row.name].rate.append(rate)
        memory_after_load = resident_bytes(mocked.process.pid)
    creates = 3 + WARM_UP + rounds * requests
    return Report(samples, start_seconds, memory_after_start, memory_after_load, creates)
