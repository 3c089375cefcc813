"""One request on its way through the pipeline, with its response."""

import itertools
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from starlette.requests import cookie_parser
from starlette.types import Message, Receive, Scope, Send

from mock_server.exchange.problems import BUNDLED_STYLE, Problem, ProblemStyle, Response
from mock_server.store.interface import Write
from openapi.operation import Operation

REQUEST_ID_HEADER = b"x-request-id"


def request_ids() -> Iterator[bytes]:
    """Unique request ids: a random prefix of this process, and a count.

    The ``X-Request-Id`` of a client is never used: it may repeat, and may hold anything.
    """
    start = b"req_%b-" % secrets.token_hex(8).encode()
    # map and count run without Python code: every request takes an id.
    return map((start + b"%x").__mod__, itertools.count(1))


_SCOPE_KEY = "mock_server.exchange.exchange"


class Sent(NamedTuple):
    """The part of a response that was sent; ``status`` is None where nothing was."""

    status: int | None
    body: bytes
    cut: bool = False
    """Whether the connection must close in place of the rest."""
    is_reset: bool = False
    """Whether it closes with a reset, which loses what the client has not read yet."""


NOTHING_SENT = Sent(None, b"")
"""The value for a client that closed before the response."""


Head = Sequence[tuple[bytes, bytes]]
"""The headers of a response as name and value."""


class Delivery(Protocol):
    """Sends a response in pieces or in part; ``head`` is the ASGI message that starts it."""

    async def __call__(self, exchange: "Exchange", head: Message, body: bytes, send: Send) -> Sent:
        """Send the response, and return the part that was sent."""


@dataclass(slots=True)
class Allowance:
    """The state of a rate limit for the response headers; ``reset`` is a Unix time in seconds."""

    limit: int
    remaining: int
    reset: int


class Refusals:
    """Makes the response of each problem: a problem document in one style."""

    def __init__(self, style: ProblemStyle = BUNDLED_STYLE) -> None:
        self.style = style

    def __call__(self, exchange: "Exchange", problem: Problem) -> Response:
        """The response of a problem, with the status that its operation documents for it."""
        if exchange.operation:
            problem.take_status(exchange.operation.responses)
        return problem.response(exchange.path, self.style)


_REFUSALS = Refusals()


@dataclass(slots=True)
class Exchange:
    """A request and what the stages of the pipeline have found out about it so far."""

    scope: Scope
    receive: Receive
    now: float
    """Unix time in seconds: the machine's, then the partner's once the partner is known."""
    request_id: bytes = b""
    """The id of the request in its response, the log and the journal."""
    refusals: Refusals = _REFUSALS
    operation: Operation | None = None
    partner_id: str | None = None
    claimed_by: str | None = None
    """The partner named by a client id or token, valid or not, for the journal and faults."""
    allowance: Allowance | None = None
    body: bytes = b""
    has_body: bool = False
    """Whether the whole body was read."""
    value: Any = None
    """The parsed and validated body; None where there is none."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Parsed and validated parameters by name: path, query, header and cookie."""
    writes: tuple[Write, ...] = ()
    """Changes of state that the operation proposes, to be committed with its answer."""
    executed: bool = False
    """Whether the operation ran and was committed, in contrast to a replay."""
    response: Response | None = None
    problem: Problem | None = None
    """The problem, where the response is a refusal."""
    fault: str | None = None
    """The name of the fault that fired."""
    delivery: Delivery | None = None
    """The faulty or streamed delivery of the response; None sends it whole and at once."""
    wait_for_logout: Callable[[], Awaitable[None]] | None = None
    """Waits for the end of the session that the request is of; None where it is of none."""
    _headers: dict[bytes, bytes] | None = None

    @classmethod
    def of(cls, scope: Scope) -> "Exchange":
        """The exchange of an ASGI scope."""
        exchange: Exchange = scope[_SCOPE_KEY]
        return exchange

    def enter(self) -> None:
        """Put this exchange into its scope, for the stages further in."""
        self.scope[_SCOPE_KEY] = self

    def leave(self) -> None:
        """Remove the exchange from its scope, as only garbage collection would free the cycle."""
        self.scope.pop(_SCOPE_KEY, None)

    def refuse(self, problem: Problem) -> None:
        """Answer with a problem that a stage raised."""
        # They lead back to this exchange: only garbage collection would free the cycle.
        problem.__traceback__ = problem.__context__ = problem.__cause__ = None
        self.problem = problem
        self.response = self.refusals(self, problem)

    @property
    def is_replay(self) -> bool:
        """Whether the answer is that of an earlier request with the same idempotency key."""
        return self.response is not None and "Idempotent-Replayed" in self.response.headers

    @property
    def path(self) -> str:
        """The request's path as a URI reference."""
        raw = self.scope.get("raw_path") or b""
        if raw and _IS_PLAIN.fullmatch(raw):
            return str(raw, "ascii")
        if b"%2f" in raw.lower():  # is none of the slashes between the parts
            return quote(raw.partition(b"?")[0], safe="/!$&'()*+,;=:@~%")
        return quote(self.scope["path"], safe="/!$&'()*+,;=:@~")

    def header(self, name: bytes) -> str | None:
        """The value of a header, ``name`` in lower case; repeated ones joined (RFC 9110 5.3)."""
        if self._headers is None:
            self._headers = _joined(self.scope["headers"])
        found = self._headers.get(name)
        return None if found is None else found.decode("latin-1")

    def cookies(self) -> dict[str, str]:
        """The values of all cookies, read as browsers write them: an odd one hides no other."""
        return cookie_parser(self.header(b"cookie") or "")


_IS_PLAIN = re.compile(rb"[\w.~/!$&'()*+,;=:@-]*")
"""Matches a path that has nothing to quote, and nothing that is quoted."""


def _joined(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    joined = dict(headers)
    if len(joined) < len(headers):
        joined.clear()
        for name, value in headers:
            between = b"; " if name == b"cookie" else b", "
            joined[name] = joined[name] + between + value if name in joined else value
    return joined


MAX_BODY_BYTES = 1_048_576
"""Limit on the size of a request body."""


Handler = Callable[[Exchange], Awaitable[Response]]
"""An operation: reads the exchange, proposes ``exchange.writes``, and returns the response."""


Handlers = Mapping[str, Handler]
"""Handlers by the name of their operation, such as ``createCredential POST /auth/credentials``."""


UNKNOWN = "unknown"
"""The operation id in logs and metrics for a request that matches no operation."""


CONTROL_PATH = "/_mock"
"""Base path of the control plane and the probes, outside of the API's namespace."""
