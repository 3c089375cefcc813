"""Journal entries: recorded exchanges, redacted and frozen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A request and its answer, if it got one. Header names are in lower case.

    Tokens, client secrets and idempotency keys are pseudonyms, equal where the originals were
    equal.
    """

    number: int
    """The number in the journal, from 1; a number is never used again."""
    started: float
    """Arrival of the whole request, Unix time in seconds on the machine's own clock."""
    seconds: float
    """Time from ``started`` to the last byte of the answer, or to the drop of the connection."""
    method: str
    url: str
    """The URL as the client sent it: absolute, with its query."""
    request_headers: Headers
    request_body: str
    status: int | None
    """The status code; None where the connection was closed before there was one."""
    response_headers: Headers
    response_body: str
    """The part of the answer's body that was sent: a fault may have cut the rest off."""
    operation: str | None = None
    """The operation id; None where the request is for no operation of the contract."""
    partner: str | None = None
    """The partner who sent the request; None where that is unknown."""
    refusals: tuple[str, ...] = ()
    """The reasons why the request breaks the contract; empty where it does not."""
    fault: str | None = None
    """The name of the fault that fired."""
    executed: bool = False
    """Whether the operation is known to have been executed, whatever the answer was."""
    replayed: bool = False
    """Whether the answer is a replay: that of an earlier request with the same key."""
    request_id: str | None = None
    """The request id of the log and the answer's ``x-request-id``; None without one."""

    def request_header(self, name: str) -> str | None:
        """The value of a request header; its name is in lower case."""
        return _value(self.request_headers, name)

    def response_header(self, name: str) -> str | None:
        """The value of a response header; its name is in lower case."""
        return _value(self.response_headers, name)


def _value(headers: Headers, name: str) -> str | None:
    """The value of a header, repeated ones joined (RFC 9110 section 5.3)."""
    values = [value for key, value in headers if key == name]
    return ", ".join(values) if values else None


def merged(journals: Iterable[Iterable[JournalEntry]]) -> list[JournalEntry]:
    """The exchanges of several journals in the order of their start, numbered anew."""
    entries = sorted((one for journal in journals for one in journal), key=lambda one: one.started)
    return [replace(one, number=number) for number, one in enumerate(entries, 1)]
