"""Partners as the control plane sees them: those of the store, and their state in this process."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from mock_server.exchange.exchange import Exchange, Handler, Handlers
from mock_server.exchange.problems import Problem, ProblemType, Response
from mock_server.faults.plan import FaultPlans
from mock_server.observing.journals import Journals
from mock_server.partners.access_tokens import AccessTokens
from mock_server.partners.clock import PartnerClocks
from mock_server.partners.rate_limit import RateLimit
from mock_server.store.interface import PartnerLogin, Store


@dataclass(frozen=True, slots=True)
class PartnerState:
    """The state of all partners in this process: each part is a mapping by partner."""

    clocks: PartnerClocks
    plans: FaultPlans
    journals: Journals
    rate_limit: RateLimit
    tokens: AccessTokens

    async def forget(self, partner_id: str) -> None:
        """Reset a partner to its state at the start."""
        for one in (self.clocks, self.plans, self.journals, self.tokens):
            one.forget(partner_id)
        await self.rate_limit.forget(partner_id)

    async def discard(self, partner_id: str) -> None:
        """Delete the state of a partner that was removed."""
        await self.forget(partner_id)
        self.journals.discard(partner_id)


PartnerHandler = Callable[[Exchange, PartnerLogin], Awaitable[Response]]
"""An operation on the partner in the path of the request."""


def handlers_for_partners(store: Store, handlers: Mapping[str, PartnerHandler]) -> Handlers:
    """Handlers that find the partner first; they raise a 404 where the store has no such one."""

    def with_partner(handler: PartnerHandler) -> Handler:
        async def handle(exchange: Exchange) -> Response:
            partner = await store.find_partner(exchange.parameters["partner_id"])
            if partner is None:
                raise Problem(ProblemType.NOT_FOUND, "unknown_partner", "There is no such partner.")
            return await handler(exchange, partner)

        return handle

    return {name: with_partner(handler) for name, handler in handlers.items()}
