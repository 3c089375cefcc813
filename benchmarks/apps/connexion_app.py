"""Connexion's own `AsyncApp` as it comes: its middlewares and its request validation."""

from typing import Any

import connexion

from benchmarks.apps.answer import answer_to

TEXT = {"type": "string"}
OPTIONAL_TEXT = {"type": "string", "nullable": True}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Credentials", "version": "1"},
    "servers": [{"url": "/v3"}],
    "security": [{"bearerAuth": []}],
    "paths": {
        "/auth/credentials": {
            "post": {
                "operationId": f"{__name__}.create",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/NewKey"}}
                    },
                },
                "responses": {
                    "201": {
                        "description": "The new API key.",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Key"}}
                        },
                    }
                },
            }
        }
    },
    "components": {
        "securitySchemes": {
            "bearerAuth": {
                "type": "http",
                "scheme": "bearer",
                "x-bearerInfoFunc": f"{__name__}.bearer_information",
            }
        },
        "schemas": {
            "NewKey": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "expires_at": {"type": "string", "format": "date-time", "nullable": True},
                },
            },
            "Key": {
                "type": "object",
                "properties": {
                    "id": TEXT,
                    "client_id": TEXT,
                    "name": TEXT,
                    "status": {"type": "string", "enum": ["active", "revoked"]},
                    "expires_at": OPTIONAL_TEXT,
                    "created_at": TEXT,
                    "updated_at": TEXT,
                    "last_used_at": OPTIONAL_TEXT,
                    "client_secret": TEXT,
                },
            },
        },
    },
}

TOKENS = {"dinie_at_bench": {"sub": "bench"}}


async def bearer_information(token: str) -> dict[str, str] | None:
    """Return who holds the token, or None to refuse it."""
    return TOKENS.get(token)


async def create(body: dict[str, str | None]) -> tuple[dict[str, str | None], int]:
    """Answer a create."""
    return answer_to(body), 201


application = connexion.AsyncApp(__name__)
application.add_api(DOCUMENT)
