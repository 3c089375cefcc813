"""One request on its way through the pipeline, and the response that comes of it."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from starlette.types import Receive, Scope

from mock_server.store.interface import Write
from openapi.operation import Operation

_SCOPE_KEY = "mock_server.exchange"


@dataclass(slots=True)
class Response:
    """A whole response: it is sent only at the very end, so every stage may still read it."""

    status: int
    body: bytes = b""
    media_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


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
    operation: Operation | None = None
    partner_id: str | None = None
    allowance: Allowance | None = None
    body: bytes = b""
    value: Any = None
    """The body as parsed and validated; None where there is none."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Path, query and cookie parameters by name, as parsed and validated."""
    writes: tuple[Write, ...] = ()
    """What the operation wants stored, together with its answer or not at all."""
    response: Response | None = None
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
