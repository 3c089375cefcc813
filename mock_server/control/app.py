"""The control plane as an ASGI application of its own, made of the same stages."""

from collections.abc import Callable, Iterator
from functools import partial

from starlette.types import ASGIApp

from mock_server.control.clocks import Clocks
from mock_server.control.fault_plans import FaultOperations
from mock_server.control.journals import JournalReading
from mock_server.control.partner_state import PartnerState
from mock_server.control.partners import Partners
from mock_server.control.reports import Reports
from mock_server.exchange.authorization import AdminToken
from mock_server.exchange.exchange import CONTROL_PATH, MAX_BODY_BYTES
from mock_server.observing.request_log import Observing
from mock_server.operations.handling import Handling
from mock_server.partners.clock import Clock
from mock_server.pipeline.answering import Answering
from mock_server.pipeline.authentication import Authentication, SecurityHandler
from mock_server.pipeline.framework import ConnexionMiddleware, Resolver, connexion_document
from mock_server.pipeline.routing import Routing
from mock_server.pipeline.validation import Validation
from mock_server.store.interface import Store
from openapi.contract import Contract


def create_control(
    played: Contract,
    store: Store,
    partner_state: PartnerState,
    clock: Clock,
    request_ids: Iterator[bytes],
    admin: AdminToken,
) -> ASGIApp:
    """Make the control plane, which is served under :data:`CONTROL_PATH`.

    ``played`` is the contract of the API: reports check clients against it.
    """
    contract = Contract.control()
    pipeline: list[Callable[[ASGIApp], ASGIApp]] = [
        partial(Answering, clock=clock, request_ids=request_ids, observe=Observing(CONTROL_PATH)),
        partial(Routing, contract=contract),
        Authentication,
        partial(Validation, max_body_bytes=MAX_BODY_BYTES),
    ]
    handling = Handling(
        {
            **Partners(store, partner_state.tokens, partner_state).handlers(),
            **Clocks(store, partner_state.clocks).handlers(),
            **FaultOperations(
                store, partner_state.plans, partner_state.journals.redactor
            ).handlers(),
            **JournalReading(store, partner_state.journals).handlers(),
            **Reports(store, partner_state.journals, played).handlers(),
        }
    )
    app = ConnexionMiddleware(
        handling,
        middlewares=pipeline,
        security_map={"bearer": SecurityHandler(lambda exchange, _: admin.check(exchange))},
    )
    app.add_api(
        connexion_document(contract), base_path=CONTROL_PATH, resolver=Resolver(lambda _: None)
    )
    served: ASGIApp = app
    return served
