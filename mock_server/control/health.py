"""Probes of an orchestrator: ``/_mock/health``, ``/_mock/ready`` and ``/_mock/metrics``.

Every worker serves them, also without a control plane. They are described by its contract but are
not part of its application, which is loaded on first use: a probe would have to wait for that.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from mock_server import __version__
from mock_server.control.access import ControlAccess
from mock_server.control.navigation import PROBE_PATHS
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import (
    Problem,
    ProblemType,
    Response,
    json_response,
    method_not_allowed,
)
from mock_server.observing.metrics import Metrics
from mock_server.partners.startup import Start
from mock_server.store.interface import Store, StoreError

logger = logging.getLogger("mock_server")

_SECONDS_TO_CHECK = 2


class Readiness:
    """Whether the mock can answer the next request.

    ``is_ending`` is true once shutdown was requested.
    """

    def __init__(self, store: Store, start: Start, is_ending: Callable[[], bool]) -> None:
        self.has_ended = False
        self._is_ending = is_ending
        self._start = start
        self._store = store
        self._reason: str | None = None

    async def missing(self) -> str | None:
        """The reason why the mock is not ready, in one line; None where it is ready."""
        if self.has_ended or self._is_ending():
            return "The mock is about to end."
        if not self._start.has_started:
            return "The mock has not started yet."
        reason = await self._store_error()
        if reason != self._reason:
            # Logged once, and not with every probe.
            if reason:
                logger.warning("not ready: %s", reason)
            else:
                logger.warning("ready again: the store answers")
            self._reason = reason
        return reason and "The store does not answer; the log says more."

    async def _store_error(self) -> str | None:
        try:
            async with asyncio.timeout(_SECONDS_TO_CHECK):
                await self._store.check()
        except TimeoutError:
            return f"the store did not answer within {_SECONDS_TO_CHECK} s"
        except StoreError as error:
            return str(error)
        return None


class Probes:
    """The probes, as an innermost stage such as the operations are."""

    def __init__(
        self, contract: str, readiness: Readiness, metrics: Metrics, access: ControlAccess
    ) -> None:
        self._contract = contract
        self._readiness = readiness
        self._metrics = metrics
        self._access = access
        self._started = time.monotonic()
        self.by_path = dict(zip(PROBE_PATHS, self.handlers().values(), strict=True))

    def handlers(self) -> Handlers:
        return {
            "readHealth GET /health": self.health,
            "readReadiness GET /ready": self.ready,
            "readMetrics GET /metrics": self.metrics,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        if scope["method"] not in {"GET", "HEAD"}:
            raise method_not_allowed("GET, HEAD")
        exchange.response = await self.by_path[scope["path"]](exchange)

    async def health(self, _: Exchange) -> Response:
        """Answer that the process lives, without asking the store."""
        health = {
            "status": "ok",
            "version": __version__,
            "contract": self._contract,
            "uptime_seconds": round(time.monotonic() - self._started, 3),
        }
        return json_response(200, health, Cache_Control="no-store")

    async def ready(self, _: Exchange) -> Response:
        """Answer that the mock is ready; raises a 503 where it is not."""
        missing = await self._readiness.missing()
        if missing:
            raise Problem(
                ProblemType.UNAVAILABLE,
                "not_ready",
                missing,
                headers={"Retry-After": "1", "Cache-Control": "no-store"},
            )
        return json_response(200, {"status": "ready"}, Cache_Control="no-store")

    async def metrics(self, exchange: Exchange) -> Response:
        """Answer the metrics; raises a 401 or 403 for a request without access."""
        self._access.check(exchange)
        text, media_type = self._metrics.exposition(exchange.header(b"accept") or "")
        return Response(200, text, media_type, {"Cache-Control": "no-store"})
