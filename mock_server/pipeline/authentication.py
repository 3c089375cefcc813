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
from mock_server.partners.access_tokens import AccessTokens
from mock_server.partners.clock import PartnerClocks
from mock_server.partners.partners import log_in
from mock_server.pipeline.framework import (
    BESIDE,
    WORD,
    SecurityAPI,
    SecurityHandlerFactory,
    SecurityMiddleware,
    SecurityOperation,
)
from mock_server.store.interface import Store
from openapi.contract import Contract
from openapi.document import join
from openapi.errors import ContractError
from openapi.operation import Unserved
from openapi.security import (
    API_KEY,
    BASIC,
    BEARER,
    CHECKED,
    MUTUAL_TLS,
    OTHER_HTTP,
    kind_of,
    usable_requirements,
)


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


class _Alternatives(SecurityHandlerFactory):
    @staticmethod
    def _raise_most_specific(exceptions: list[Exception]) -> None:
        """Raise what is wrong with the credentials that a request has, else the first challenge."""
        tried = (one for one in exceptions if getattr(one, "code", None) != "missing_token")
        raise next(tried, exceptions[0])


class _SecuredOperations(SecurityAPI):
    security_handler_factory: SecurityHandlerFactory

    def add_paths(self) -> None:
        """Add each operation when it is first asked for: a contract may have thousands."""
        handlers = self.security_handler_factory.security_handlers
        self.security_handler_factory = _Alternatives(handlers)
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
        places = [scheme, *(one for one in scheme.get(BESIDE, ()) if "in" in one)]
        keys = [_api_key(exchange, one) or "" for one in places]
        known = {tokens.partner_of(one): one for one in keys}
        known.pop(None, None)
        token = known.popitem()[1] if len(known) == 1 else ""
        return _identify_by_token(exchange, token, tokens, clocks, "ApiKey")

    def other(exchange: Exchange, scheme: dict[str, Any]) -> Identity:
        _check_beside(exchange, [{"scheme": scheme[WORD]}])
        return {}

    return {
        BEARER: SecurityHandler(bearer),
        BASIC: SecurityHandler(basic),
        API_KEY: SecurityHandler(api_key),
        OTHER_HTTP: SecurityHandler(other),
    }


def _identify_by_token(
    exchange: Exchange, token: str, tokens: AccessTokens, clocks: PartnerClocks, scheme: str
) -> Identity:
    found = tokens.read(token)
    if found is None:
        what = "API key" if scheme == "ApiKey" else "access token"
        detail = f"The {what} is not valid."
        raise unauthenticated("invalid_token", detail, scheme, "invalid_token")
    partner_id, expires_at = found
    exchange.claimed_by = partner_id
    exchange.now = clocks.now(partner_id)
    if exchange.now >= expires_at:
        raise expired_token(scheme)
    exchange.partner_id = partner_id
    return {"sub": partner_id}


def unsupported_security(contract: Contract) -> Iterator[Unserved]:
    """The operations each of whose alternatives needs a scheme that the mock does not know."""
    schemes = contract.security_schemes
    for operation in contract.operations.values():
        if usable_requirements(operation.security, schemes) is None:
            names = (name for requirement in operation.security for name in requirement)
            unknown = next(name for name in names if kind_of(schemes[name]) is None)
            flaw = ContractError(
                join("#/components/securitySchemes", unknown),
                f"is {_told(schemes[unknown])}, which {operation.id} needs and the mock does not"
                f" know; it knows {', '.join(_KNOWN_SCHEMES)}",
            )
            yield Unserved(operation.path, operation.method, flaw)


def unchecked_security(contract: Contract) -> Iterator[ContractError]:
    """What the mock does not check of the schemes that operations need, and why."""
    needed = {
        name
        for operation in contract.operations.values()
        for requirement in operation.security
        for name in requirement
    }
    for name, scheme in contract.security_schemes.items():
        kind = kind_of(scheme)
        if name not in needed or kind in CHECKED:
            continue
        if kind == MUTUAL_TLS:
            reason = "the mock sees no certificate of a client, and takes it as shown"
        elif kind == OTHER_HTTP:
            word = scheme["scheme"]
            reason = f"an Authorization header with {word} must be there, with any credentials"
        else:
            reason = f"is {_told(scheme)}, which the mock does not know"
        yield ContractError(join("#/components/securitySchemes", name), reason)


def _told(scheme: Mapping[str, Any]) -> str:
    kind = str(scheme.get("type"))
    return f"{kind} {scheme.get('scheme', 'without a scheme')}" if kind == "http" else kind


_KNOWN_SCHEMES = ("http", "apiKey", "oauth2", "openIdConnect", "mutualTLS")


def bearer_of(exchange: Exchange, tokens: AccessTokens) -> str | None:
    """The partner of a bearer token, expired or not, for any operation; None without a token."""
    token = bearer_token(exchange)
    return tokens.partner_of(token) if token else None


def _check_beside(exchange: Exchange, places: Sequence[Mapping[str, Any]]) -> None:
    for one in places:
        if "scheme" in one:
            word = one["scheme"]
            scheme, _, credentials = (exchange.header(b"authorization") or "").partition(" ")
            if scheme.lower() != word.lower() or not credentials.strip():
                detail = f"Send an Authorization header with {word}."
                raise unauthenticated("missing_token", detail, word)
        elif not _api_key(exchange, one):
            detail = f"Send an API key in the {one['in']} {one['name']}."
            raise unauthenticated("missing_token", detail, "ApiKey")


def _api_key(exchange: Exchange, scheme: Mapping[str, Any]) -> str | None:
    name = scheme["name"]
    match scheme["in"]:
        case "header":
            key = exchange.header(name.lower().encode("latin-1"))
            # Contracts describe a bearer token so too; the scheme is not part of it.
            is_bearer = name.lower() == "authorization" and key and key[:7].lower() == "bearer "
            return key[7:].strip() if key and is_bearer else key
        case "query":
            query = exchange.scope["query_string"].decode("latin-1")
            values = {*parse_qs(query).get(name, ())}
            # Of several, none is the one that counts: who it is must be clear.
            return values.pop() if len(values) == 1 else None
        case _:
            return exchange.cookies().get(name)
