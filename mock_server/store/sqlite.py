"""The embedded store: SQLite, in memory or in one file (write-ahead log)."""

import math
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import apsw

from mock_server.store.interface import (
    AddCredential,
    Credential,
    IdempotencyRecord,
    Login,
    PartnerLogin,
    RevokeCredential,
    StoreError,
    UnknownCursor,
    UseCredential,
    Write,
)

_MIGRATIONS = (
    """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE partners (
        client_id TEXT PRIMARY KEY, partner_id TEXT NOT NULL, secret_hash BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE outcomes (
        position INTEGER PRIMARY KEY,
        partner_id TEXT NOT NULL,
        client_id TEXT UNIQUE, secret_hash BLOB, name TEXT, status TEXT, expires_at TEXT,
        created_at TEXT, updated_at TEXT, last_used_at TEXT,
        key_hash BLOB UNIQUE, sealed BLOB, key_expires_at REAL
    );
    CREATE INDEX credentials_of_partner ON outcomes (partner_id) WHERE client_id IS NOT NULL;
    """,
)
"""What leads from one version of the tables to the next; a released one is never edited.

A row of ``outcomes`` is what came of one request: a credential, an idempotency record, or both.
So the usual create with a key is one statement, and atomic by itself.
"""

_CREDENTIAL = (
    "client_id, partner_id, secret_hash, name, status, expires_at,"
    " created_at, updated_at, last_used_at"
)
_RECORD = "key_hash, sealed, key_expires_at"
_ADD = f"INSERT INTO outcomes ({_CREDENTIAL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
_ONCE = "ON CONFLICT (key_hash) DO NOTHING"
_ADD_ONCE = (
    f"INSERT INTO outcomes ({_CREDENTIAL}, {_RECORD})"  # noqa: S608 - constants
    f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {_ONCE}"
)
_KEEP_ONCE = f"INSERT INTO outcomes (partner_id, {_RECORD}) VALUES (?, ?, ?, ?) {_ONCE}"  # noqa: S608 - constants
_FIND = (
    "SELECT key_hash, partner_id, sealed, key_expires_at FROM outcomes"
    " WHERE key_hash = ? AND key_expires_at > ?"
)
_FORGET_KEYS = (
    "UPDATE outcomes SET key_hash = NULL, sealed = NULL, key_expires_at = NULL"
    " WHERE key_expires_at <= ? AND client_id IS NOT NULL"
)
_FORGET_RECORDS = "DELETE FROM outcomes WHERE key_expires_at <= ? AND client_id IS NULL"
_OF_KEY, _OF_PARTNER = " AND key_hash = ?", " AND partner_id = ?"
_SURVEY = "SELECT count(*), coalesce(min(key_expires_at), 9e99) FROM outcomes"

_FEWEST_BETWEEN_CLEANINGS = 250
_BUSY_MILLISECONDS = 5_000
_BUSY_MILLISECONDS_OF_CHECK = 1_000


class SqliteStore:
    """State in SQLite. ``path`` None keeps it in memory.

    Statements run on the event loop's own thread: each takes microseconds, less than handing
    it to another. Raises :class:`StoreError` for a file that cannot be opened, is no such
    store, or was written by a newer version.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._name = str(path) if path else "the store in memory"
        self.is_volatile = path is None
        self._errors = _Errors(self._name)
        self._earliest_expiry = math.inf
        with self._errors:
            # Not ":memory:": the more it holds, the longer its insertions take. This holds 1 GiB.
            where, vfs = (str(path), None) if path else ("memory", "memdb")
            self._connection = apsw.Connection(where, vfs=vfs)
            self._connection.set_busy_timeout(_BUSY_MILLISECONDS)
            if path:
                # A commit survives the death of the process; only a power cut may take the last.
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = NORMAL")
            else:
                # Nobody else can open it, and reading a page is copying it from memory to
                # memory; each commit looks at every page in the cache.
                self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                self._connection.execute("PRAGMA cache_size = 32")
            self._migrate()
            # One cursor for all statements: what one finds is read before the next runs.
            self._execute = self._connection.cursor().execute
            self._survey()

    def _migrate(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        version = self._connection.pragma("user_version")
        if version > len(_MIGRATIONS):
            raise StoreError(
                f"{self._name} was written by a newer dinie-contract (version {version} of its"
                f" tables, this one knows {len(_MIGRATIONS)}): upgrade, or name another file"
            )
        for script in _MIGRATIONS[version:]:
            self._connection.execute(script)
        self._connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")
        self._connection.execute("COMMIT")

    async def commit(
        self, writes: Sequence[Write], record: IdempotencyRecord | None, now: float
    ) -> IdempotencyRecord | None:
        """See :meth:`mock_server.store.interface.Store.commit`."""
        added = writes[0] if writes and isinstance(writes[0], AddCredential) else None
        # What a row holds beside its record needs no statement of its own.
        statements = len(writes) + (record is not None and added is None)
        with self._errors:
            if statements <= 1:
                return self._take(writes, added, record, now)
            with self._transaction():
                return self._take(writes, added, record, now)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
            raise

    def _take(
        self,
        writes: Sequence[Write],
        added: AddCredential | None,
        record: IdempotencyRecord | None,
        now: float,
    ) -> IdempotencyRecord | None:
        """Apply and keep everything, or give the unexpired record that has the key."""
        if record is not None:
            earlier = self._keep(added, record, now)
            if earlier:
                return earlier
            if added:
                writes = writes[1:]
        for write in writes:
            self._apply(write)
        return None

    def _apply(self, write: Write) -> None:
        match write:
            case AddCredential(credential):
                self._execute(_ADD, credential)
            case RevokeCredential(partner_id, client_id, at):
                self._execute(
                    "UPDATE outcomes SET status = 'revoked', updated_at = ?"
                    " WHERE client_id = ? AND partner_id = ? AND status = 'active'",
                    (at, client_id, partner_id),
                )
            case UseCredential(partner_id, client_id, at):
                self._execute(
                    "UPDATE outcomes SET last_used_at = ? WHERE client_id = ? AND partner_id = ?",
                    (at, client_id, partner_id),
                )

    def _keep(
        self, added: AddCredential | None, record: IdempotencyRecord, now: float
    ) -> IdempotencyRecord | None:
        """Insert a record, and the credential that was made with it, unless its key is taken."""
        key_hash, partner_id, sealed, expires_at = record
        row: tuple[str | bytes | float | None, ...]
        if added:
            statement, row = _ADD_ONCE, (*added.credential, key_hash, sealed, expires_at)
        else:
            statement, row = _KEEP_ONCE, (partner_id, key_hash, sealed, expires_at)
        self._execute(statement, row)
        while not self._connection.changes():
            earlier = self._find(key_hash, now)
            if earlier:
                return earlier
            self._forget(_OF_KEY, key_hash, now)
            self._execute(statement, row)
        self._kept += 1
        self._earliest_expiry = min(self._earliest_expiry, expires_at)
        if self._kept >= self._clean_after and self._earliest_expiry <= now:
            self._forget(_OF_PARTNER, partner_id, now)
            self._survey()
        return None

    def _forget(self, whose: str, value: str | bytes, now: float) -> None:
        """Forget records that are over; ``now`` is one partner's time, and says it for no other."""
        self._execute(_FORGET_KEYS + whose, (now, value))
        self._execute(_FORGET_RECORDS + whose, (now, value))

    def _survey(self) -> None:
        rows, earliest = self._execute(_SURVEY).get
        self._earliest_expiry = earliest
        # A cleaning walks over all rows, so it waits until there are half as many again.
        self._clean_after: int = max(_FEWEST_BETWEEN_CLEANINGS, rows // 2)
        self._kept: int = 0

    def _find(self, key_hash: bytes, now: float) -> IdempotencyRecord | None:
        row = self._execute(_FIND, (key_hash, now)).fetchone()
        return IdempotencyRecord(*row) if row else None

    async def find_record(
        self, partner_id: str, key_hash: bytes, now: float
    ) -> IdempotencyRecord | None:
        """See :meth:`mock_server.store.interface.Store.find_record`."""
        with self._errors:
            return self._find(key_hash, now)

    async def add_partner(self, partner_id: str, client_id: str, secret_hash: bytes) -> None:
        """See :meth:`mock_server.store.interface.Store.add_partner`."""
        with self._errors:
            self._execute(
                "INSERT OR REPLACE INTO partners VALUES (?, ?, ?)",
                (client_id, partner_id, secret_hash),
            )

    async def list_partners(self) -> list[PartnerLogin]:
        """See :meth:`mock_server.store.interface.Store.list_partners`."""
        with self._errors:
            rows = self._execute("SELECT partner_id, client_id FROM partners ORDER BY partner_id")
            return [PartnerLogin(*row) for row in rows]

    async def find_partner(self, partner_id: str) -> PartnerLogin | None:
        """See :meth:`mock_server.store.interface.Store.find_partner`."""
        with self._errors:
            row = self._execute(
                "SELECT partner_id, client_id FROM partners WHERE partner_id = ?", (partner_id,)
            ).fetchone()
            return PartnerLogin(*row) if row else None

    async def reset_partner(self, partner_id: str) -> None:
        """See :meth:`mock_server.store.interface.Store.reset_partner`."""
        with self._errors:
            self._execute("DELETE FROM outcomes WHERE partner_id = ?", (partner_id,))

    async def remove_partner(self, partner_id: str) -> None:
        """See :meth:`mock_server.store.interface.Store.remove_partner`."""
        with self._errors, self._transaction():
            self._execute("DELETE FROM outcomes WHERE partner_id = ?", (partner_id,))
            self._execute("DELETE FROM partners WHERE partner_id = ?", (partner_id,))

    async def find_login(self, client_id: str) -> Login | None:
        """See :meth:`mock_server.store.interface.Store.find_login`."""
        with self._errors:
            row = self._execute(
                "SELECT partner_id, secret_hash FROM partners WHERE client_id = ?", (client_id,)
            ).fetchone()
            if row:
                partner_id, secret_hash = row
                return Login(partner_id, secret_hash, None)
            credential = self._credential("client_id = ?", client_id)
        if credential is None:
            return None
        return Login(credential.partner_id, credential.secret_hash, credential)

    async def find_credential(self, partner_id: str, client_id: str) -> Credential | None:
        """See :meth:`mock_server.store.interface.Store.find_credential`."""
        with self._errors:
            return self._credential("client_id = ? AND partner_id = ?", client_id, partner_id)

    def _credential(self, condition: str, *values: str) -> Credential | None:
        query = f"SELECT {_CREDENTIAL} FROM outcomes WHERE {condition}"  # noqa: S608 - constants
        row = self._execute(query, values).fetchone()
        return Credential(*row) if row else None

    async def list_credentials(
        self, partner_id: str, after: str | None, limit: int
    ) -> list[Credential]:
        """See :meth:`mock_server.store.interface.Store.list_credentials`."""
        query = f"SELECT {_CREDENTIAL} FROM outcomes WHERE partner_id = ? AND client_id IS NOT NULL"  # noqa: S608 - constants
        values: list[str | int] = [partner_id]
        with self._errors:
            if after is not None:
                row = self._execute(
                    "SELECT position FROM outcomes WHERE client_id = ? AND partner_id = ?",
                    (after, partner_id),
                ).fetchone()
                if row is None:
                    raise UnknownCursor(after)
                query += " AND position < ?"
                values.append(row[0])
            rows = self._execute(f"{query} ORDER BY position DESC LIMIT ?", (*values, limit))
            return [Credential(*row) for row in rows]

    async def signing_key(self) -> bytes:
        """See :meth:`mock_server.store.interface.Store.signing_key`."""
        with self._errors:
            self._execute(
                "INSERT OR IGNORE INTO settings VALUES ('signing_key', ?)",
                (secrets.token_bytes(32),),
            )
            found = self._execute("SELECT value FROM settings WHERE name = 'signing_key'")
            return bytes(found.get)

    async def check(self) -> None:
        """See :meth:`mock_server.store.interface.Store.check`."""
        with self._errors:
            # While it waits for another process that writes, all other requests do.
            self._connection.set_busy_timeout(_BUSY_MILLISECONDS_OF_CHECK)
            try:
                self._execute("INSERT OR REPLACE INTO settings VALUES ('checked', x'')")
            finally:
                self._connection.set_busy_timeout(_BUSY_MILLISECONDS)

    async def close(self) -> None:
        """See :meth:`mock_server.store.interface.Store.close`."""
        self._connection.close()


class _Errors:
    """Tells the library's errors as the store's own, in one line."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        """Nothing to prepare: one instance serves every statement."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, apsw.Error):
            raise StoreError(f"{self._name} cannot be used: {error}") from error
