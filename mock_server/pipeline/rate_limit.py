"""The stage that charges requests to the rate limit of their partner."""

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.exchange.exchange import Exchange
from mock_server.partners.rate_limit import RateLimit


class RateLimiting:
    """Charges the authenticated partner; a token request is charged by its operation."""

    def __init__(self, app: ASGIApp, rate_limit: RateLimit) -> None:
        self.app = app
        self.rate_limit = rate_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        if exchange.partner_id is not None:
            await self.rate_limit.charge(exchange, exchange.partner_id)
        await self.app(scope, receive, send)
