"""``/_mock/partners/{partner_id}/rate-limit``: what is left of the rate limit of a partner."""

from dataclasses import dataclass

from mock_server.control.partner_state import handlers_for_partners
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Response, json_response
from mock_server.partners.clock import PartnerClocks, timestamp
from mock_server.partners.rate_limit import RateLimit
from mock_server.store.interface import PartnerLogin, Store


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The operations on rate limits. No request to the control plane counts."""

    store: Store
    clocks: PartnerClocks
    rate_limit: RateLimit

    def handlers(self) -> Handlers:
        path = "/partners/{partner_id}/rate-limit"
        return handlers_for_partners(
            self.store,
            {f"readRateLimit GET {path}": self.read, f"resetRateLimit DELETE {path}": self.reset},
        )

    async def read(self, _: Exchange, partner: PartnerLogin) -> Response:
        now = self.clocks.now(partner.partner_id)
        remaining, resets_at = await self.rate_limit.left(partner.partner_id, now)
        left = {
            "limit": self.rate_limit.amount,
            "window_seconds": self.rate_limit.window_seconds,
            "remaining": remaining,
            "resets_at": None if resets_at is None else timestamp(resets_at),
        }
        return json_response(200, left)

    async def reset(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """Forget the requests of a partner."""
        await self.rate_limit.forget(partner.partner_id)
        return await self.read(exchange, partner)
