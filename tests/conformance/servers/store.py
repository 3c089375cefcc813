"""The keys of all partners, in memory."""

import base64
import itertools
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.conformance.servers.options import Bug, Ids, Options, Order

_ULID_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(slots=True)
class Key:
    """One pair of client id and secret."""

    partner: str
    id: str
    client_id: str
    secret: str
    name: str
    expires_at: datetime | None
    end: str | None
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None = None
    revoked: bool = False


class Store:
    """Safe for many threads."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._keys: dict[str, Key] = {}
        self._bodies: dict[tuple[str, str], bytes] = {}
        self._lock = threading.Lock()
        self._count = itertools.count()
        self._ahead = timedelta(hours=options.clock_hours)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move_clock(self, seconds: int) -> None:
        with self._lock:
            self._ahead += timedelta(seconds=seconds)

    def make(self, partner: str, name: str, expires_at: datetime | None, end: str | None) -> Key:
        now, options, number = self.now(), self._options, next(self._count)
        client_id = options.id_prefix + self._id()
        id_ = client_id if options.id_is_client_id else self._hex(8)
        if options.id_is_a_number:
            id_ = str(1000 + number)
        secret = options.secret_prefix + self._hex(24)
        if options.secrets_are_base64:
            secret = base64.b64encode(secrets.token_bytes(25)).decode()
        if options.bug is Bug.SECRETS_ARE_COUNTED:
            secret = f"{options.secret_prefix}{number:032}"
        key = Key(partner, id_, client_id, secret, name, expires_at, end, now, now)
        with self._lock:
            self._keys[client_id] = key
        return key

    def of(self, partner: str) -> list[Key]:
        with self._lock:
            found = list(self._keys.values())
        if self._options.order is Order.NEWEST_FIRST:
            found.reverse()
        elif self._options.order is Order.BY_CLIENT_ID:
            found.sort(key=lambda one: one.client_id)
        shared = self._options.bug is Bug.LISTS_ARE_SHARED_BY_PARTNERS
        return [key for key in found if shared or key.partner == partner]

    def find(self, client_id: str, partner: str | None = None) -> Key | None:
        with self._lock:
            key = self._keys.get(client_id)
        return key if key and partner in {None, key.partner} else None

    def change(self, key: Key, edit: Callable[[Key], None]) -> None:
        with self._lock:
            edit(key)

    def forget(self, key: Key) -> None:
        with self._lock:
            del self._keys[key.client_id]

    def first_body(self, partner: str, key: str, body: bytes) -> bytes:
        """What the first request with an idempotency key had in its body."""
        with self._lock:
            return self._bodies.setdefault((partner, key), body)

    def _id(self) -> str:
        match self._options.ids:
            case Ids.ULID:
                number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
                return "".join(_ULID_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))
            case Ids.PUNCTUATED:
                return f"acme/prod key+{secrets.token_hex(12)}=~%41:é"
            case _:
                return self._hex(16)

    def _hex(self, size: int) -> str:
        text = secrets.token_hex(size)
        return text.upper() if self._options.ids is Ids.UPPER_HEX else text
