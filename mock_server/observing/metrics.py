"""Metrics for Prometheus. The only module that imports its client library.

Where several workers count, the library keeps each one's numbers in files of a directory that
they share. Those of a worker that was killed are complete up to its last request.
"""

import os
import shutil
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import accumulate
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own variable, which is read on import: workers must start with it."""

# The usual request takes a tenth of a millisecond; what waits for a store or a fault takes seconds.
_BUCKETS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005),
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
_BOUNDS = (*(str(one) for one in _BUCKETS), "+Inf")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})

_COUNTED_TOGETHER = 256

_Observe = Callable[[float], None]
"""Count one request that took so many seconds."""


Finished = tuple[str, str, int | None, str, bool, float]
"""A request that is over: operation, method, status if any, outcome, whether a fault fired, and
seconds. Labels have few values, whatever clients send."""

_LABELS = ("operation", "method", "status", "outcome")


@contextmanager
def shared_metrics(workers: int) -> Iterator[None]:
    """Let workers that start in this block share metrics; their files are deleted at its end."""
    if workers == 1 and _DIRECTORY not in os.environ:
        yield
        return
    # A directory that is set already belongs to other programs.
    with tempfile.TemporaryDirectory(prefix="dinie-mock-", ignore_cleanup_errors=True) as path:
        os.environ[_DIRECTORY] = path
        yield


def forget_shared_metrics() -> None:
    """Delete the files of workers, where the process of :func:`shared_metrics` was killed."""
    shutil.rmtree(os.environ[_DIRECTORY], ignore_errors=True)


class Metrics:
    """The metrics of this process, exposed together with those of its fellow workers.

    ``dropped`` counts the exchanges that the journals have dropped; None without journals.
    """

    def __init__(
        self, version: str, contract: str, workers: int, dropped: Callable[[], int] | None
    ) -> None:
        self.pending: list[Finished] = []
        """Finished requests that are not counted yet."""
        self.most_pending = _COUNTED_TOGETHER if workers == 1 else 1
        """Length of ``pending`` at which to call :meth:`settle`: a killed worker must lose none."""
        self._series: dict[tuple[str, str, int | None, str], _Observe] = {}
        self._registry = CollectorRegistry()
        name = "dinie_mock_request_seconds"
        documentation = "From when a request had come in to when its answer was sent."
        if workers > 1:
            seconds = Histogram(name, documentation, _LABELS, buckets=_BUCKETS, registry=None)
            self._new_series: Callable[..., _Observe] = lambda *to: seconds.labels(*to).observe
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]
            self._registry.register(_Workers(Path(os.environ[_DIRECTORY])))
        else:
            tallies = _Tallies(name, documentation)
            self._new_series = tallies.series
            self._registry.register(tallies)
            ProcessCollector(registry=self._registry)
            GCCollector(registry=self._registry)
        self._faults = Counter(
            "dinie_mock_faults",
            "Requests that a fault fired for.",
            ["operation"],
            registry=None if workers > 1 else self._registry,
        )
        PlatformCollector(registry=self._registry)
        self._registry.register(_Known(version, contract, dropped))

    def settle(self) -> None:
        """Count the pending requests."""
        for operation, method, status, outcome, had_fault, seconds in self.pending:
            labels = operation, method, status, outcome
            observe = self._series.get(labels) or self._new(*labels)
            observe(seconds)
            if had_fault:
                self._faults.labels(operation).inc()
        self.pending.clear()

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """All metrics and their media type: OpenMetrics where ``Accept`` prefers it, or text."""
        self.settle()
        try:
            encode, media_type = choose_encoder(accept)
        except (TypeError, ValueError):  # the library expects that every version is a number
            encode, media_type = choose_encoder("")
        return encode(self._registry), media_type

    def _new(self, operation: str, method: str, status: int | None, outcome: str) -> _Observe:
        known = method if method in _METHODS else "OTHER"
        labels = operation, known, status, outcome
        if labels not in self._series:
            self._series[labels] = self._new_series(operation, known, str(status or 0), outcome)
        return self._series[labels]


class _Tallies(Collector):
    """A histogram of one process at a quarter of the library's cost: it needs no lock."""

    def __init__(self, name: str, documentation: str) -> None:
        self._name = name
        self._documentation = documentation
        self._tallies: dict[tuple[str, ...], list[float]] = {}
        """For each series the requests in each bucket, and at the end their seconds."""

    def series(self, *labels: str) -> _Observe:
        """The function that counts requests with these labels."""
        tally = self._tallies.setdefault(labels, [0.0] * (len(_BOUNDS) + 1))

        def observe(seconds: float) -> None:
            tally[bisect_left(_BUCKETS, seconds)] += 1
            tally[-1] += seconds

        return observe

    def collect(self) -> Iterable[Metric]:
        family = HistogramMetricFamily(self._name, self._documentation, labels=_LABELS)
        for labels, (*counts, seconds) in self._tallies.items():
            family.add_metric(labels, list(zip(_BOUNDS, accumulate(counts), strict=True)), seconds)
        yield family


class _Known(Collector):
    """Metrics of the build, and of exchanges that the journals dropped."""

    def __init__(self, version: str, contract: str, dropped: Callable[[], int] | None) -> None:
        self._build = {"version": version, "contract": contract}
        self._dropped = dropped

    def collect(self) -> Iterable[Metric]:
        yield InfoMetricFamily("dinie_mock_build", "Which mock plays which contract.", self._build)
        if self._dropped:
            yield CounterMetricFamily(
                "dinie_mock_journal_entries_dropped",
                "Exchanges that made room for later ones.",
                self._dropped(),
            )


class _Workers(Collector):
    """The library's process metrics of every worker that lives, each with its ``pid``.

    A sum would fall when a worker dies, which Prometheus takes for a restart.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for pid in sorted({path.stem.rpartition("_")[2] for path in self._directory.glob("*.db")}):
            if not _is_fellow(pid):
                continue
            for found in ProcessCollector(pid=partial(str, pid), registry=None).collect():
                family = families.setdefault(
                    found.name, Metric(found.name, found.documentation, found.type)
                )
                for sample in found.samples:
                    family.add_sample(sample.name, {**sample.labels, "pid": pid}, sample.value)
        yield from families.values()


def _is_fellow(pid: str) -> bool:
    """Whether a process lives and has the same parent: process ids are reused."""
    try:
        status = Path("/proc", pid, "stat").read_text(encoding="latin-1")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[1] == str(os.getppid())
