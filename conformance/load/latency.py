"""How long the target took, operation by operation: the table of a load report."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """One operation under load. Percentiles are in milliseconds, the rate in requests a second.

    ``violations`` counts its answers that broke a MUST.
    """

    operation: str
    requests: int
    rate: float
    p50: float
    p95: float
    p99: float
    violations: int = 0


def latency_table(latencies: Sequence[Latency]) -> list[tuple[str, ...]]:
    """The table as texts, row by row, its head first; empty where nothing was measured."""
    if not latencies:
        return []
    head = ("operation", "requests", "per second", "p50 ms", "p95 ms", "p99 ms", "violations")
    return [
        head,
        *(
            (one.operation, f"{one.requests}", f"{one.rate:.1f}", f"{one.p50:g}", f"{one.p95:g}",
             f"{one.p99:g}", f"{one.violations}")
            for one in latencies
        ),
    ]  # fmt: skip
