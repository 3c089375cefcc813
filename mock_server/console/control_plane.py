"""The control plane with its pages: :func:`control_plane` says what they are made of."""

from collections.abc import Iterator

from starlette.types import ASGIApp

from mock_server.console.pages import Console
from mock_server.console.rendering import FILES, Templates
from mock_server.control.access import ControlAccess
from mock_server.control.app import create_control
from mock_server.control.assets import Assets
from mock_server.control.partner_state import PartnerState
from mock_server.control.reference.page import FILES as REFERENCE_FILES
from mock_server.control.reference.page import Reference
from mock_server.operations.credentials import Credentials
from mock_server.partners.clock import Clock
from mock_server.partners.partners import Partner
from mock_server.store.interface import Store
from openapi.contract import Contract


def control_plane(
    contract: Contract,
    store: Store,
    credentials: Credentials | None,
    partner_state: PartnerState,
    clock: Clock,
    request_ids: Iterator[bytes],
    access: ControlAccess,
    partners: tuple[Partner, ...],
) -> ASGIApp:
    """Make the control plane of the API of ``contract``; ``partners`` are those of the start."""
    assets = Assets([*REFERENCE_FILES, *FILES])
    templates = Templates(contract, assets)
    console = Console(store, partner_state, contract, credentials, access, partners, templates)
    reference = Reference(contract, assets, partners[0].partner_id if partners else None)
    pages = {**console.handlers(), **reference.handlers(), **assets.handlers()}
    return create_control(
        contract,
        store,
        credentials,
        partner_state,
        clock,
        request_ids,
        access,
        pages,
        console.problem_page,
    )
