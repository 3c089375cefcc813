"""The stage that charges requests to the rate limit of their partner."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.exchange.exchange import Exchange
from mock_server.partners.rate_limit import RateLimit


@dataclass(frozen=True, slots=True)
class RateLimiting:
    """Charges the authenticated partner; a token request is charged by its operation."""

    app: ASGIApp
    rate_limit: RateLimit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        if exchange.partner_id is not None:
            await self.rate_limit.charge(exchange, exchange.partner_id)
        await self.app(scope, receive, send)
