"""The embedded store: SQLite, in memory or in one file (write-ahead log)."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import apsw

from mock_server.store.interface import (
    AddCredential,
    Credential,
    IdempotencyRecord,
    Login,
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
    CREATE TABLE credentials (
        position INTEGER PRIMARY KEY,
        client_id TEXT NOT NULL UNIQUE,
        partner_id TEXT NOT NULL, secret_hash BLOB NOT NULL,
        name TEXT NOT NULL, status TEXT NOT NULL, expires_at TEXT,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL, last_used_at TEXT
    );
    CREATE INDEX credentials_of_partner ON credentials (partner_id);
    CREATE TABLE idempotency (
        position INTEGER PRIMARY KEY,
        key_hash BLOB NOT NULL UNIQUE, partner_id TEXT NOT NULL, fingerprint BLOB NOT NULL,
        sealed BLOB NOT NULL, expires_at REAL NOT NULL
    );
    """,
)
"""What leads from one version of the tables to the next; a released one is never edited."""

_COLUMNS = (
    "client_id, partner_id, secret_hash, name, status, expires_at,"
    " created_at, updated_at, last_used_at"
)
_ADD = f"INSERT INTO credentials ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
_KEEP = (
    "INTO idempotency (key_hash, partner_id, fingerprint, sealed, expires_at)"
    " VALUES (?, ?, ?, ?, ?)"
)
_KEEP_NEW = f"INSERT OR IGNORE {_KEEP}"
_KEEP_AGAIN = f"INSERT OR REPLACE {_KEEP}"
_FIND = (
    "SELECT key_hash, partner_id, fingerprint, sealed, expires_at FROM idempotency"
    " WHERE key_hash = ? AND expires_at > ?"
)
# Records are kept in the order in which they expire, but for clocks that were set.
_FORGET = (
    "DELETE FROM idempotency WHERE expires_at <= ? AND position <="
    " (SELECT max(position) FROM (SELECT position FROM idempotency ORDER BY position LIMIT ?))"
)

_RECORDS_BETWEEN_CLEANINGS = 100
_BUSY_MILLISECONDS = 5_000


class SqliteStore:
    """State in SQLite. ``path`` None keeps it in memory.

    Statements run on the event loop's own thread: each takes microseconds, less than handing
    it to another. Raises :class:`StoreError` for a file that cannot be opened, is no such
    store, or was written by a newer version.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._name = str(path) if path else "the store in memory"
        self._kept = 0
        self._errors = _Errors(self._name)
        with self._errors:
            # Not ":memory:": the more it holds, the longer its insertions take. This holds 1 GiB.
            where, vfs = (str(path), None) if path else ("memory", "memdb")
            self._connection = apsw.Connection(where, vfs=vfs)
            self._connection.set_busy_timeout(_BUSY_MILLISECONDS)
            if path:
                # A commit survives the death of the process; only a power cut may take the last.
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = NORMAL")
            self._migrate()
        # One cursor for all statements: what one finds is read before the next runs.
        self._execute = self._connection.cursor().execute

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
        with self._errors:
            if record is None and len(writes) <= 1:
                for write in writes:  # one statement is atomic by itself
                    self._apply(write)
                return None
            return self._transact(writes, record, now)

    def _transact(
        self, writes: Sequence[Write], record: IdempotencyRecord | None, now: float
    ) -> IdempotencyRecord | None:
        self._execute("BEGIN IMMEDIATE")
        try:
            earlier = self._keep(record, now) if record else None
            if earlier is None:
                for write in writes:
                    self._apply(write)
            self._execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
            raise
        return earlier

    def _apply(self, write: Write) -> None:
        match write:
            case AddCredential(credential):
                self._execute(_ADD, credential)
            case RevokeCredential(partner_id, client_id, at):
                self._execute(
                    "UPDATE credentials SET status = 'revoked', updated_at = ?"
                    " WHERE client_id = ? AND partner_id = ? AND status = 'active'",
                    (at, client_id, partner_id),
                )
            case UseCredential(client_id, at):
                self._execute(
                    "UPDATE credentials SET last_used_at = ? WHERE client_id = ?", (at, client_id)
                )

    def _keep(self, record: IdempotencyRecord, now: float) -> IdempotencyRecord | None:
        """Keep a record, or give the unexpired one that has its key."""
        self._execute(_KEEP_NEW, record)
        if not self._connection.changes():
            earlier = self._find(record.key_hash, now)
            if earlier:
                return earlier
            self._execute(_KEEP_AGAIN, record)
        self._kept += 1
        if self._kept % _RECORDS_BETWEEN_CLEANINGS == 0:
            self._execute(_FORGET, (now, 2 * _RECORDS_BETWEEN_CLEANINGS))
        return None

    def _find(self, key_hash: bytes, now: float) -> IdempotencyRecord | None:
        row = self._execute(_FIND, (key_hash, now)).fetchone()
        return IdempotencyRecord(*row) if row else None

    async def find_record(self, key_hash: bytes, now: float) -> IdempotencyRecord | None:
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
        query = f"SELECT {_COLUMNS} FROM credentials WHERE {condition}"  # noqa: S608 - constants
        row = self._execute(query, values).fetchone()
        return Credential(*row) if row else None

    async def list_credentials(
        self, partner_id: str, after: str | None, limit: int
    ) -> list[Credential]:
        """See :meth:`mock_server.store.interface.Store.list_credentials`."""
        query = f"SELECT {_COLUMNS} FROM credentials WHERE partner_id = ?"  # noqa: S608 - constants
        values: list[str | int] = [partner_id]
        with self._errors:
            if after is not None:
                row = self._execute(
                    "SELECT position FROM credentials WHERE client_id = ? AND partner_id = ?",
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

    def close(self) -> None:
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
