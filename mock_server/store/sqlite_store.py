"""The embedded store: SQLite, in memory (``sqlite://``) or in a file (``sqlite:///FILE``)."""

import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from mock_server.store import sqlite_tables as tables
from mock_server.store.interface import (
    Backend,
    Credential,
    IdempotencyRecord,
    ItemChange,
    Login,
    PartnerLogin,
    RateLimitCounters,
    Store,
    StoreError,
    StoreErrors,
    UnknownCursor,
    UpdateCredential,
    Write,
)
from mock_server.store.sqlite_connection import (
    BUSY_MILLISECONDS,
    MENDS,
    as_it_lies,
    make_private,
    open_file,
    open_memory,
)
from mock_server.store.sqlite_counters import FileCounters, MemoryCounters
from mock_server.store.sqlite_items import SqliteItems

logger = logging.getLogger("mock_server")

_KEPT_BETWEEN_CLEANINGS = 64
"""Records between two deletions of expired ones: a deletion may remove more than that."""

_BUSY_MILLISECONDS_OF_CHECK = 1_000


def _path(url: str) -> Path | None:
    """The file of ``sqlite:///file.db`` or ``sqlite:////absolute.db``; None for one in memory."""
    rest = url.removeprefix("sqlite://")
    if rest and not rest.startswith("/"):
        raise StoreError(f"{url} names a host: a file is written sqlite:///{rest}")
    return Path(rest[1:]) if rest.removeprefix("/") not in {"", ":memory:"} else None


class SqliteStore(Store):
    """State in SQLite. ``path`` None keeps it in memory.

    Statements run on the event loop's own thread: each takes microseconds, less than handing
    it to another. Raises :class:`StoreError` for a file that cannot be opened, is no such
    store, or was written by a newer version.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._name = str(path) if path else "the store in memory"
        self.is_volatile = path is None
        self._errors = StoreErrors(self._name, apsw.Error, MENDS)
        self._kept = 0
        with self._errors:
            if path:
                self._refuse_foreign(path)
            changed = make_private(path) if path else []
            self._connection = open_file(path) if path else open_memory()
            self._file = (path, _identity(path)) if path else None
            self._migrate()
            # One cursor for all statements: what one finds is read to the end before the next
            # runs, and before others wait for a transaction that is still open.
            self._execute = self._connection.cursor().execute
            self.items = SqliteItems(self._execute, self._errors)
        for line in changed:  # after any refusal, which is a single line
            logger.warning(line)

    def _refuse_foreign(self, path: Path) -> None:
        """Raise :class:`StoreError` for another program's file, as long as it is unchanged."""
        with as_it_lies(path) as connection:
            if connection is None:
                return
            # Pages that another process is writing may not fit together yet.
            with suppress(apsw.CorruptError):
                names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
                if names and not names >= tables.FIRST_TABLES:
                    raise StoreError(
                        f"{self._name} is a database of another program, and left as it is:"
                        " name another file"
                    )
                self._check_version(connection.pragma("user_version"))

    def _migrate(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        version = self._connection.pragma("user_version")
        self._check_version(version)
        for script in tables.MIGRATIONS[version:]:
            self._connection.execute(script)
        self._connection.execute(f"PRAGMA user_version = {len(tables.MIGRATIONS)}")
        self._connection.execute("COMMIT")

    def _check_version(self, version: int) -> None:
        if version > len(tables.MIGRATIONS):
            raise StoreError(
                f"{self._name} was written by a newer dinie-contract (version {version} of its"
                f" tables, this one knows {len(tables.MIGRATIONS)}): upgrade, or name another file"
            )

    async def commit(
        self, writes: Sequence[Write], record: IdempotencyRecord | None, now: float
    ) -> IdempotencyRecord | None:
        added = writes[0] if writes and isinstance(writes[0], Credential) else None
        # What a row holds beside its record needs no statement of its own.
        statements = len(writes) + (record is not None and added is None)
        with self._errors:
            if statements <= 1 and not (writes and isinstance(writes[0], ItemChange)):
                return self._apply_all(writes, added, record, now)
            with self._transaction():
                return self._apply_all(writes, added, record, now)

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

    def _apply_all(
        self,
        writes: Sequence[Write],
        added: Credential | None,
        record: IdempotencyRecord | None,
        now: float,
    ) -> IdempotencyRecord | None:
        """Apply ``writes`` and keep ``record``, or give the unexpired record of the same key."""
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
            case Credential():
                self._execute(tables.ADD, write)
            case UpdateCredential(partner_id, client_id, changes, only_active):
                columns = ", ".join(f"{name} = ?" for name in changes)
                condition = tables.ACTIVE_CREDENTIAL if only_active else tables.OWN_CREDENTIAL
                self._execute(
                    f"UPDATE outcomes SET {columns} WHERE {condition}",  # noqa: S608 - field names
                    (*changes.values(), client_id, partner_id),
                )
            case ItemChange():
                self.items.apply(write)

    def _keep(
        self, added: Credential | None, record: IdempotencyRecord, now: float
    ) -> IdempotencyRecord | None:
        """Insert a record, and the credential that was made with it, unless its key is taken."""
        key_hash, partner_id, sealed, expires_at = record
        row: tuple[str | bytes | float | None, ...]
        if added:
            statement, row = tables.ADD_ONCE, (*added, key_hash, sealed, expires_at)
        else:
            statement, row = tables.KEEP_ONCE, (partner_id, key_hash, sealed, expires_at)
        self._execute(statement, row)
        while not self._connection.changes():
            earlier = self._find(key_hash, now)
            if earlier:
                return earlier
            self._forget(tables.EXPIRED_KEY, key_hash, now)
            self._execute(statement, row)
        self._kept += 1
        if self._kept % _KEPT_BETWEEN_CLEANINGS == 0:
            self._forget(tables.EXPIRED_OF_PARTNER, partner_id, now)
        return None

    def _forget(self, which: str, value: str | bytes, now: float) -> None:
        """Delete expired records of one key or partner (``which``), whose time is ``now``."""
        for statement in (tables.FORGET_KEYS, tables.FORGET_RECORDS):
            self._execute(f"{statement} ({which})", (value, now))

    def _find(self, key_hash: bytes, now: float) -> IdempotencyRecord | None:
        row = self._execute(tables.FIND_RECORD, (key_hash, now)).get
        return IdempotencyRecord(*row) if row else None

    async def find_record(
        self, partner_id: str, key_hash: bytes, now: float
    ) -> IdempotencyRecord | None:
        with self._errors:
            return self._find(key_hash, now)

    async def add_partner(self, partner_id: str, client_id: str, secret_hash: bytes) -> None:
        with self._errors:
            self._execute(
                "INSERT OR REPLACE INTO logins (client_id, partner_id, secret_hash)"
                " VALUES (?, ?, ?)",
                (client_id, partner_id, secret_hash),
            )

    async def list_partners(self) -> list[PartnerLogin]:
        with self._errors:
            rows = self._execute(
                "SELECT partner_id, client_id FROM logins WHERE position IN"
                " (SELECT max(position) FROM logins GROUP BY partner_id) ORDER BY partner_id"
            )
            return [PartnerLogin(*row) for row in rows]

    async def find_partner(self, partner_id: str) -> PartnerLogin | None:
        with self._errors:
            row = self._execute(
                "SELECT partner_id, client_id FROM logins WHERE partner_id = ?"
                " ORDER BY position DESC LIMIT 1",
                (partner_id,),
            ).get
            return PartnerLogin(*row) if row else None

    async def reset_partner(self, partner_id: str) -> None:
        self._delete(partner_id, *tables.FORGET_PARTNER)

    async def remove_partner(self, partner_id: str) -> None:
        logins = "DELETE FROM logins WHERE partner_id = ?"
        self._delete(partner_id, *tables.FORGET_PARTNER, logins)

    def _delete(self, partner_id: str, *statements: str) -> None:
        with self._errors, self._transaction():
            for statement in statements:
                self._execute(statement, (partner_id,))

    async def find_login(self, client_id: str) -> Login | None:
        with self._errors:
            row = self._execute(
                "SELECT partner_id, secret_hash FROM logins WHERE client_id = ?", (client_id,)
            ).get
            if row:
                partner_id, secret_hash = row
                return Login(partner_id, secret_hash, None)
            credential = self._credential("client_id = ?", client_id)
        return credential and Login(credential.partner_id, credential.secret_hash, credential)

    async def find_credential(self, partner_id: str, client_id: str) -> Credential | None:
        with self._errors:
            return self._credential(tables.OWN_CREDENTIAL, client_id, partner_id)

    def _credential(self, condition: str, *values: str) -> Credential | None:
        query = f"SELECT {tables.CREDENTIAL} FROM outcomes WHERE {condition}"  # noqa: S608 - constants
        row = self._execute(query, values).get
        return Credential(*row) if row else None

    async def list_credentials(
        self, partner_id: str, after: str | None, limit: int
    ) -> list[Credential]:
        query = tables.OWN_CREDENTIALS
        values: list[str | int] = [partner_id]
        with self._errors:
            if after is not None:
                position = self._execute(
                    "SELECT position FROM outcomes WHERE client_id = ? AND partner_id = ?",
                    (after, partner_id),
                ).get
                if position is None:
                    raise UnknownCursor(after)
                query += " AND position < ?"
                values.append(position)
            rows = self._execute(f"{query} ORDER BY position DESC LIMIT ?", (*values, limit))
            return [Credential(*row) for row in rows]

    async def signing_key(self) -> bytes:
        with self._errors:
            self._execute(
                "INSERT OR IGNORE INTO settings VALUES ('signing_key', ?)",
                (secrets.token_bytes(32),),
            )
            found = self._execute("SELECT value FROM settings WHERE name = 'signing_key'")
            return bytes(found.get)

    async def check(self) -> None:
        if self._file and _identity(self._file[0]) != self._file[1]:
            raise StoreError(
                f"{self._name} was moved or removed while it was open: start the mock again"
            )
        with self._errors:
            # While it waits for another process that writes, all other requests do.
            self._connection.set_busy_timeout(_BUSY_MILLISECONDS_OF_CHECK)
            try:
                self._execute("INSERT OR REPLACE INTO settings VALUES ('checked', x'')")
            finally:
                self._connection.set_busy_timeout(BUSY_MILLISECONDS)

    async def close(self) -> None:
        self._connection.close()


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file; None where there is no file of that name."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _open_counters(url: str) -> RateLimitCounters:
    path = _path(url)
    return FileCounters(path) if path else MemoryCounters()


BACKEND = Backend(
    lambda url: SqliteStore(_path(url)),
    _open_counters,
    is_shared=lambda url: _path(url) is not None,
)
