"""Fault injection, for the requests of a partner or for one that asks for it by ``Prefer``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.exchange.authorization import basic_credentials
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType
from mock_server.faults.actions import Proceed
from mock_server.faults.plan import Fault, FaultPlans, firing
from mock_server.faults.presets import PRESETS, is_status
from mock_server.pipeline.body import read_body
from mock_server.pipeline.prefer import preference
from mock_server.store.interface import Store
from openapi.operation import Operation

_CLIENT_ID = re.compile(rb"(?:^|&)client_id=([\w.~%-]+)")


@dataclass(frozen=True, slots=True)
class FaultInjection:
    """Runs the faults of the partner, and those of ``Prefer: fault=slow``, on a request.

    The stage follows authentication, because faults belong to a partner, and precedes all that a
    fault may replace. A token request belongs to the partner of its client id, not yet proven.
    """

    app: ASGIApp
    plans: FaultPlans
    store: Store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        operation = exchange.operation
        assert operation is not None, "routing comes first"  # noqa: S101 - the pipeline's order
        if exchange.partner_id is None and not operation.needs_authentication:
            if operation.request_body is not None:
                await read_body(exchange)
            exchange.claimed_by = await self._claimed(exchange)
        if self.plans.is_empty and exchange.header(b"prefer") is None:
            await self.app(scope, receive, send)
            return
        if operation.request_body is not None:
            await read_body(exchange)
        partner_id = exchange.partner_id or exchange.claimed_by
        planned = self.plans.of(partner_id) if partner_id else ()
        faults = firing([*self._preferred(exchange, operation), *planned], exchange, operation)
        await self._run(faults, exchange, partial(self.app, scope, receive, send))

    async def _run(self, faults: Sequence[Fault], exchange: Exchange, proceed: Proceed) -> None:
        """Run each fault around the rest of the pipeline, the first outermost."""
        if not faults:
            await proceed()
            return
        fault, *others = faults
        # The last fault names the exchange, as the client notices it: it comes after any delay.
        exchange.fault = fault.name
        await fault.action(exchange, partial(self._run, others, exchange, proceed))

    def _preferred(self, exchange: Exchange, operation: Operation) -> Sequence[Fault]:
        wanted = preference(exchange, "fault")
        if wanted is None:
            return ()
        if wanted not in PRESETS and not is_status(wanted):
            raise Problem(
                ProblemType.UNKNOWN_PREFERENCE,
                "unknown_fault",
                f"Prefer names no known preset of faults. Known: {', '.join(PRESETS)}.",
            )
        fitting = self.plans.preset(wanted, operation)
        if not fitting:
            raise Problem(
                ProblemType.UNKNOWN_PREFERENCE,
                "unsuitable_fault",
                f"Prefer asks for a fault that {operation.id} cannot have.",
            )
        return fitting

    async def _claimed(self, exchange: Exchange) -> str | None:
        try:
            basic = basic_credentials(exchange)
        except Problem:
            return None
        client_id = basic[0] if basic else _client_id(exchange.body)
        login = await self.store.find_login(client_id) if client_id else None
        return login.partner_id if login else None


def _client_id(body: bytes) -> str | None:
    found = _CLIENT_ID.search(body)
    if found:
        return unquote(found[1].decode())
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    client_id = value.get("client_id") if isinstance(value, dict) else None
    return client_id if isinstance(client_id, str) else None
