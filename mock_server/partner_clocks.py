"""Each partner's own time: the machine's, and how far it was moved."""

from mock_server.clock import Clock


class PartnerClocks:
    """Moves the clocks of partners apart. A clock that was moved goes on running."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead: dict[str, float] = {}

    def now(self, partner_id: str | None) -> float:
        """The present instant of a partner, or of the machine where there is none."""
        now = self._clock.now()
        ahead = self._ahead
        return now + ahead[partner_id] if partner_id in ahead else now

    def ahead(self, partner_id: str) -> float:
        """How many seconds a partner's clock is ahead of the machine's; negative: behind it."""
        return self._ahead.get(partner_id, 0.0)

    def advance(self, partner_id: str, seconds: float) -> None:
        """Move a clock forward, or back by a negative number."""
        self._ahead[partner_id] = self.ahead(partner_id) + seconds

    def set(self, partner_id: str, instant: float) -> None:
        """Let it be ``instant`` now."""
        self._ahead[partner_id] = instant - self._clock.now()

    def forget(self, partner_id: str) -> None:
        """Let the clock be the machine's again."""
        self._ahead.pop(partner_id, None)
