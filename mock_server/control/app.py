"""The control plane as an ASGI application of its own, made by the same machinery."""

from collections.abc import Callable, Iterator
from functools import partial

from starlette.types import ASGIApp

from mock_server.control.admin import Admin
from mock_server.control.clocks import Clocks
from mock_server.control.fault_plans import Faults
from mock_server.control.journals import JournalReading
from mock_server.control.partner_state import PartnerState
from mock_server.control.partners import Partners
from mock_server.control.reports import Reports
from mock_server.exchange.exchange import MAX_BODY_BYTES, PATH
from mock_server.observing.request_log import Observing
from mock_server.operations.handling import Handling
from mock_server.partners.clock import Clock
from mock_server.pipeline.answering import Answering
from mock_server.pipeline.authentication import Authentication, Handler
from mock_server.pipeline.framework import ConnexionMiddleware, Resolver, connexion_document
from mock_server.pipeline.routing import Routing
from mock_server.pipeline.validation import Validation
from mock_server.store.interface import Store
from openapi.contract import Contract


def create_control(
    played: Contract,
    store: Store,
    possessions: PartnerState,
    clock: Clock,
    request_ids: Iterator[bytes],
    admin: Admin,
) -> ASGIApp:
    """Make the control plane; it stands under :data:`PATH`.

    ``played`` is the contract that clients are judged by.
    """
    contract = Contract.control()
    pipeline: list[Callable[[ASGIApp], ASGIApp]] = [
        partial(Answering, clock=clock, request_ids=request_ids, observe=Observing(PATH)),
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
        handling,
        middlewares=pipeline,
        security_map={"bearer": Handler(lambda exchange, _: admin.check(exchange))},
    )
    app.add_api(connexion_document(contract), base_path=PATH, resolver=Resolver(lambda _: None))
    served: ASGIApp = app
    return served
