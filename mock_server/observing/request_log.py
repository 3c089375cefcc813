"""The observer of finished requests: a line in the log and a count in the metrics."""

import logging
import time

from mock_server.exchange.exchange import UNKNOWN, Exchange
from mock_server.observing.metrics import Metrics

logger = logging.getLogger("mock_server")

_OUTCOMES = {
    "idempotency_key_reused": "key_conflict",
    "rate_limit_exceeded": "rate_limited",
    "store_unavailable": "store_error",
    "internal_error": "failed",
}
"""Outcomes by problem code; any other code is ``refused``."""


class Observing:
    """Counts and logs each request, without anything that a client sends but the method."""

    def __init__(self, base_path: str, metrics: Metrics | None = None) -> None:
        self._base_path = base_path
        self._metrics = metrics
        self._logs = logger.isEnabledFor(logging.INFO)

    def __call__(self, exchange: Exchange, status: int | None, started: float) -> None:
        """Log and count a request; ``started`` is its start on the performance counter.

        ``status`` is None where no answer was sent.
        """
        operation, metrics = exchange.operation, self._metrics
        name = operation.id if operation else UNKNOWN
        seconds = time.perf_counter() - started
        if metrics:
            outcome = "executed" if exchange.executed else _outcome(exchange)
            method, had_fault = exchange.scope["method"], exchange.fault is not None
            metrics.pending.append((name, method, status, outcome, had_fault, seconds))
            if len(metrics.pending) >= metrics.most_pending:
                metrics.settle()
        if self._logs:
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


def _outcome(exchange: Exchange) -> str:
    """The outcome of a request that was not executed, as a label."""
    if exchange.is_replay:
        return "replayed"
    if exchange.problem is not None:
        return _OUTCOMES.get(exchange.problem.code, "refused")
    return "simulated" if exchange.response is not None else "abandoned"
