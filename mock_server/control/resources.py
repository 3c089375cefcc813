"""``/_mock/partners/{partner_id}/resources``: the API keys of a partner, whatever the contract."""

from dataclasses import dataclass

from mock_server.control.partner_state import handlers_for_partners
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import (
    Problem,
    ProblemType,
    Response,
    invalid_fields,
    json_response,
)
from mock_server.operations.credentials import Credentials
from mock_server.partners.clock import PartnerClocks
from mock_server.store.interface import Credential, PartnerLogin, Store, UnknownCursor
from openapi.field_errors import FieldError

_DEFAULT_PAGE = 100


@dataclass(frozen=True, slots=True)
class Resources:
    """The operations on resources. ``credentials`` is None where the contract has none to keep."""

    store: Store
    clocks: PartnerClocks
    credentials: Credentials | None

    def handlers(self) -> Handlers:
        path = "/partners/{partner_id}/resources"
        return handlers_for_partners(
            self.store,
            {
                f"listResources GET {path}": self.list,
                f"revokeResource DELETE {path}/{{resource_id}}": self.revoke,
            },
        )

    async def list(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """One page, newest first."""
        limit = exchange.parameters.get("limit", _DEFAULT_PAGE)
        after = exchange.parameters.get("after")
        found: list[Credential] = []
        if self.credentials:
            try:
                found = await self.store.list_credentials(partner.partner_id, after, limit + 1)
            except UnknownCursor:
                error = FieldError("after", "is not the id of a resource", "invalid_value")
                raise invalid_fields([error]) from None
        data = [
            {"id": one.client_id, "status": one.status, "resource": self.credentials.shown(one)}
            for one in found[:limit]
            if self.credentials
        ]
        return json_response(200, {"data": data, "has_more": len(found) > limit})

    async def revoke(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """Revoke one as the API does, without an exchange; raises a 404 for an unknown id."""
        client_id, now = exchange.parameters["resource_id"], self.clocks.now(partner.partner_id)
        revocation = None
        if self.credentials:
            revocation = await self.credentials.revocation(
                partner.partner_id, client_id, now, "resource_id"
            )
        if revocation is None:
            detail = "There is no such resource."
            raise Problem(ProblemType.NOT_FOUND, "unknown_resource", detail)
        await self.store.commit([revocation], None, now)
        return Response(204)
