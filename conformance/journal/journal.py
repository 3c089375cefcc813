"""A journal entry: one recorded exchange, redacted and frozen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One request and its answer, or how it ended without one.

    Nothing in it is secret: tokens, client secrets and idempotency keys are pseudonyms, equal
    where the originals were equal. Header names are in lower case.
    """

    number: int
    """Its place since the journal began, from 1; a number is never used again."""
    started: float
    """When the request had come in, Unix time in seconds on the machine's own clock."""
    seconds: float
    """From then until the last byte of the answer had been sent, or the connection dropped."""
    method: str
    url: str
    """As the client sent it: absolute, with its query."""
    request_headers: Headers
    request_body: str
    status: int | None
    """None: the connection was closed before there was a status."""
    response_headers: Headers
    response_body: str
    """What was sent of it, which is less than the whole where a fault cut it."""
    operation: str | None = None
    """The contract's operation id; None where the request is for none."""
    partner: str | None = None
    """Whose request it was; None where that did not come out."""
    refusals: tuple[str, ...] = ()
    """Why the contract refused the request, one reason each; empty where it did not."""
    fault: str | None = None
    """The name of the fault that fired."""
    executed: bool = False
    """Whether the operation is known to have been done, whatever was answered."""
    replayed: bool = False
    """Whether the answer is that of an earlier request with the same idempotency key."""
    request_id: str | None = None
    """What names it in the log and in the answer's ``x-request-id``; None where nothing did."""


def merged(journals: Iterable[Iterable[JournalEntry]]) -> list[JournalEntry]:
    """The exchanges of several journals in the order of time, numbered through."""
    entries = sorted((one for journal in journals for one in journal), key=lambda one: one.started)
    return [replace(one, number=number) for number, one in enumerate(entries, 1)]
