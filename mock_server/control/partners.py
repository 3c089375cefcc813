"""``/_mock/partners``: making, reading, resetting and deleting partners."""

import secrets
from dataclasses import dataclass

from mock_server.control.clocks import clock_json
from mock_server.control.partner_state import PartnerState, handlers_for_partners
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Response, json_response
from mock_server.partners.partners import new_client, secret_hash
from mock_server.store.interface import PartnerLogin, Store

_YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Partners:
    """The operations on partners."""

    store: Store
    state: PartnerState

    def handlers(self) -> Handlers:
        path = "/partners/{partner_id}"
        for_partners = handlers_for_partners(
            self.store,
            {
                f"readPartner GET {path}": self.read,
                f"deletePartner DELETE {path}": self.delete,
                f"resetPartner POST {path}/reset": self.reset,
                f"createToken POST {path}/tokens": self.create_token,
            },
        )
        return {
            **for_partners,
            "listPartners GET /partners": self.list,
            "createPartner POST /partners": self.create,
        }

    async def list(self, _: Exchange) -> Response:
        """List all partners in the order of their ids."""
        partners = [self._json(one) for one in await self.store.list_partners()]
        return json_response(200, {"data": partners})

    async def create(self, _: Exchange) -> Response:
        """Make a partner with fresh credentials and a token that is valid for a year."""
        partner_id = f"partner_{secrets.token_hex(8)}"
        client_id, client_secret = new_client()
        await self.store.add_partner(partner_id, client_id, secret_hash(client_secret))
        created = {
            "id": partner_id,
            "client_id": client_id,
            "client_secret": client_secret,
            "access_token": self._token(PartnerLogin(partner_id, client_id)),
        }
        return json_response(201, created, Cache_Control="no-store")

    async def create_token(self, _: Exchange, partner: PartnerLogin) -> Response:
        """Issue a further token, which is valid for a year."""
        created = {"access_token": self._token(partner), "expires_in": _YEAR_SECONDS}
        return json_response(201, created, Cache_Control="no-store")

    async def read(self, _: Exchange, partner: PartnerLogin) -> Response:
        return json_response(200, self._json(partner))

    async def delete(self, _: Exchange, partner: PartnerLogin) -> Response:
        """Delete a partner; its tokens are refused from now on."""
        await self.store.remove_partner(partner.partner_id)
        self.state.tokens.withdraw(partner.partner_id)
        await self.state.discard(partner.partner_id)
        return Response(204)

    async def reset(self, _: Exchange, partner: PartnerLogin) -> Response:
        """Reset a partner to its state at the start."""
        await self.store.reset_partner(partner.partner_id)
        await self.state.forget(partner.partner_id)
        return Response(204)

    def _token(self, partner: PartnerLogin) -> str:
        now = self.state.clocks.now(partner.partner_id)
        return self.state.tokens.issue(partner.partner_id, partner.client_id, now, _YEAR_SECONDS)

    def _json(self, partner: PartnerLogin) -> dict[str, object]:
        return {
            "id": partner.partner_id,
            "client_id": partner.client_id,
            "clock": clock_json(self.state.clocks, partner.partner_id),
            "faults": len(self.state.plans.of(partner.partner_id)),
            "exchanges": self.state.journals.of(partner.partner_id).recorded,
        }
