"""Connexion: the only module that imports it, because its middlewares are no frozen interface.

The version is pinned exactly. What is used: the application around a list of middlewares, the
router, and the stage that reads the contract's security requirements.
"""

import warnings
from typing import Any

with warnings.catch_warnings():
    # Connexion 3.3.0 imports Starlette's test client, which prefers another HTTP client.
    warnings.filterwarnings("ignore", message="Using `httpx`")
    from connexion.lifecycle import ConnexionRequest
    from connexion.middleware import ConnexionMiddleware
    from connexion.middleware.abstract import ROUTING_CONTEXT
    from connexion.middleware.routing import RoutingAPI, RoutingMiddleware, RoutingOperation
    from connexion.middleware.security import SecurityMiddleware
    from connexion.resolver import Resolver

from openapi.contract import Contract

__all__ = [
    "ROUTING_CONTEXT",
    "ConnexionMiddleware",
    "ConnexionRequest",
    "Resolver",
    "RoutingAPI",
    "RoutingMiddleware",
    "RoutingOperation",
    "SecurityMiddleware",
    "connexion_document",
]


def connexion_document(contract: Contract) -> dict[str, Any]:
    """What Connexion is told of a contract: OpenAPI 3.0, just enough for routing and security.

    Connexion knows no 3.1. Bodies, parameters and responses are judged by the contract itself,
    so they need not be translated.
    """
    paths: dict[str, dict[str, Any]] = {}
    for operation in contract.operations.values():
        paths.setdefault(operation.path, {})[operation.method.lower()] = {
            "operationId": operation.id,
            "security": [
                {name: list(scopes) for name, scopes in requirement.items()}
                for requirement in operation.security
            ],
            "responses": {"default": {"description": "See the contract."}},
        }
    return {
        "openapi": "3.0.3",
        "info": {"title": contract.title, "version": contract.version},
        "servers": [{"url": contract.base_path or "/"}],
        "paths": paths,
        "components": {"securitySchemes": dict(contract.security_schemes)},
    }
