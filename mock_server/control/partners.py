"""``/_mock/partners``: partners with everything that is theirs."""

import secrets

import orjson

from mock_server.control.clocks import clock_shown
from mock_server.control.known_partners import known_partner
from mock_server.control.partner_state import PartnerState
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Response
from mock_server.partners.access_tokens import AccessTokens
from mock_server.partners.partners import new_client, secret_hash
from mock_server.store.interface import PartnerLogin, Store

_YEAR_SECONDS = 365 * 24 * 3600
_JSON = "application/json"


class Partners:
    """Makes partners and takes them away."""

    def __init__(self, store: Store, tokens: AccessTokens, possessions: PartnerState) -> None:
        self.store = store
        self.tokens = tokens
        self.possessions = possessions

    def handlers(self) -> Handlers:
        """The operations of this resource."""
        return {
            "listPartners GET /partners": self.list,
            "createPartner POST /partners": self.create,
            "readPartner GET /partners/{partner_id}": self.read,
            "deletePartner DELETE /partners/{partner_id}": self.delete,
            "resetPartner POST /partners/{partner_id}/reset": self.reset,
        }

    async def list(self, exchange: Exchange) -> Response:
        """All partners, in the order of their ids."""
        shown = [self._shown(one) for one in await self.store.list_partners()]
        return Response(200, orjson.dumps({"data": shown}), _JSON)

    async def create(self, exchange: Exchange) -> Response:
        """A partner that nobody else knows."""
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
        """One partner."""
        partner = await known_partner(exchange, self.store)
        return Response(200, orjson.dumps(self._shown(partner)), _JSON)

    async def delete(self, exchange: Exchange) -> Response:
        """Forget a partner; its tokens are refused from now on."""
        partner = await known_partner(exchange, self.store)
        await self.store.remove_partner(partner.partner_id)
        self.tokens.withdraw(partner.partner_id)
        self.possessions.discard(partner.partner_id)
        return Response(204)

    async def reset(self, exchange: Exchange) -> Response:
        """Forget everything that a partner has done."""
        partner = await known_partner(exchange, self.store)
        await self.store.reset_partner(partner.partner_id)
        self.possessions.forget(partner.partner_id)
        return Response(204)

    def _shown(self, partner: PartnerLogin) -> dict[str, object]:
        partner_id = partner.partner_id
        return {
            "id": partner_id,
            "client_id": partner.client_id,
            "clock": clock_shown(self.possessions.clocks, partner_id),
            "faults": len(self.possessions.plans.of(partner_id)),
            "exchanges": self.possessions.journals.of(partner_id).taken,
        }
