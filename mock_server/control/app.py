"""The control plane as an ASGI application of its own, made of the same stages."""

from collections.abc import Callable, Iterator
from functools import partial

from starlette.types import ASGIApp

from mock_server.control.access import ControlAccess, JsonBodies
from mock_server.control.clocks import Clocks
from mock_server.control.fault_plans import FaultOperations
from mock_server.control.journals import JournalReading
from mock_server.control.partner_state import PartnerState
from mock_server.control.partners import Partners
from mock_server.control.policies import NO_PAGES
from mock_server.control.rate_limits import RateLimits
from mock_server.control.resources import Resources
from mock_server.control.spelling import Spelling
from mock_server.exchange.exchange import CONTROL_PATH, Exchange, Handlers, Refusals
from mock_server.exchange.problems import CONTROL_STYLE, Problem, Response
from mock_server.observing.request_log import Observing
from mock_server.operations.credentials import Credentials
from mock_server.operations.handling import Handling
from mock_server.partners.clock import Clock
from mock_server.pipeline.answering import Answering
from mock_server.pipeline.authentication import Authentication, SecurityHandler
from mock_server.pipeline.framework import connexion_app
from mock_server.pipeline.routing import Routing
from mock_server.pipeline.validation import Validation
from mock_server.store.interface import Store
from openapi.contract import Contract


def create_control(
    played: Contract,
    store: Store,
    credentials: Credentials | None,
    partner_state: PartnerState,
    clock: Clock,
    request_ids: Iterator[bytes],
    access: ControlAccess,
    pages: Handlers,
    page_of: Callable[[Exchange, Problem], Response | None],
) -> ASGIApp:
    """Make the control plane of the API of ``played``, served under :data:`CONTROL_PATH`.

    ``pages`` are the operations that answer with pages, and with what those load; ``page_of`` is
    the page of a problem, where an address has pages.
    """
    contract = Contract.control()
    pipeline: list[Callable[[ASGIApp], ASGIApp]] = [
        partial(
            Answering,
            clock=clock,
            request_ids=request_ids,
            observe=Observing(CONTROL_PATH),
            defaults=NO_PAGES,
            refusals=Refusals(CONTROL_STYLE),
            page_of=page_of,
        ),
        # Every spelling of a path is checked for who may use it: no id of the plane has a slash.
        partial(Routing, contract=contract, splits_first=False),
        Authentication,
        JsonBodies,
        partial(Spelling, contract=contract),  # 422
        Validation,
    ]
    journals = partner_state.journals
    handling = Handling(
        {
            **Partners(store, partner_state).handlers(),
            **Clocks(store, partner_state.clocks).handlers(),
            **RateLimits(store, partner_state.clocks, partner_state.rate_limit).handlers(),
            **Resources(store, partner_state.clocks, credentials).handlers(),
            **FaultOperations(store, partner_state.plans, journals.redactor).handlers(),
            **JournalReading(store, journals, partner_state.plans, played).handlers(),
            **pages,
        }
    )
    security = {"bearer": SecurityHandler(lambda exchange, _: access.check(exchange))}
    return connexion_app(handling, pipeline, contract, CONTROL_PATH, security)
