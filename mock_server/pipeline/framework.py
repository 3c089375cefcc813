"""Adapter of Connexion, whose middlewares are not a stable interface: no other module imports it.

The version is pinned exactly. What is used: the application around a list of middlewares, the
router, the stage that reads the contract's security requirements, and its form of a contract.
"""

import itertools
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

with warnings.catch_warnings():
    # Connexion 3.3.0 imports Starlette's test client, which prefers another HTTP client, and a
    # part of jsonschema that is deprecated.
    warnings.filterwarnings("ignore", message="Using `httpx`")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    from connexion.middleware import ConnexionMiddleware
    from connexion.middleware.abstract import ROUTING_CONTEXT
    from connexion.middleware.routing import RoutingAPI, RoutingMiddleware, RoutingOperation
    from connexion.middleware.security import SecurityAPI, SecurityMiddleware, SecurityOperation
    from connexion.resolver import Resolver
    from connexion.security import SecurityHandlerFactory
    from connexion.spec import OpenAPISpecification

from starlette.types import ASGIApp

from openapi.contract import Contract
from openapi.operation import PATH_PARAMETER, Unserved, is_greedy
from openapi.paths import decoded
from openapi.security import API_KEY, BASIC, BEARER, kind_of, usable_requirements

BESIDE = "x-beside"
"""The member of a security scheme with the places of others that a request needs too."""

REST = ":path}"
"""The end of a numbered path whose last parameter is the rest of a path."""

WORD = "x-word"
"""The member of a security scheme with its word in the ``Authorization`` header."""

__all__ = [
    "BESIDE",
    "REST",
    "ROUTING_CONTEXT",
    "WORD",
    "RoutingAPI",
    "RoutingMiddleware",
    "RoutingOperation",
    "SecurityAPI",
    "SecurityHandlerFactory",
    "SecurityMiddleware",
    "SecurityOperation",
    "connexion_app",
    "numbered",
]


def connexion_app(
    endpoint: ASGIApp,
    stages: Sequence[Callable[[ASGIApp], ASGIApp]],
    contract: Contract,
    base_path: str,
    security: Mapping[str, Any],
    unserved: Sequence[Unserved] = (),
) -> ASGIApp:
    """The application that runs ``stages``, the outermost first, around an endpoint.

    ``security`` has the handlers of Connexion's kinds of security schemes.
    """
    app = ConnexionMiddleware(endpoint, middlewares=stages, security_map=security)
    document, resolver = _connexion_document(contract, unserved), Resolver(lambda _: None)
    app.add_api({**document, "paths": {}}, base_path=base_path, resolver=resolver)
    app.apis[0].specification = _Described(document)
    served: ASGIApp = app
    return served


class _Described(OpenAPISpecification):  # type: ignore[misc]
    """The description of a contract, as it is: Connexion would check and copy it several times."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._raw_spec = self._spec = document
        self._base_uri = ""


def _connexion_document(contract: Contract, unserved: Sequence[Unserved]) -> dict[str, Any]:
    """The contract for Connexion: OpenAPI 3.0, just enough for routing and security.

    Connexion does not read 3.1. Bodies, parameters and responses are validated by the contract
    itself, so they are left out. Path parameters are numbered, because its router does not accept
    every name: see :func:`numbered`.
    """
    paths: dict[str, dict[str, Any]] = {}
    schemes: dict[str, dict[str, Any]] = {}
    left_out = {(one.path, one.method) for one in unserved}
    for one in unserved:
        paths.setdefault(numbered(one.path), {})
    for operation in contract.operations.values():
        if (operation.path, operation.method) in left_out:
            continue
        schemes_of = contract.security_schemes
        usable = usable_requirements(operation.security, schemes_of)
        security = [_together(requirement, schemes_of) for requirement in usable or ()]
        paths.setdefault(numbered(operation.path), {})[operation.method.lower()] = {
            "operationId": operation.id,
            "security": [{name: [] for name in requirement} for requirement in security],
            "responses": {"default": {"description": "See the contract."}},
        }
        for requirement in security:
            schemes |= requirement
    return {
        "openapi": "3.0.3",
        "info": {"title": contract.title, "version": contract.version},
        "servers": [{"url": contract.base_path or "/"}],
        "paths": paths,
        "components": {"securitySchemes": schemes},
    }


def numbered(path: str) -> str:
    """A decoded path with its parameters named by their position: ``/a/{p0}/b/{p1}``.

    One that takes the rest of a path has the router's type for that: ``/a/{p0:path}``.
    """
    count = itertools.count()
    found = PATH_PARAMETER.sub(lambda _: f"{{p{next(count)}}}", decoded(path))
    return f"{found[:-1]}{REST}" if is_greedy(path) else found


_RANK = {BEARER: 0, BASIC: 1, API_KEY: 2}
"""The order of kinds of schemes: of several together, the first names the partner."""


def _together(
    requirement: Iterable[str], schemes: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The schemes of one requirement for Connexion, by name.

    Of several, one names the partner, and :data:`BESIDE` has the others, which must only be there.
    """
    known = {name: _security_scheme(schemes[name]) for name in sorted(requirement)}
    if len(known) < 2:  # noqa: PLR2004 - several
        return known
    kinds = {name: one.get("scheme", one["type"]) for name, one in known.items()}
    leader = min(known, key=lambda name: _RANK.get(kinds[name], len(_RANK)))
    # A request has one Authorization header: no more can be asked of it than it has for the leader.
    is_taken = kinds[leader] != API_KEY
    others = [
        {"scheme": one[WORD]}
        if WORD in one and not is_taken
        else {"in": one.get("in", "header"), "name": one.get("name", "Authorization")}
        for name, one in known.items()
        if name != leader
    ]
    return {".".join(known): {**known[leader], BESIDE: others}}


def _security_scheme(scheme: Mapping[str, Any]) -> dict[str, Any]:
    """A scheme for Connexion, with one kind for all tokens in the ``Authorization`` header."""
    kind = kind_of(scheme)
    match kind:
        case "apiKey":
            return {"type": kind, "in": scheme["in"], "name": scheme["name"]}
        case "http":
            return {"type": "http", "scheme": kind, WORD: scheme["scheme"]}
        case _:
            return {"type": "http", "scheme": kind}
