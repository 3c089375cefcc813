"""The control plane as an ASGI application of its own, made by the same machinery."""

import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.types import ASGIApp

from mock_server.clock import Clock
from mock_server.control import PATH
from mock_server.control.clocks import Clocks
from mock_server.control.fault_plans import Faults
from mock_server.control.journals import JournalReading
from mock_server.control.partners import Partners
from mock_server.control.reports import Reports
from mock_server.exchange import Exchange
from mock_server.framework import ConnexionMiddleware, Resolver, connexion_document
from mock_server.operations.handling import Handling
from mock_server.pipeline.answering import Answering
from mock_server.pipeline.authentication import (
    Authentication,
    Handler,
    Identity,
    bearer_token,
    unauthenticated,
)
from mock_server.pipeline.routing import Routing
from mock_server.pipeline.validation import Validation
from mock_server.possessions import Possessions
from mock_server.settings import MAX_BODY_BYTES
from mock_server.store.interface import Store
from openapi.contract import Contract


def create_control(
    played: Contract,
    store: Store,
    possessions: Possessions,
    clock: Clock,
    admin_token: str | None,
) -> ASGIApp:
    """Make the control plane; it stands under :data:`PATH`. Without a token all may use it.

    ``played`` is the contract that clients are judged by.
    """
    contract = Contract.control()
    pipeline: list[Callable[[ASGIApp], ASGIApp]] = [
        partial(Answering, clock=clock),
        partial(Routing, contract=contract),
        Authentication,
        partial(Validation, max_body_bytes=MAX_BODY_BYTES),
    ]
    handling = Handling(
        {
            **Partners(store, possessions.tokens, possessions).handlers(),
            **Clocks(store, possessions.clocks).handlers(),
            **Faults(store, possessions.plans, possessions.journals.redactor).handlers(),
            **JournalReading(store, possessions.journals).handlers(),
            **Reports(store, possessions.journals, played).handlers(),
        }
    )
    app = ConnexionMiddleware(
        handling, middlewares=pipeline, security_map={"bearer": Handler(_admin(admin_token))}
    )
    app.add_api(connexion_document(contract), base_path=PATH, resolver=Resolver(lambda _: None))
    served: ASGIApp = app
    return served


def _admin(admin_token: str | None) -> Callable[[Exchange, dict[str, Any]], Identity]:
    def check(exchange: Exchange, _: dict[str, Any]) -> Identity:
        if admin_token is None:
            return {}
        given = bearer_token(exchange)
        if given is None:
            detail = "Send the header Authorization: Bearer with the admin token."
            raise unauthenticated("missing_token", detail)
        if not secrets.compare_digest(given.encode("latin-1"), admin_token.encode()):
            detail = "This is not the admin token."
            raise unauthenticated("invalid_token", detail, error="invalid_token")
        return {"sub": "admin"}

    return check
