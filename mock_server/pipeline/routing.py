"""Routing to operations, by Connexion's router with three corrections.

Of the paths that match a request and have its method, the most concrete one wins (OpenAPI 3.1,
section 4.8.8). Where none has the method, it is a 405 whose ``Allow`` names those of all of them
(RFC 9110 section 15.5.6). Any other path is a 404 and never a redirect to one with or without a
slash.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import (
    MEDIA_TYPE,
    Problem,
    ProblemType,
    Response,
    method_not_allowed,
    not_served,
)
from mock_server.pipeline.framework import (
    REST,
    ROUTING_CONTEXT,
    RoutingAPI,
    RoutingMiddleware,
    RoutingOperation,
    numbered,
)
from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.operation import PATH_PARAMETER, Operation, Unserved
from openapi.paths import ENCODED_SLASH, split_and_decoded

_Cache = dict[tuple[str, bytes | None], tuple[Operation, dict[str, Any]]]


class Routing(RoutingMiddleware):
    """Sets ``exchange.operation`` and the path parameters, or refuses with 404, 405 or 501.

    Results of the router for paths without parameters are cached by method and path. ``home`` is
    where a browser that asks for ``/`` is sent, unless the contract has that path; None sends it
    nowhere. ``unserved`` are the operations that are a 501. A path is decoded before it is split
    unless it ``splits_first``.
    """

    def __init__(
        self,
        app: ASGIApp,
        contract: Contract,
        unserved: Sequence[Unserved] = (),
        home: str | None = None,
        *,
        splits_first: bool = True,
    ) -> None:
        super().__init__(app)
        self.splits_first = splits_first
        self.contract = contract
        self.unserved = unserved
        self.home = home
        self.cache: _Cache = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = self.cache.get((scope["method"], scope.get("raw_path")))
        if known is None:
            found = _split_first(scope) if self.splits_first else scope
            await super().__call__(found, receive, send)
            return
        exchange = Exchange.of(scope)
        exchange.operation, routing = known
        scope["extensions"] = {**scope.get("extensions", {}), ROUTING_CONTEXT: routing}
        await self.app(scope, receive, send)

    def add_api(
        self,
        specification: Any,
        base_path: str | None = None,
        arguments: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Register the contract's operations under its base path."""
        api = _Routes(
            specification,
            contract=self.contract,
            unserved=self.unserved,
            cache=self.cache,
            default=self._not_found,
            base_path=base_path,
            arguments=arguments,
            next_app=self.app,
            **options,
        )
        self.router.redirect_slashes = False
        self.router.default = self._not_found
        self.router.mount(api.base_path, app=api.router)

    async def _not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        if self.home and exchange.scope["path"] == "/" and _prefers_page(exchange):
            exchange.response = Response(303, headers={"Location": self.home})
            return
        raise Problem(ProblemType.NOT_FOUND, "not_found", "The contract has no such path.")


def _split_first(scope: Scope) -> Scope:
    """The scope with a path whose encoded slashes divide nothing (RFC 3986 section 2.2)."""
    raw = scope.get("raw_path") or b""
    if b"%" not in raw or b"%2f" not in raw.lower():
        return scope
    return {**scope, "path": split_and_decoded(raw.partition(b"?")[0].decode("latin-1"))}


def _prefers_page(exchange: Exchange) -> bool:
    """Whether a page is what the client likes best (RFC 9110 section 12.5.1)."""
    accepted = parse_accept_header(exchange.header(b"accept"), MIMEAccept)
    return accepted.best_match([MEDIA_TYPE, "application/json", "text/html"]) == "text/html"


class _Routes(RoutingAPI):
    def __init__(
        self,
        specification: Any,
        *,
        contract: Contract,
        unserved: Sequence[Unserved],
        cache: _Cache,
        default: ASGIApp,
        **options: Any,
    ) -> None:
        self.contract = contract
        self.unserved: dict[str, list[Unserved]] = defaultdict(list)
        for one in unserved:
            self.unserved[numbered(one.path)].append(one)
        self.cache = cache
        super().__init__(specification, **options)
        self.router.redirect_slashes = False
        self.router.default = default

    def add_paths(self, paths: dict[str, Any] | None = None) -> None:
        """Add the operations path by path, each followed by the 405 for any other method."""
        paths = paths or self.specification["paths"]
        routes = _Paths()
        self.router.routes.append(routes)
        for path in sorted(paths, key=_concreteness):
            # A route for GET takes HEAD too, where no operation has it.
            for method, described in sorted(paths[path].items(), key=lambda one: one[0] != "head"):
                found = self.contract.operations[described["operationId"]]
                routes.add(path, _Found(found, self.base_path, self.cache, self.next_app), method)
            allowed = {method.upper() for method in paths[path]}
            for one in self.unserved[path]:
                allowed |= {one.method} if one.method else set()
                routes.add(path, _NotServed(one.flaw), one.method)
            routes.add(path, _MethodNotAllowed(allowed))


class _Paths(BaseRoute):
    """The paths of a contract, in order. Each ends with what takes any method.

    A path is compared with those alone that have as many slashes, and the same first part or a
    parameter in it, and with those whose last parameter is the rest of a path. Their patterns are
    compiled then: it takes long for all of a large contract.
    """

    def __init__(self) -> None:
        self._added: dict[tuple[int, str | None], list[_Added]] = defaultdict(list)
        self._greedy: list[_Added] = []
        self._most_slashes = 0
        self._routes: dict[tuple[int, str | None], list[Route]] = {}
        self._count = count()

    def add(self, path: str, app: ASGIApp, method: str | None = None) -> None:
        """Add what answers a path, for one method or for any."""
        first, slashes = _first_part(path), path.count("/")
        own = self._added[slashes, None if "{" in first else first]
        own = self._greedy if path.endswith(REST) else own
        own.append(_Added(next(self._count), path, app, method))
        self._most_slashes = max(self._most_slashes, slashes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the first path that takes the method of a request, else all that the path has."""
        allowed: set[str] = set()
        for route in self._candidates(scope["path"].removeprefix(scope.get("root_path", ""))):
            match, found = route.matches(scope)
            # The rest of a path is not empty.
            if match is not Match.FULL or "" in found["path_params"].values():
                continue
            if not isinstance(route.endpoint, _MethodNotAllowed):
                return match, found
            allowed |= route.endpoint.allowed
        if allowed:
            return Match.FULL, {"endpoint": _MethodNotAllowed(allowed), "path_params": {}}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run what answers the path that was matched."""
        await scope["endpoint"](scope, receive, send)

    def _candidates(self, path: str) -> list[Route]:
        slashes = min(path.count("/"), self._most_slashes + 1)
        # A pattern ends before a line feed too.
        key: tuple[int, str | None] = slashes, _first_part(path).removesuffix("\n")
        key = key if key in self._added else (slashes, None)
        if key not in self._routes:
            added = {*self._added.get(key, ()), *self._added.get((slashes, None), ())}
            added |= {one for one in self._greedy if one.path.count("/") <= slashes}
            self._routes[key] = [one.route for one in sorted(added, key=lambda one: one.number)]
        return self._routes[key]


@dataclass(frozen=True, eq=False)
class _Added:
    """What answers a path, for one method or for any, and its place in the order."""

    number: int
    path: str
    app: ASGIApp
    method: str | None

    @cached_property
    def route(self) -> Route:
        return Route(self.path, self.app, methods=[self.method] if self.method else None)


def _first_part(path: str) -> str:
    return path[1:].partition("/")[0]


class _Found(RoutingOperation):
    def __init__(
        self, operation: Operation, base_path: str, cache: _Cache, next_app: ASGIApp
    ) -> None:
        super().__init__(operation.id, next_app)
        self.operation = operation
        self.names = PATH_PARAMETER.findall(operation.path)
        self.routing = {"api_base_path": base_path, "operation_id": operation.id}
        self.cache = cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        exchange.operation = self.operation
        path_parameters = scope["path_params"]
        exchange.parameters = {
            name: path_parameters[f"p{position}"].replace(ENCODED_SLASH, "/")
            for position, name in enumerate(self.names)
        }
        raw = scope.get("raw_path")
        # Of a path with encoded characters there are too many spellings to remember.
        if not path_parameters and raw and b"%" not in raw:
            self.cache[scope["method"], raw] = self.operation, self.routing
        await super().__call__(scope, receive, send)


class _NotServed:
    def __init__(self, flaw: ContractError) -> None:
        self.flaw = flaw

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise not_served(self.flaw)


class _MethodNotAllowed:
    def __init__(self, allowed: set[str]) -> None:
        # A router that knows GET answers HEAD as well (RFC 9110 section 9.3.2).
        self.allowed = allowed | ({"HEAD"} if "GET" in allowed else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise method_not_allowed(", ".join(sorted(self.allowed)))


_FIXED, _MIXED, _TEMPLATED, _GREEDY = range(4)


def _concreteness(path: str) -> list[tuple[int, int]]:
    """Sort key: at the first part where two paths differ in kind, more fixed text comes first."""
    parts = [(part, PATH_PARAMETER.sub("", part)) for part in path.split("/")]
    return [
        (_GREEDY, -len(fixed))
        if part.endswith(REST)
        else (_FIXED, 0)
        if part == fixed
        else (_MIXED, -len(fixed))
        if fixed
        else (_TEMPLATED, -len(PATH_PARAMETER.findall(part)))
        for part, fixed in parts
    ]
