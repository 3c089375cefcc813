"""The credentials of a contract: create, list and revoke (seed: Create a new API key)."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Self

import orjson

from mock_server.exchange.exchange import Exchange, Handler, Handlers
from mock_server.exchange.problems import Problem, ProblemType, Response, invalid_fields
from mock_server.partners.clock import timestamp
from mock_server.partners.partners import new_client, secret_hash
from mock_server.store.interface import Credential, Store, UnknownCursor, UpdateCredential
from openapi.contract import Contract
from openapi.field_errors import FieldError
from openapi.operation import PATH_PARAMETER, Operation
from openapi.paging import PageMembers, Paging
from openapi.resource import Resource, request_members, success_members

_DEFAULT_PAGE = 25
_MOST_ON_PAGE = 1 << 32
"""More than any partner has: stores take no integer of more than 64 bits."""

_JSON = "application/json"

_KEPT = ("name", "status", "expires_at", "created_at", "updated_at", "last_used_at")


class Credentials:
    """A partner's API keys. Every operation sees that partner's own and no other's.

    Members and parameters have the names that the contract gives them.
    """

    def __init__(self, store: Store, resource: Resource) -> None:
        self.store = store
        self.resource = resource
        attributes = {resource.id: "client_id", resource.handle: "client_id"}
        attributes |= {resource.login: "client_id", **dict(zip(_KEPT, _KEPT, strict=True))}
        if resource.name != "name":
            attributes[resource.name] = attributes.pop("name")
        self._takes_expiry = "expires_at" in request_members(resource.create)
        self._secret = str(resource.secret)
        page = resource.page
        # Other pages than these are the contract's examples.
        is_kept = page is not None and page.paging is Paging.AFTER and page.has_more and page.limit
        self._page = page if is_kept else None
        self._revoke = (
            resource.revoke if resource.revoke and resource.revoke.method == "DELETE" else None
        )
        # A credential is a tuple: what each request shows is read by position.
        self._places = tuple(
            (name, Credential._fields.index(attributes[name]))
            for name in success_members(resource.create)
            if name in attributes
        )

    def shown(self, credential: Credential, secret: str | None = None) -> dict[str, object]:
        """A credential as an answer shows it, with its secret where one is given."""
        found: dict[str, object] = {name: credential[place] for name, place in self._places}
        if secret:
            found[self._secret] = secret
        return found

    def page(
        self, members: PageMembers, found: Sequence[Credential], *, has_more: bool
    ) -> dict[str, object]:
        """A page of the list."""
        return {members.items: [self.shown(one) for one in found], members.has_more: has_more}

    @classmethod
    def of(cls, contract: Contract, store: Store) -> Self | None:
        """The credentials of a contract that the store can keep.

        None for credentials without an owner, as no token is needed, for those with a required
        member that the store does not keep, for those that clients say more of and that no token
        is issued for, and for a revocation that answers with a body. They are items as others.
        """
        resource = contract.credentials
        if resource is None or not all(one.needs_authentication for one in resource.operations):
            return None
        kept = {resource.name, "expires_at"}
        is_more = (
            contract.token_operation is None and request_members(resource.create).keys() - kept
        )
        credentials = cls(store, resource)
        if is_more or resource.create.success_status != HTTPStatus.CREATED:
            return None
        sample, secret = _sample()
        if not _fits(resource.create, credentials.shown(sample, secret)):
            return None
        if resource.list:
            page = credentials._page and credentials.page(
                credentials._page, [sample], has_more=False
            )
            if page is None or not _fits(resource.list, page):
                return None
        revoke = credentials._revoke
        if revoke and revoke.success_status != HTTPStatus.NO_CONTENT:
            return None
        return credentials

    def handlers(self) -> Handlers:
        """Handlers for the operations on the credentials."""
        resource = self.resource
        handlers: dict[str, Handler] = {resource.create.name: self.create}
        if resource.list and self._page:
            handlers[resource.list.name] = partial(self.list, members=self._page)
        if self._revoke:
            (*_, parameter) = PATH_PARAMETER.findall(self._revoke.path)
            handlers[self._revoke.name] = partial(self.revoke, parameter=parameter)
        return handlers

    async def create(self, exchange: Exchange) -> Response:
        """Create a credential; no other answer shows its secret."""
        client_id, client_secret = new_client()
        now = timestamp(exchange.now)
        value = exchange.value if isinstance(exchange.value, dict) else {}
        credential = Credential(
            client_id=client_id,
            partner_id=_partner_id(exchange),
            secret_hash=secret_hash(client_secret),
            name=str(value.get(self.resource.name, "")),
            status="active",
            expires_at=value.get("expires_at") if self._takes_expiry else None,
            created_at=now,
            updated_at=now,
            last_used_at=None,
        )
        exchange.writes = (credential,)
        body = orjson.dumps(self.shown(credential, client_secret))
        return Response(201, body, _JSON, {"Cache-Control": "no-store"})

    async def list(self, exchange: Exchange, members: PageMembers) -> Response:
        """One page, newest first; the cursor is the last id of the page before."""
        limit = max(0, min(exchange.parameters.get(members.limit, _DEFAULT_PAGE), _MOST_ON_PAGE))
        after = exchange.parameters.get(members.cursor)
        try:
            found = await self.store.list_credentials(_partner_id(exchange), after, limit + 1)
        except UnknownCursor:
            error = FieldError(
                members.cursor, "is not the id of a credential", "invalid_value", "query"
            )
            raise invalid_fields([error]) from None
        shown = self.page(members, found[:limit], has_more=len(found) > limit)
        return Response(200, orjson.dumps(shown), _JSON)

    async def revoke(self, exchange: Exchange, parameter: str) -> Response:
        """Make a credential useless at once and for good; tokens got with it live on."""
        client_id = exchange.parameters[parameter]
        revocation = await self.revocation(
            _partner_id(exchange), client_id, exchange.now, parameter
        )
        if revocation is None:
            detail = f"No credential has this {parameter.replace('_', ' ')}."
            raise Problem(
                ProblemType.NOT_FOUND, "not_found", detail, param=parameter, location="path"
            )
        exchange.writes = (revocation,)
        return Response(204)

    async def revocation(
        self, partner_id: str, client_id: str, now: float, parameter: str
    ) -> UpdateCredential | None:
        """The write that revokes a credential, None for an unknown one.

        Raises a 409 that names the ``parameter`` for one that is revoked already.
        """
        credential = await self.store.find_credential(partner_id, client_id)
        if credential is None:
            return None
        if credential.status != "active":
            detail = "This credential is revoked already."
            raise Problem(
                ProblemType.CONFLICT, "already_revoked", detail, param=parameter, location="path"
            )
        changes = {"status": "revoked", "updated_at": timestamp(now)}
        return UpdateCredential(partner_id, client_id, changes, only_active=True)


def _partner_id(exchange: Exchange) -> str:
    assert exchange.partner_id is not None, "authentication comes first"  # noqa: S101 - the pipeline's order
    return exchange.partner_id


def _fits(operation: Operation, value: object) -> bool:
    """Whether a value is valid as the success of an operation."""
    answer = operation.response(operation.success_status)
    media_type = answer.content.get(_JSON) if answer else None
    schema = media_type.schema if media_type else None
    return schema is not None and schema.is_usable and schema.is_valid(value)


def _sample() -> tuple[Credential, str]:
    """A credential with its secret, as ``create`` makes them."""
    client_id, secret = new_client()
    now = timestamp(0)
    return Credential(client_id, "", b"", "Sample", "active", None, now, now, None), secret
