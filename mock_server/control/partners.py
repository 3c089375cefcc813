"""``/_mock/partners``: making, reading, resetting and deleting partners."""

import secrets

import orjson

from mock_server.control.clocks import clock_shown
from mock_server.control.partner_state import PartnerState, known_partner
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Response
from mock_server.partners.access_tokens import AccessTokens
from mock_server.partners.partners import new_client, secret_hash
from mock_server.store.interface import PartnerLogin, Store

_YEAR_SECONDS = 365 * 24 * 3600
_JSON = "application/json"


class Partners:
    """The operations on partners."""

    def __init__(self, store: Store, tokens: AccessTokens, state: PartnerState) -> None:
        self.store = store
        self.tokens = tokens
        self.state = state

    def handlers(self) -> Handlers:
        """Handlers of the operations on partners."""
        return {
            "listPartners GET /partners": self.list,
            "createPartner POST /partners": self.create,
            "readPartner GET /partners/{partner_id}": self.read,
            "deletePartner DELETE /partners/{partner_id}": self.delete,
            "resetPartner POST /partners/{partner_id}/reset": self.reset,
        }

    async def list(self, exchange: Exchange) -> Response:
        """List all partners in the order of their ids."""
        shown = [self._shown(one) for one in await self.store.list_partners()]
        return Response(200, orjson.dumps({"data": shown}), _JSON)

    async def create(self, exchange: Exchange) -> Response:
        """Make a partner with fresh credentials and a token that is valid for a year."""
        partner_id = f"partner_{secrets.token_hex(8)}"
        client_id, client_secret = new_client()
        await self.store.add_partner(partner_id, client_id, secret_hash(client_secret))
        shown = {
            "id": partner_id,
            "client_id": client_id,
            "client_secret": client_secret,
            "access_token": self.tokens.issue(partner_id, client_id, exchange.now, _YEAR_SECONDS),
        }
        return Response(201, orjson.dumps(shown), _JSON, {"Cache-Control": "no-store"})

    async def read(self, exchange: Exchange) -> Response:
        """Read one partner."""
        partner = await known_partner(exchange, self.store)
        return Response(200, orjson.dumps(self._shown(partner)), _JSON)

    async def delete(self, exchange: Exchange) -> Response:
        """Delete a partner; its tokens are refused from now on."""
        partner = await known_partner(exchange, self.store)
        await self.store.remove_partner(partner.partner_id)
        self.tokens.withdraw(partner.partner_id)
        self.state.discard(partner.partner_id)
        return Response(204)

    async def reset(self, exchange: Exchange) -> Response:
        """Reset a partner to its state at the start."""
        partner = await known_partner(exchange, self.store)
        await self.store.reset_partner(partner.partner_id)
        self.state.forget(partner.partner_id)
        return Response(204)

    def _shown(self, partner: PartnerLogin) -> dict[str, object]:
        partner_id = partner.partner_id
        return {
            "id": partner_id,
            "client_id": partner.client_id,
            "clock": clock_shown(self.state.clocks, partner_id),
            "faults": len(self.state.plans.of(partner_id)),
            "exchanges": self.state.journals.of(partner_id).recorded,
        }
