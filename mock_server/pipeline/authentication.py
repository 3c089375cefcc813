"""Authentication by the security requirements of the contract, which Connexion combines.

Each handler checks one kind of security scheme. It sets the partner on the exchange or
raises a 401 with its challenge (RFC 9110 section 11.6.1, RFC 6750 section 3). Connexion's own
stage runs before anything looks at the body.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from mock_server.exchange.authorization import (
    Identity,
    basic_credentials,
    bearer_token,
    expired_token,
    unauthenticated,
)
from mock_server.exchange.exchange import Exchange
from mock_server.partners.access_tokens import AccessTokens, InvalidToken
from mock_server.partners.clock import PartnerClocks
from mock_server.partners.partners import log_in
from mock_server.pipeline.framework import (
    BESIDE,
    SecurityAPI,
    SecurityMiddleware,
    SecurityOperation,
)
from mock_server.store.interface import Store
from openapi.contract import Contract
from openapi.document import join
from openapi.errors import ContractError
from openapi.operation import Unserved


@dataclass(slots=True)
class SecuredRequest:
    """The request as Connexion's checks need it; Connexion's own class parses far more."""

    exchange: Exchange
    context: dict[str, Any] = field(default_factory=dict)


class _SecuredOperation(SecurityOperation):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.security:
            await self.verification_fn(SecuredRequest(Exchange.of(scope)))
        await self.next_app(scope, receive, send)


class _SecuredOperations(SecurityAPI):
    def add_paths(self) -> None:
        """Add each operation when it is first asked for: a contract may have thousands."""
        self.operations = _OnFirstUse(self)

    def make_operation(self, operation: Any) -> Any:
        factory = self.security_handler_factory
        return _SecuredOperation.from_operation(
            operation, next_app=self.next_app, security_handler_factory=factory
        )


class _OnFirstUse(dict[str | None, _SecuredOperation]):
    """The operations of a contract by their ids."""

    def __init__(self, api: _SecuredOperations) -> None:
        super().__init__()
        self._add = api.add_operation
        self._places = {
            described["operationId"]: (path, method)
            for path, methods in api.specification["paths"].items()
            for method, described in methods.items()
        }

    def __missing__(self, operation_id: str | None) -> _SecuredOperation:
        self._add(*self._places[operation_id])
        return self[operation_id]


class Authentication(SecurityMiddleware):
    """Connexion's stage: it combines the requirements, and the handlers below check each."""

    api_cls = _SecuredOperations


Identify = Callable[[Exchange, dict[str, Any]], Identity | Awaitable[Identity]]
"""Set the partner of the exchange by one security scheme, or raise the 401."""


@dataclass(frozen=True, slots=True)
class SecurityHandler:
    """A security handler of Connexion, for all schemes of one kind."""

    identify: Identify

    def __call__(self) -> "SecurityHandler":
        """Return the handler itself, where Connexion expects a class to instantiate."""
        return self

    def get_fn(
        self, security_scheme: dict[str, Any], required_scopes: list[str]
    ) -> Callable[[SecuredRequest], Identity | Awaitable[Identity]]:
        """The function that checks one request; scopes are not modelled."""
        beside = security_scheme.get(BESIDE, ())
        if not beside:
            return lambda request: self.identify(request.exchange, security_scheme)

        async def identify(request: SecuredRequest) -> Identity:
            # First who it is: a request without a bearer token is asked for that.
            found = self.identify(request.exchange, security_scheme)
            identity = await found if isinstance(found, Awaitable) else found
            _check_beside(request.exchange, beside)
            return identity

        return identify


def security_handlers(
    tokens: AccessTokens, store: Store, clocks: PartnerClocks
) -> dict[str, SecurityHandler]:
    """Security handlers by Connexion's names for the kinds of schemes."""

    def bearer(exchange: Exchange, _: dict[str, Any]) -> Identity:
        token = bearer_token(exchange)
        if token is None:
            # RFC 6750 section 3.1: without any bearer token the challenge carries no error code.
            detail = "The request carries no access token."
            raise unauthenticated("missing_token", detail)
        return _identify_by_token(exchange, token, tokens, clocks, "Bearer")

    async def basic(exchange: Exchange, _: dict[str, Any]) -> Identity:
        credentials = basic_credentials(exchange)
        if credentials is None:
            raise unauthenticated("missing_token", "Send HTTP Basic credentials.", "Basic")
        login = await log_in(exchange, *credentials, store, clocks)
        exchange.partner_id = login.partner_id
        return {"sub": login.partner_id}

    def api_key(exchange: Exchange, scheme: dict[str, Any]) -> Identity:
        _check_beside(exchange, [scheme])
        # Of several keys together, any may be the token: the others are free.
        keys = [_api_key(exchange, one) or "" for one in (scheme, *scheme.get(BESIDE, ()))]
        known = {tokens.partner_of(one): one for one in keys}
        known.pop(None, None)
        token = known.popitem()[1] if len(known) == 1 else ""
        return _identify_by_token(exchange, token, tokens, clocks, "ApiKey")

    return {
        "bearer": SecurityHandler(bearer),
        "basic": SecurityHandler(basic),
        "apiKey": SecurityHandler(api_key),
    }


def _identify_by_token(
    exchange: Exchange, token: str, tokens: AccessTokens, clocks: PartnerClocks, scheme: str
) -> Identity:
    try:
        partner_id, expires_at = tokens.read(token)
    except InvalidToken:
        detail = "The access token is not valid."
        raise unauthenticated("invalid_token", detail, scheme, "invalid_token") from None
    exchange.claimed_by = partner_id
    exchange.now = clocks.now(partner_id)
    if exchange.now >= expires_at:
        raise expired_token(scheme)
    exchange.partner_id = partner_id
    return {"sub": partner_id}


def unsupported_security(contract: Contract) -> Iterator[Unserved]:
    """The operations that need a security scheme that the mock cannot check."""
    for operation in contract.operations.values():
        for name in (name for requirement in operation.security for name in requirement):
            scheme = contract.security_schemes[name]
            kind = str(scheme.get("type"))
            kind = str(scheme.get("scheme")).lower() if kind == "http" else kind
            if kind not in _KNOWN_SCHEMES:
                flaw = ContractError(
                    join("#/components/securitySchemes", name),
                    f"is {kind}, which {operation.id} needs and the mock cannot check;"
                    f" it knows {', '.join(_KNOWN_SCHEMES)}",
                )
                yield Unserved(operation.path, operation.method, flaw)
                break


_KNOWN_SCHEMES = ("bearer", "basic", "apiKey", "oauth2", "openIdConnect")


def bearer_of(exchange: Exchange, tokens: AccessTokens) -> str | None:
    """The partner of a bearer token, expired or not, for any operation; None without a token."""
    token = bearer_token(exchange)
    return tokens.partner_of(token) if token else None


def _check_beside(exchange: Exchange, places: Sequence[Mapping[str, Any]]) -> None:
    for one in places:
        if not _api_key(exchange, one):
            detail = f"Send an API key in the {one['in']} {one['name']}."
            raise unauthenticated("missing_token", detail, "ApiKey")


def _api_key(exchange: Exchange, scheme: Mapping[str, Any]) -> str | None:
    name = scheme["name"]
    match scheme["in"]:
        case "header":
            return exchange.header(name.lower().encode("latin-1"))
        case "query":
            query = exchange.scope["query_string"].decode("latin-1")
            values = parse_qs(query).get(name)
            return values[-1] if values else None
        case _:
            return exchange.cookies().get(name)
