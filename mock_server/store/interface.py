"""The interface of a store and of its rate limit counters, and the values that they keep.

An operation never changes the store itself. It proposes :data:`Write` values with its answer,
and :meth:`Store.commit` applies them together with the idempotency record, or not at all. That
one step decides which of several equal requests made the resource, whichever process or host
they reached, and a crash leaves both or neither.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Protocol

from dinie_contract.errors import Unusable


class UnknownCursor(Exception):
    """The cursor of a page is not the id of a credential of this partner."""


class Outdated(Exception):
    """An item is no longer as the operation that proposes its change has read it."""


class ItemsFull(Exception):
    """A partner's items would take more than :data:`MAX_ITEM_BYTES`."""


MAX_ITEM_BYTES = 64 << 20
"""Limit on the bytes of one partner's items: one partner cannot fill the store of all."""

ITEM_OVERHEAD_BYTES = 256
"""What an item counts beside its value: its id, its place, and the store's own."""


class StoreError(Unusable):
    """The store cannot be opened, read or written; the message is one plain line."""


class StoreErrors:
    """Context manager that turns errors of a store's library into a :class:`StoreError`.

    ``name`` is the store in the message, ``kind`` the class of the library's errors, and
    ``mends`` what to do about its subclasses. One instance serves every statement.
    """

    __slots__ = ("_kind", "_mends", "_name")

    def __init__(
        self, name: str, kind: type[Exception], mends: Sequence[tuple[type[Exception], str]] = ()
    ) -> None:
        self._name = name
        self._kind = kind
        self._mends = mends

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        _: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, self._kind):
            mend = next((f" ({text})" for one, text in self._mends if isinstance(error, one)), "")
            raise StoreError(f"{self._name} cannot be used: {error}{mend}") from error


class Credential(NamedTuple):
    """A stored credential pair, with a hash in place of the secret. Timestamps are RFC 3339."""

    client_id: str
    """Serves as the ``id`` as well: the two are equal in every published example."""
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
    """The owner of a client id, the hash of its secret, and its credential if there is one.

    A partner's own login has no credential: it is not listed, does not expire, and cannot be
    revoked.
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


class UpdateCredential(NamedTuple):
    """Set fields of a partner's credential; no effect on one that the partner does not have.

    ``changes`` maps fields of :class:`Credential` to their new values. With ``only_active``, a
    credential of any other status stays as it is: of two revocations at once, the first counts.
    """

    partner_id: str
    client_id: str
    changes: Mapping[str, str | bytes]
    only_active: bool = False


class ItemWindow(NamedTuple):
    """Which items of a collection: up to ``limit``, from behind the position ``beyond``.

    ``newest_first`` says in which order; ``skip`` leaves out so many at the beginning.
    """

    limit: int
    newest_first: bool = False
    beyond: int | None = None
    skip: int = 0


class Item(NamedTuple):
    """A kept item. ``position`` grows with each new item of the partner, and never changes."""

    position: int
    item_id: str
    value: bytes


class ItemChange(NamedTuple):
    """Add, change or delete an item of a collection, if it is as ``before`` says.

    ``collection`` is a path such as ``/customers/7/payments``. None stands for no item: as
    ``before`` of a new one, and as ``after`` of a deletion, which also deletes the items of all
    collections below the item. Neither a collection nor an id has a null character.
    """

    partner_id: str
    collection: str
    item_id: str
    before: bytes | None
    after: bytes | None


Write = Credential | UpdateCredential | ItemChange
"""A new credential, a change of one, or a change of an item, which an operation proposes."""


class Items(Protocol):
    """The kept items of all partners, by collection. Every method may raise StoreError."""

    async def find(self, partner_id: str, collection: str, item_id: str) -> Item | None:
        """The item of a collection with this id, or None."""

    async def list(self, partner_id: str, collection: str, window: ItemWindow) -> Sequence[Item]:
        """The items of a collection within a window."""

    async def count(self, partner_id: str, collection: str) -> int:
        """How many items a collection has."""

    async def next_number(self, partner_id: str, collection: str) -> int:
        """The next of the numbers from 1 on, each of which is given once until a reset."""


class Store(Protocol):
    """The state of all partners. Every method may raise :class:`StoreError`."""

    is_volatile: bool
    """Whether the state exists in the memory of this process only."""
    items: Items
    """The kept items of collections."""

    async def commit(
        self, writes: Sequence[Write], record: IdempotencyRecord | None, now: float
    ) -> IdempotencyRecord | None:
        """Apply ``writes`` and keep ``record``, in one atomic step.

        Where an unexpired record with the same ``key_hash`` exists already, nothing is applied
        and that record is the result; otherwise the result is None. ``now`` is the time of the
        partner of ``record``; records of other partners must not be expired by it.

        Raises :class:`Outdated` where an item is not as its change says, and :class:`ItemsFull`;
        nothing is applied then.
        """

    async def find_record(
        self, partner_id: str, key_hash: bytes, now: float
    ) -> IdempotencyRecord | None:
        """The unexpired record of a partner's idempotency key, or None."""

    async def add_partner(self, partner_id: str, client_id: str, secret_hash: bytes) -> None:
        """Add a login to a partner; for a client id that it has already, replace the secret."""

    async def list_partners(self) -> list[PartnerLogin]:
        """All partners, in the order of their ids, each with its newest client id."""

    async def find_partner(self, partner_id: str) -> PartnerLogin | None:
        """The partner with this id and its newest client id, or None."""

    async def reset_partner(self, partner_id: str) -> None:
        """Delete a partner's credentials, items and idempotency records."""

    async def remove_partner(self, partner_id: str) -> None:
        """Delete a partner, its logins, credentials, items and idempotency records."""

    async def find_login(self, client_id: str) -> Login | None:
        """The login of ``client_id``, or None where no partner has it."""

    async def find_credential(self, partner_id: str, client_id: str) -> Credential | None:
        """The credential with this client id among the partner's own, or None."""

    async def list_credentials(
        self, partner_id: str, after: str | None, limit: int
    ) -> list[Credential]:
        """Up to ``limit`` credentials, newest first, from behind the one whose id is ``after``.

        Raises :class:`UnknownCursor` where the partner has no such credential.
        """

    async def signing_key(self) -> bytes:
        """The key that signs access tokens, made on the first call and kept in the store."""

    async def check(self) -> None:
        """Write a value, to find out whether the store works now."""

    async def close(self) -> None:
        """Close files and connections."""


class RateLimitCounters(Protocol):
    """Counts of requests in windows of fixed length, each opened by its first request."""

    async def hit(self, key: str, seconds: int, now: float) -> tuple[int, float]:
        """Count one request in a window of ``seconds``; :class:`StoreError` where that fails.

        The result is the count of the open window, and the Unix time in seconds of its end.
        """

    async def peek(self, key: str, seconds: int, now: float) -> tuple[int, float] | None:
        """The count and end of the open window as :meth:`hit` gives them; None without one."""

    async def forget(self, key: str) -> None:
        """Close the open window of ``key``; :class:`StoreError` where that fails."""

    async def close(self) -> None:
        """Close files and connections."""


class Backend(NamedTuple):
    """One kind of store, from its URL. Each function may raise :class:`StoreError`."""

    open_store: Callable[[str], Store]
    open_counters: Callable[[str], RateLimitCounters]
    """Opens the rate limit counters that belong to a store that is open already."""
    is_shared: Callable[[str], bool]
    """Whether several processes can use the store of this URL at once."""
