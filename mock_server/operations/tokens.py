"""Access tokens: client id and secret for an access token (RFC 6749 section 4.4)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson

from mock_server.documented.answers import DocumentedAnswers
from mock_server.exchange.authorization import basic_credentials, unauthenticated
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Response
from mock_server.partners.access_tokens import LIFETIME_SECONDS, AccessTokens
from mock_server.partners.clock import PartnerClocks, timestamp
from mock_server.partners.partners import log_in
from mock_server.partners.rate_limit import RateLimit
from mock_server.store.interface import Store, UpdateCredential
from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.operation import Operation
from openapi.paging import snake
from openapi.resource import issues_tokens

_PAIR = ("client_id", "client_secret")

_OF_GRANTS = {*_PAIR, "grant_type", "scope", "audience", "resource"}
"""Members of a request for a token by client credentials."""


class Tokens:
    """Issues access tokens for credentials sent by HTTP Basic or in the body.

    An operation that documents a login of another kind, such as a name and a password, issues those
    of ``anonymous``.
    """

    def __init__(
        self,
        store: Store,
        tokens: AccessTokens,
        rate_limit: RateLimit,
        clocks: PartnerClocks,
        answers: DocumentedAnswers,
        anonymous: str,
    ) -> None:
        self.store = store
        self.clocks = clocks
        self.tokens = tokens
        self.rate_limit = rate_limit
        self._answers = answers
        self._anonymous = anonymous
        self._members: dict[Operation, Mapping[str, object] | None] = {}

    def handlers(self, contract: Contract) -> Handlers:
        """The handlers for the operations of the contract that issue tokens."""
        issuing = filter(issues_tokens, contract.operations.values())
        return {one.name: partial(self.create, operation=one) for one in issuing}

    async def create(self, exchange: Exchange, operation: Operation) -> Response:
        """Exchange credentials for a token, noting that the credential was used."""
        partner_id, client_id = await self._owner(exchange, operation)
        token = self.tokens.issue(partner_id, client_id, exchange.now)
        if operation not in self._members:
            self._members[operation] = self._members_beside(operation, token)
        beside = self._members[operation]
        if beside is None:
            return self._answers.response(operation, operation.success_status)
        # RFC 6749 section 5.1: no cache may keep a token.
        headers = {"Cache-Control": "no-store"}
        body = orjson.dumps({"access_token": token, **beside})
        return Response(operation.success_status, body, "application/json", headers)

    async def _owner(self, exchange: Exchange, operation: Operation) -> tuple[str, str]:
        """The partner that a token is issued to, and the client id that it is issued for."""
        credentials = basic_credentials(exchange) or _pair_in(exchange.value)
        if credentials is None:
            if exchange.partner_id or not _takes_pair(operation):
                partner_id = exchange.partner_id or self._anonymous
                return partner_id, partner_id
            detail = "Send client id and secret by HTTP Basic or in the body."
            raise unauthenticated("invalid_client", detail, "Basic")
        login = await log_in(exchange, *credentials, self.store, self.clocks)
        await self.rate_limit.charge(exchange, login.partner_id)
        client_id = credentials[0]
        if login.credential:
            changes = {"last_used_at": timestamp(exchange.now)}
            exchange.writes = (UpdateCredential(login.partner_id, client_id, changes),)
        return login.partner_id, client_id

    def _members_beside(self, operation: Operation, token: str) -> Mapping[str, object] | None:
        """The members of an answer beside its token; None where no answer with it is valid."""
        answer = operation.response(operation.success_status)
        media_type = answer.json_content if answer else None
        schema = media_type.schema if media_type else None
        usual: Mapping[str, object] = {"token_type": "bearer", "expires_in": LIFETIME_SECONDS}
        if (
            media_type is None
            or schema is None
            or schema.is_valid({"access_token": token, **usual})
        ):
            return usual
        try:
            documented = self._answers.value_of(media_type)
        except ContractError:
            return None
        other = dict(documented) if isinstance(documented, dict) else {}
        other.pop("access_token", None)
        kind = {name: one for name, one in other.items() if name == "token_type"}
        lifetime = {"expires_in": LIFETIME_SECONDS}
        tried = ({**kind, **lifetime}, {**other, **lifetime}, other)
        return next((one for one in tried if schema.is_valid({"access_token": token, **one})), None)


def _pair_in(value: Any) -> tuple[str, str] | None:
    """The client id and secret in a body; None where it lacks one."""
    members = {snake(name): one for name, one in value.items()} if isinstance(value, dict) else {}
    if not all(isinstance(members.get(name), str) for name in _PAIR):
        return None
    return members["client_id"], members["client_secret"]


def _takes_pair(operation: Operation) -> bool:
    """Whether an operation documents no login but a client id and a secret."""
    body = operation.request_body
    content = body.content.values() if body else ()
    schemas = [one.schema for one in content if one.schema]
    names = {snake(name) for one in schemas for name in one.outline.get("properties", {})}
    return names <= _OF_GRANTS or set(_PAIR) <= names
