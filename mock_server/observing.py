"""What is told of a request that is over: one line of the log, and one count."""

import logging
import time

from mock_server.exchange import Exchange
from mock_server.metrics import Metrics

logger = logging.getLogger("mock_server")

UNKNOWN = "unknown"
"""Stands for the operation of a request that is for none."""

_OUTCOMES = {
    "idempotency_key_reused": "key_conflict",
    "rate_limit_exceeded": "rate_limited",
    "store_unavailable": "store_error",
    "internal_error": "failed",
}
"""What the codes of some problems are counted as; all others are refusals."""


class Observing:
    """Counts and logs each request. Nothing that a client sends is told, but for the method."""

    def __init__(self, base_path: str, metrics: Metrics | None = None) -> None:
        self._base_path = base_path
        self._metrics = metrics

    def __call__(self, exchange: Exchange, status: int | None, begun: float) -> None:
        """Tell of a request that began at this time of the performance counter.

        ``status`` None: no answer was sent.
        """
        seconds = time.perf_counter() - begun
        operation = exchange.operation
        name = operation.id if operation else UNKNOWN
        if self._metrics:
            method = exchange.scope["method"]
            self._metrics.take(name, method, status or 0, outcome_of(exchange), seconds)
            if exchange.fault is not None:
                self._metrics.take_fault(name)
        if logger.isEnabledFor(logging.INFO):
            self._log(exchange, name, status, seconds)

    def _log(self, exchange: Exchange, name: str, status: int | None, seconds: float) -> None:
        operation = exchange.operation
        fields = {
            "request_id": exchange.request_id.decode(),
            "operation": name,
            "method": exchange.scope["method"],
            "path": self._base_path + operation.path if operation else None,
            "status": status,
            "seconds": round(seconds, 6),
            "partner": exchange.partner_id or exchange.claimed_by,
            "fault": exchange.fault,
            "replayed": exchange.is_replay,
        }
        logger.info("request", extra=fields)


def outcome_of(exchange: Exchange) -> str:
    """What came of a request, in a word."""
    if exchange.executed:
        return "executed"
    if exchange.is_replay:
        return "replayed"
    if exchange.problem is not None:
        return _OUTCOMES.get(exchange.problem.code, "refused")
    return "simulated" if exchange.response is not None else "abandoned"
