"""Access tokens: client id and secret for an access token (RFC 6749 section 4.4)."""

import orjson

from mock_server.exchange.authorization import basic_credentials, unauthenticated
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Response
from mock_server.partners.access_tokens import LIFETIME_SECONDS, AccessTokens
from mock_server.partners.clock import PartnerClocks, timestamp
from mock_server.partners.partners import log_in
from mock_server.partners.rate_limit import RateLimit
from mock_server.store.interface import Store, UpdateCredential
from openapi.contract import Contract


class Tokens:
    """Issues access tokens for credentials sent by HTTP Basic or in the body."""

    def __init__(
        self, store: Store, tokens: AccessTokens, rate_limit: RateLimit, clocks: PartnerClocks
    ) -> None:
        self.store = store
        self.clocks = clocks
        self.tokens = tokens
        self.rate_limit = rate_limit

    def handlers(self, contract: Contract) -> Handlers:
        """The handler for the operation of the contract that issues tokens."""
        operation = contract.token_operation
        return {operation.name: self.create} if operation else {}

    async def create(self, exchange: Exchange) -> Response:
        """Exchange credentials for a token, noting that the credential was used."""
        body: dict[str, str] = exchange.value
        credentials = basic_credentials(exchange)
        if credentials is None:
            if "client_id" not in body or "client_secret" not in body:
                detail = "Send client id and secret by HTTP Basic or in the body."
                raise unauthenticated("invalid_client", detail, "Basic")
            credentials = body["client_id"], body["client_secret"]
        login = await log_in(exchange, *credentials, self.store, self.clocks)
        await self.rate_limit.charge(exchange, login.partner_id)
        client_id = credentials[0]
        if login.credential:
            changes = {"last_used_at": timestamp(exchange.now)}
            exchange.writes = (UpdateCredential(login.partner_id, client_id, changes),)
        answer = {
            "access_token": self.tokens.issue(login.partner_id, client_id, exchange.now),
            "token_type": "bearer",
            "expires_in": LIFETIME_SECONDS,
        }
        # RFC 6749 section 5.1: no cache may keep a token.
        headers = {"Cache-Control": "no-store"}
        return Response(200, orjson.dumps(answer), "application/json", headers)
