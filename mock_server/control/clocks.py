"""``/_mock/partners/{partner_id}/clock``: the clock of a partner."""

import orjson

from mock_server.control.partner_state import known_partner
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Response, invalid_fields
from mock_server.partners.clock import PartnerClocks, instant, timestamp
from mock_server.store.interface import Store
from openapi.schema import FieldError

_FIRST = instant("1971-01-01T00:00:00Z")
_LAST = instant("9000-01-01T00:00:00Z")


def clock_shown(clocks: PartnerClocks, partner_id: str) -> dict[str, object]:
    """The JSON object of a clock in every response."""
    return {
        "now": timestamp(clocks.now(partner_id)),
        "ahead_seconds": round(clocks.ahead(partner_id), 3),
    }


class Clocks:
    """The operations on clocks."""

    def __init__(self, store: Store, clocks: PartnerClocks) -> None:
        self.store = store
        self.clocks = clocks

    def handlers(self) -> Handlers:
        """Handlers of the operations on a clock."""
        path = "/partners/{partner_id}/clock"
        return {
            f"readClock GET {path}": self.read,
            f"setClock PUT {path}": self.set,
            f"resetClock DELETE {path}": self.reset,
            f"advanceClock POST {path}/advance": self.advance,
        }

    async def read(self, exchange: Exchange) -> Response:
        """Read the clock."""
        return self._shown((await known_partner(exchange, self.store)).partner_id)

    async def set(self, exchange: Exchange) -> Response:
        """Set the clock to an instant."""
        partner_id = (await known_partner(exchange, self.store)).partner_id
        self.clocks.set(partner_id, _check_range("now", instant(exchange.value["now"])))
        return self._shown(partner_id)

    async def advance(self, exchange: Exchange) -> Response:
        """Advance the clock by some seconds."""
        partner_id = (await known_partner(exchange, self.store)).partner_id
        seconds = float(exchange.value["seconds"])
        _check_range("seconds", self.clocks.now(partner_id) + seconds)
        self.clocks.advance(partner_id, seconds)
        return self._shown(partner_id)

    async def reset(self, exchange: Exchange) -> Response:
        """Reset the clock to the machine's time."""
        partner_id = (await known_partner(exchange, self.store)).partner_id
        self.clocks.forget(partner_id)
        return self._shown(partner_id)

    def _shown(self, partner_id: str) -> Response:
        shown = clock_shown(self.clocks, partner_id)
        return Response(200, orjson.dumps(shown), "application/json")


def _check_range(field: str, moment: float) -> float:
    """Return ``moment``; raises a 422 where expiry dates would leave the calendar."""
    if not _FIRST <= moment <= _LAST:
        error = FieldError(field, "leads out of the years 1971 to 8999", "invalid_value")
        raise invalid_fields([error])
    return moment
