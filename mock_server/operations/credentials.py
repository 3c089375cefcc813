"""``/auth/credentials``: create, list and revoke API keys (seed: Create a new API key)."""

import orjson

from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Problem, ProblemType, Response, invalid_fields
from mock_server.partners.clock import timestamp
from mock_server.partners.partners import new_client, secret_hash
from mock_server.store.interface import (
    AddCredential,
    Credential,
    Store,
    UnknownCursor,
    UpdateCredential,
)
from openapi.schema import FieldError

DEFAULT_PAGE = 25

_JSON = "application/json"


class Credentials:
    """A partner's API keys. Every operation sees that partner's own and no other's."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def handlers(self) -> Handlers:
        """The operations of this resource."""
        return {
            "createCredential POST /auth/credentials": self.create,
            "listCredentials GET /auth/credentials": self.list,
            "revokeCredential DELETE /auth/credentials/{client_id}": self.revoke,
        }

    async def create(self, exchange: Exchange) -> Response:
        """Make a credential pair; the only response that ever shows its secret."""
        client_id, client_secret = new_client()
        now = timestamp(exchange.now)
        credential = Credential(
            client_id=client_id,
            partner_id=_partner_id(exchange),
            secret_hash=secret_hash(client_secret),
            name=exchange.value["name"],
            status="active",
            expires_at=exchange.value.get("expires_at"),
            created_at=now,
            updated_at=now,
            last_used_at=None,
        )
        exchange.writes = (AddCredential(credential),)
        shown = _shown(credential)
        shown["client_secret"] = client_secret
        return Response(201, orjson.dumps(shown), _JSON, {"Cache-Control": "no-store"})

    async def list(self, exchange: Exchange) -> Response:
        """One page, newest first; ``starting_after`` is the last id of the page before."""
        limit = exchange.parameters.get("limit", DEFAULT_PAGE)
        after = exchange.parameters.get("starting_after")
        try:
            found = await self.store.list_credentials(_partner_id(exchange), after, limit + 1)
        except UnknownCursor:
            error = FieldError("starting_after", "is not the id of a credential", "invalid_value")
            raise invalid_fields([error]) from None
        page = {"data": [_shown(one) for one in found[:limit]], "has_more": len(found) > limit}
        return Response(200, orjson.dumps(page), _JSON)

    async def revoke(self, exchange: Exchange) -> Response:
        """Make a credential useless at once and for good; tokens got with it live on."""
        partner_id, client_id = _partner_id(exchange), exchange.parameters["client_id"]
        credential = await self.store.find_credential(partner_id, client_id)
        if credential is None:
            detail = "There is no such API key."
            raise Problem(ProblemType.NOT_FOUND, "not_found", detail)
        if credential.status != "active":
            detail = "This API key has been revoked before."
            raise Problem(ProblemType.CONFLICT, "already_revoked", detail)
        changes = {"status": "revoked", "updated_at": timestamp(exchange.now)}
        exchange.writes = (UpdateCredential(partner_id, client_id, changes, only_active=True),)
        return Response(204)


def _partner_id(exchange: Exchange) -> str:
    assert exchange.partner_id is not None, "authentication comes first"  # noqa: S101 - the pipeline's order
    return exchange.partner_id


def _shown(credential: Credential) -> dict[str, str | None]:
    """A credential as every response shows it."""
    return {
        "id": credential.client_id,
        "client_id": credential.client_id,
        "name": credential.name,
        "status": credential.status,
        "expires_at": credential.expires_at,
        "created_at": credential.created_at,
        "updated_at": credential.updated_at,
        "last_used_at": credential.last_used_at,
    }
