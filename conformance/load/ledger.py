"""The ledger: creations of one process by name, in batches, so that memory is bounded."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from conformance.catalogue.judge import digested
from conformance.target.exchange import Answer, Request
from openapi.resource import Resource

BATCH = 1000
"""Calls in a batch, which is then compared with the list and revoked."""


@dataclass(slots=True)
class Call:
    """A creation: its request with a key of its own, and the first answer to it.

    ``first`` holds a hash in the place of the body. It is None until the creation is confirmed.
    """

    name: str
    request: Request
    batch: "Batch"
    first: Answer | None = None
    id: str = ""
    handle: str = ""
    secrets: tuple[str, ...] = ()
    was_refused: bool = False
    is_ending: bool = False
    """A revocation was sent; whether it came through is not known."""
    is_revoked: bool = False

    def confirm(self, answer: Answer, resource: Resource) -> None:
        """Keep the first success: the id, what stands for it in a path, and the secret."""
        self.first = digested(answer)
        self.id = answer.identifier(resource.id) or ""
        self.handle = answer.identifier(resource.handle) or ""
        secret = answer.text(resource.secret) if resource.secret else None
        self.secrets = (secret,) if secret else ()

    def is_same(self, answer: Answer) -> bool:
        """Whether an answer equals the first one."""
        return self.first is not None and self.first.body == digested(answer).body

    @property
    def has_ended(self) -> bool:
        """Whether a revocation was sent, or succeeded."""
        return self.is_ending or self.is_revoked

    @property
    def is_usable(self) -> bool:
        """Whether it can be replayed or revoked: confirmed, not ended, and not yet settled."""
        return self.first is not None and not self.has_ended and not self.batch.is_closed


@dataclass(slots=True)
class Batch:
    """Calls that are settled together; ``under_way`` counts their unanswered requests."""

    calls: dict[str, Call] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    """The names by the ids that were given to them."""
    under_way: int = 0
    is_closed: bool = False

    def forget(self) -> None:
        """Drop the calls, which refer to their batch."""
        self.calls, self.ids = {}, {}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the batch from being settled while a request of it is under way."""
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1


class Ledger:
    """The batches of one process; no method lets gevent switch to another greenlet."""

    def __init__(self) -> None:
        self._current = Batch()
        self.closed: deque[Batch] = deque()

    def open(self, name: str, request: Request) -> Call:
        """A new call, which may close the batch before it."""
        if len(self._current.calls) >= BATCH:
            self.close()
        call = Call(name, request, self._current)
        self._current.calls[name] = call
        return call

    def close(self) -> None:
        """Close the batch, to be settled; the next call opens another."""
        self._current.is_closed = True
        if self._current.calls:
            self.closed.append(self._current)
        self._current = Batch()
