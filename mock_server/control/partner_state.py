"""What a partner has beside what the store keeps: clock, faults, journal, limit and tokens."""

from dataclasses import dataclass

from mock_server.faults.plan import FaultPlans
from mock_server.observing.journals import Journals
from mock_server.partners.access_tokens import AccessTokens
from mock_server.partners.clock import PartnerClocks
from mock_server.store.interface import RateLimitCounters


@dataclass(frozen=True, slots=True)
class PartnerState:
    """Everything of every partner that lives in this process."""

    clocks: PartnerClocks
    plans: FaultPlans
    journals: Journals
    windows: RateLimitCounters
    tokens: AccessTokens

    def forget(self, partner_id: str) -> None:
        """Let a partner be as it was at the start."""
        for one in (self.clocks, self.plans, self.journals, self.windows, self.tokens):
            one.forget(partner_id)

    def discard(self, partner_id: str) -> None:
        """Keep nothing of a partner that is no more."""
        self.forget(partner_id)
        self.journals.discard(partner_id)
