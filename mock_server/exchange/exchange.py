"""One request on its way through the pipeline, and the response that comes of it."""

import itertools
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, Self
from urllib.parse import quote

from starlette.types import Message, Receive, Scope, Send

from mock_server.exchange.problems import Problem, Response
from mock_server.store.interface import Write
from openapi.operation import Operation

REQUEST_ID_HEADER = b"x-request-id"


def request_ids() -> Iterator[bytes]:
    """Ids that no other process or start gives: a random beginning, and a count.

    What a client sends as ``X-Request-Id`` is never taken: it may be sent twice, and may be
    anything.
    """
    start = b"req_%b-" % secrets.token_hex(8).encode()
    # All of it in the interpreter's own loop: every request has one.
    return map((start + b"%x").__mod__, itertools.count(1))


_SCOPE_KEY = "mock_server.exchange.exchange"


class Sent(NamedTuple):
    """What of a response was sent. ``status`` None: not even that."""

    status: int | None
    body: bytes
    cut: bool = False
    """Whether the connection is to close where the rest would have been."""

    @classmethod
    def nothing(cls) -> Self:
        """The client was gone before there was anything to send."""
        return cls(None, b"")


Head = Sequence[tuple[bytes, bytes]]
"""The headers of a response, as they were sent."""


class Delivery(Protocol):
    """Sends a response in its own manner; ``head`` is the ASGI message that starts it."""

    async def __call__(self, exchange: "Exchange", head: Message, body: bytes, send: Send) -> Sent:
        """Send it, and tell what was sent."""
        ...


@dataclass(slots=True)
class Allowance:
    """What is left of a rate limit: ``reset`` is a Unix time in seconds."""

    limit: int
    remaining: int
    reset: int


@dataclass(slots=True)
class Exchange:
    """What the stages know of one request; each fills in what it is there to find out."""

    scope: Scope
    receive: Receive
    now: float
    """The present instant on the partner's clock, once the partner is known."""
    request_id: bytes = b""
    """What names the request in its response, the log and the journal."""
    operation: Operation | None = None
    partner_id: str | None = None
    claimed_by: str | None = None
    """Whose client id or token was given, good or not: the journal and the faults go by it."""
    allowance: Allowance | None = None
    body: bytes = b""
    has_body: bool = False
    """Whether all of the body was read."""
    value: Any = None
    """The body as parsed and validated; None where there is none."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Path, query and cookie parameters by name, as parsed and validated."""
    writes: tuple[Write, ...] = ()
    """What the operation wants stored, together with its answer or not at all."""
    executed: bool = False
    """Whether the operation was done and committed, and not only replayed."""
    response: Response | None = None
    problem: Problem | None = None
    """What was raised, where the response is a refusal."""
    fault: str | None = None
    """The name of the fault that fired."""
    delivery: Delivery | None = None
    """How the response is to leave; None: whole and at once."""
    _headers: dict[bytes, bytes] | None = None

    @classmethod
    def of(cls, scope: Scope) -> "Exchange":
        """The exchange that a stage's ASGI scope belongs to."""
        exchange: Exchange = scope[_SCOPE_KEY]
        return exchange

    def enter(self) -> None:
        """Tie this exchange to its scope, for the stages further in."""
        self.scope[_SCOPE_KEY] = self

    def leave(self) -> None:
        """Untie them: nothing of a request may be left for the cycle collector."""
        self.scope.pop(_SCOPE_KEY, None)

    def refuse(self, problem: Problem) -> None:
        """Answer with what a stage raised."""
        self.problem = problem
        self.response = problem.response(self.path)

    @property
    def is_replay(self) -> bool:
        """Whether the answer is that of an earlier request with the same key."""
        return self.response is not None and "Idempotent-Replayed" in self.response.headers

    @property
    def path(self) -> str:
        """The request's path as a URI reference."""
        return quote(self.scope["path"], safe="/!$&'()*+,;=:@~")

    def header(self, name: bytes) -> str | None:
        """The value of a header, ``name`` in lower case; repeated ones joined (RFC 9110 5.3)."""
        if self._headers is None:
            self._headers = _joined(self.scope["headers"])
        found = self._headers.get(name)
        return None if found is None else found.decode("latin-1")

    def header_count(self, name: bytes) -> int:
        """How often the request has a header, ``name`` in lower case."""
        return sum(key == name for key, _ in self.scope["headers"])


def _joined(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    joined = dict(headers)
    if len(joined) < len(headers):
        joined.clear()
        for name, value in headers:
            joined[name] = b"%b, %b" % (joined[name], value) if name in joined else value
    return joined


MAX_BODY_BYTES = 1_048_576


Handler = Callable[[Exchange], Awaitable[Response]]
"""Reads the exchange, proposes ``exchange.writes`` and gives the response. It stores nothing."""


Handlers = Mapping[str, Handler]
"""Handlers by the operation they play, written ``createCredential POST /auth/credentials``."""


UNKNOWN = "unknown"
"""Stands for the operation of a request that is for none."""


PATH = "/_mock"
"""Where it stands, beside the API and never in its namespace."""
