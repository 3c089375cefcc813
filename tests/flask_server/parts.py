"""The parts of the server. A fault replaces one seam of one part."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import Request
from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]

from tests.flask_server.service.answers import Answer, Answers
from tests.flask_server.service.authentication import Authentication
from tests.flask_server.service.bodies import Bodies
from tests.flask_server.service.dates import Dates
from tests.flask_server.service.idempotency import Keys
from tests.flask_server.service.limits import Limits
from tests.flask_server.service.listing import Listing
from tests.flask_server.service.minting import Minting
from tests.flask_server.service.storing import Storing
from tests.flask_server.service.tables import Credential
from tests.flask_server.service.tokens import Tokens
from tests.flask_server.service.validation import Validation

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from tests.flask_server.service.application import Service


def refused(service: "Service", request: Request, partner: str, answer: Answer) -> Answer:
    return answer


def gone(credential: Credential, now: float) -> None:
    """A credential was revoked at a time."""
    credential.updated = now


@dataclass
class Parts:
    """All parts of one server, and the seams between them."""

    now: Callable[[], float] = time.time
    tokens: Tokens = field(default_factory=Tokens)
    authentication: Authentication = field(default_factory=Authentication)
    bodies: Bodies = field(default_factory=Bodies)
    dates: Dates = field(default_factory=Dates)
    validation: Validation = field(default_factory=Validation)
    storing: Storing = field(default_factory=Storing)
    minting: Minting = field(default_factory=Minting)
    keys: Keys = field(default_factory=Keys)
    listing: Listing = field(default_factory=Listing)
    limits: Limits = field(default_factory=Limits)
    answers: Answers = field(default_factory=Answers)
    limited: Callable[["Service", Request, str, Answer], Answer] = refused
    revoked_twice: int = 409
    unknown_revoked: int = 404
    touch: Callable[[Credential, float], None] = gone
    # Who stands between the clients and the server, the outermost last.
    gateways: list[Callable[["WSGIApplication"], "WSGIApplication"]] = field(default_factory=list)
    parser: type[HTTPRequestParser] = HTTPRequestParser
