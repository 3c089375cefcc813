"""The ASGI application of the mock, made from settings; :func:`create_app` lists the pipeline."""

import importlib
from collections.abc import Callable
from functools import cache, partial

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server import __version__
from mock_server.control.access import ControlAccess
from mock_server.control.health import Probes, Readiness
from mock_server.control.navigation import CONSOLE_PATH, hidden
from mock_server.control.partner_state import PartnerState
from mock_server.documented.answers import DocumentedAnswers
from mock_server.documented.refusals import refusals_of
from mock_server.exchange.exchange import Handlers, request_ids
from mock_server.faults.plan import FaultPlans
from mock_server.observing.journals import Journals
from mock_server.observing.metrics import Metrics
from mock_server.observing.request_log import Observing
from mock_server.operations.credentials import Credentials
from mock_server.operations.handling import Handling
from mock_server.operations.tokens import Tokens
from mock_server.partners.access_tokens import AccessTokens
from mock_server.partners.clock import Clock, PartnerClocks, SystemClock
from mock_server.partners.rate_limit import RateLimit
from mock_server.partners.startup import Start
from mock_server.pipeline.answering import Answering
from mock_server.pipeline.authentication import (
    Authentication,
    bearer_of,
    security_handlers,
    unchecked_security,
    unsupported_security,
)
from mock_server.pipeline.cross_origin import CrossOrigin
from mock_server.pipeline.faults import FaultInjection
from mock_server.pipeline.framework import connexion_app
from mock_server.pipeline.idempotency import Idempotency
from mock_server.pipeline.prefer import Prefer
from mock_server.pipeline.rate_limiting import RateLimiting
from mock_server.pipeline.routing import Routing
from mock_server.pipeline.scheduling import FairScheduling
from mock_server.pipeline.validation import Validation
from mock_server.settings import Settings
from mock_server.store.opening import backend_of
from openapi.contract import Contract
from openapi.document import located_in


def load_contract(settings: Settings) -> Contract:
    """Read the contract that the mock serves: the bundled one, or the file in the settings."""
    return Contract.named(settings.contract, strict=settings.strict_contract)


def create_app(
    settings: Settings,
    clock: Clock | None = None,
    *,
    patient: bool = False,
    is_ending: Callable[[], bool] = lambda: False,
    contract: Contract | None = None,
) -> ASGIApp:
    """Make the application. A server or a test must run its lifespan before any request.

    With ``patient`` it starts while its store is unavailable, and answers 500 until the store is
    back. Once ``is_ending`` is true, its readiness probe answers 503. ``contract`` is that of the
    settings, where it has been read already.

    Raises ContractError for a contract that cannot be served, StoreError for a store that
    cannot be used, and ValueError for a rate limit that cannot be read.
    """
    clock = clock or SystemClock()
    contract = contract or load_contract(settings)
    with located_in(settings.contract):
        is_hidden = hidden(contract, has_control=settings.control)
        unserved = [*contract.unserved, *unsupported_security(contract), *is_hidden]
        answers = DocumentedAnswers(
            contract,
            unserved,
            unchecked=list(unchecked_security(contract)),
            strict=settings.strict_contract,
        )
    backend = backend_of(settings.store)
    store = backend.open_store(settings.store)
    tokens = AccessTokens(
        {partner.token: partner.partner_id for partner in settings.partners if partner.token}
    )
    counters = backend.open_counters(settings.store)
    rate_limit = RateLimit(settings.rate_limit, counters)
    clocks = PartnerClocks(clock)
    journals = Journals(partial(bearer_of, tokens=tokens))
    for partner in settings.partners:
        journals.redactor.give(one for one in (partner.client_secret, partner.token) if one)
    if settings.admin_token:
        journals.redactor.give([settings.admin_token])
    plans = FaultPlans(contract.operations, answers, tokens, settings.faults)

    start = Start(store, settings.partners, tokens, answers.look_on, patient=patient)
    readiness = Readiness(store, start, is_ending)

    async def stop() -> None:
        readiness.has_ended = True
        await start.stop()
        await counters.close()

    ids = request_ids()
    metrics = Metrics(
        __version__,
        contract.version,
        settings.workers,
        (lambda: journals.dropped) if settings.control else None,
    )
    access = ControlAccess(settings.admin_token, settings.hosts)
    probes = Probes(contract.version, readiness, metrics, access)

    credentials = Credentials.of(contract, store)
    # Without a token nobody says whose a request is.
    anonymous = settings.partners[0].partner_id if settings.partners else ""
    partner_state = PartnerState(clocks, plans, journals, rate_limit, tokens)

    @cache
    def make_control() -> ASGIApp:
        # Loaded for the first request to it, which takes as long as the rest of the start: most
        # starts never need it.
        made: ASGIApp = importlib.import_module("mock_server.console.control_plane").control_plane(
            contract, store, credentials, partner_state, clock, ids, access, settings.partners
        )
        return made

    async def control(scope: Scope, receive: Receive, send: Send) -> None:
        await make_control()(scope, receive, send)

    pipeline: list[Callable[[ASGIApp], ASGIApp]] = [
        partial(
            Answering,
            clock=clock,
            request_ids=ids,
            observe=Observing(contract.base_path, metrics),
            refusals=refusals_of(contract, answers),
            rate_limit=rate_limit,
            start=start,
            stop=stop,
            record=journals.record if settings.control else None,
            probes=dict.fromkeys(probes.by_path, Answering(probes, clock, ids)),
            control=control if settings.control else None,
        ),  # sends every response; an exception becomes a problem
        partial(
            Routing,
            contract=contract,
            unserved=unserved,
            home=CONSOLE_PATH if settings.control else None,
        ),  # finds the operation: 404, 405
        Authentication,  # finds the partner: 401
        FairScheduling,  # shares the server fairly between partners
        partial(FaultInjection, plans=plans, store=store),  # injects faults
        partial(RateLimiting, rate_limit=rate_limit),  # 429
        partial(Prefer, answers=answers),  # a documented response on demand
        Validation,  # 400, 422
        partial(
            Idempotency, store=store, anonymous=anonymous
        ),  # commits once for each key, or replays
    ]
    if settings.cors:
        exposed = {
            header.name
            for operation in contract.operations.values()
            for response in operation.responses.values()
            for header in response.headers
        }
        # Outermost: a page may read refusals too.
        pipeline.insert(0, partial(CrossOrigin, origins=settings.cors, exposed=exposed))
    issuing = Tokens(store, tokens, rate_limit, clocks, answers, anonymous)
    handlers: Handlers = {
        **(credentials.handlers() if credentials else {}),
        **issuing.handlers(contract),
    }
    kept = None
    if not settings.stateless and len(handlers) < len(contract.operations):
        # Loaded by name: the bundled contract has handlers for all of its operations.
        module = importlib.import_module("mock_server.operations.kept")
        kept = module.KeptItems(contract, store, answers, frozenset(handlers), anonymous)
    # The bundled contract has one media type for each answer, and no 406.
    handling = Handling(handlers, answers, kept, negotiates=not contract.is_bundled)
    security = security_handlers(tokens, store, clocks)
    return connexion_app(handling, pipeline, contract, contract.base_path, security, unserved)
