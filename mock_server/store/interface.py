"""What every store keeps and promises.

An operation never changes the store itself. It proposes :data:`Write` values with its answer,
and :meth:`Store.commit` applies them together with the idempotency record, or not at all. That
one step decides which of several equal requests made the resource, whichever process or host
they reached, and a crash leaves both or neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class UnknownCursor(Exception):
    """A page was asked for after a credential that the partner does not have."""


class StoreError(Exception):
    """The store cannot be opened, read or written; the message is one plain line."""


class Credential(NamedTuple):
    """A credential pair as it is kept: the secret only as a hash. Timestamps are RFC 3339."""

    client_id: str
    """Also its ``id``: the two are equal in every published example."""
    partner_id: str
    secret_hash: bytes
    name: str
    status: str
    expires_at: str | None
    created_at: str
    updated_at: str
    last_used_at: str | None


@dataclass(frozen=True, slots=True)
class Login:
    """What a client id may be exchanged for: whose it is, and the credential if it is one.

    A partner's own client id and secret are no credential: they are not listed, they do not
    expire, and nothing can revoke them.
    """

    partner_id: str
    secret_hash: bytes
    credential: Credential | None


class PartnerLogin(NamedTuple):
    """A partner and the client id that it logs in with."""

    partner_id: str
    client_id: str


class IdempotencyRecord(NamedTuple):
    """The stored answer to the first request with a key.

    ``key_hash`` stands for the partner and the key. ``sealed`` is the answer, readable only with
    the key itself and for the same request. ``expires_at`` is a Unix time in seconds.
    """

    key_hash: bytes
    partner_id: str
    sealed: bytes
    expires_at: float


class AddCredential(NamedTuple):
    """Keep a new credential."""

    credential: Credential


class RevokeCredential(NamedTuple):
    """Make a partner's credential useless from ``at`` on."""

    partner_id: str
    client_id: str
    at: str


class UseCredential(NamedTuple):
    """Note that a partner's credential was exchanged for a token."""

    partner_id: str
    client_id: str
    at: str


Write = AddCredential | RevokeCredential | UseCredential


class Store(Protocol):
    """The state of all partners. Every method may raise :class:`StoreError`."""

    @property
    def is_volatile(self) -> bool:
        """Whether it is nowhere but in the memory of this process."""
        ...

    async def commit(
        self, writes: Sequence[Write], record: IdempotencyRecord | None, now: float
    ) -> IdempotencyRecord | None:
        """Apply ``writes`` and keep ``record``, in one atomic step.

        Where an unexpired record with the same ``key_hash`` exists already, nothing is applied
        and that record is the result; otherwise the result is None. ``now`` is the time of the
        partner of ``record``: it says nothing of what others have.
        """
        ...

    async def find_record(
        self, partner_id: str, key_hash: bytes, now: float
    ) -> IdempotencyRecord | None:
        """The unexpired record of a partner's key."""
        ...

    async def add_partner(self, partner_id: str, client_id: str, secret_hash: bytes) -> None:
        """Let a partner log in with one more client id; one that it has gets the new secret."""
        ...

    async def list_partners(self) -> list[PartnerLogin]:
        """All partners, in the order of their ids, each with its newest client id."""
        ...

    async def find_partner(self, partner_id: str) -> PartnerLogin | None:
        """One partner, with its newest client id."""
        ...

    async def reset_partner(self, partner_id: str) -> None:
        """Forget a partner's credentials and idempotency records."""
        ...

    async def remove_partner(self, partner_id: str) -> None:
        """Forget a partner with everything that it has."""
        ...

    async def find_login(self, client_id: str) -> Login | None:
        """Who may log in with ``client_id``."""
        ...

    async def find_credential(self, partner_id: str, client_id: str) -> Credential | None:
        """One of a partner's credentials."""
        ...

    async def list_credentials(
        self, partner_id: str, after: str | None, limit: int
    ) -> list[Credential]:
        """Up to ``limit`` credentials, newest first, from behind the one whose id is ``after``.

        Raises :class:`UnknownCursor` where the partner has no such credential.
        """
        ...

    async def signing_key(self) -> bytes:
        """The key that signs access tokens: made once, then the same for the store's life."""
        ...

    async def check(self) -> None:
        """Write something and forget it: whether it works, now."""
        ...

    async def close(self) -> None:
        """Let go of files and connections."""
        ...
