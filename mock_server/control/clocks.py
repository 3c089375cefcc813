"""``/_mock/partners/{partner_id}/clock``: the clock of a partner."""

from dataclasses import dataclass

from mock_server.control.partner_state import handlers_for_partners
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Response, invalid_fields, json_response
from mock_server.partners.clock import PartnerClocks, instant, timestamp
from mock_server.store.interface import PartnerLogin, Store
from openapi.field_errors import FieldError

_FIRST = instant("1971-01-01T00:00:00Z")
_LAST = instant("9000-01-01T00:00:00Z")


def clock_json(clocks: PartnerClocks, partner_id: str) -> dict[str, object]:
    """The JSON object of a clock in every response."""
    return {
        "now": timestamp(clocks.now(partner_id)),
        "ahead_seconds": round(clocks.ahead(partner_id), 3),
    }


@dataclass(frozen=True, slots=True)
class Clocks:
    """The operations on clocks. Each answers with the clock."""

    store: Store
    clocks: PartnerClocks

    def handlers(self) -> Handlers:
        path = "/partners/{partner_id}/clock"
        return handlers_for_partners(
            self.store,
            {
                f"readClock GET {path}": self.read,
                f"setClock PUT {path}": self.set,
                f"resetClock DELETE {path}": self.reset,
                f"advanceClock POST {path}/advance": self.advance,
            },
        )

    async def read(self, _: Exchange, partner: PartnerLogin) -> Response:
        return json_response(200, clock_json(self.clocks, partner.partner_id))

    async def set(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        moment = _check_range("now", instant(exchange.value["now"]))
        self.clocks.set(partner.partner_id, moment)
        return await self.read(exchange, partner)

    async def advance(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        seconds = float(exchange.value["seconds"])
        _check_range("seconds", self.clocks.now(partner.partner_id) + seconds)
        self.clocks.advance(partner.partner_id, seconds)
        return await self.read(exchange, partner)

    async def reset(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        self.clocks.forget(partner.partner_id)
        return await self.read(exchange, partner)


def _check_range(field: str, moment: float) -> float:
    """Return ``moment``; raises a 422 where expiry dates would leave the calendar."""
    if not _FIRST <= moment <= _LAST:
        error = FieldError(field, "leads out of the years 1971 to 8999", "invalid_value")
        raise invalid_fields([error])
    return moment
