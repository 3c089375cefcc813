"""The tables of the SQLite store, their migrations, and the statements on them.

A row of ``outcomes`` is the result of one request: a credential, an idempotency record, or both.
So the usual create with a key is one statement, and atomic by itself.
"""

MIGRATIONS = (
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
    # Without the index, finding expired records is a scan of the table. The made-up partner gets
    # another login at each start: the newest is shown.
    """
    CREATE INDEX expiry_of_keys ON outcomes (partner_id, key_expires_at)
        WHERE key_expires_at IS NOT NULL;
    CREATE TABLE logins (
        position INTEGER PRIMARY KEY,
        client_id TEXT NOT NULL UNIQUE, partner_id TEXT NOT NULL, secret_hash BLOB NOT NULL
    );
    INSERT INTO logins (client_id, partner_id, secret_hash)
        SELECT client_id, partner_id, secret_hash FROM partners;
    DROP TABLE partners;
    CREATE INDEX logins_of_partner ON logins (partner_id);
    CREATE TABLE windows (
        partner_id TEXT PRIMARY KEY, count INTEGER NOT NULL, ends REAL NOT NULL
    ) WITHOUT ROWID;
    """,
    # The items of other contracts. A position is never used again, because a cursor may name it.
    """
    CREATE TABLE items (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        partner_id TEXT NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL, value BLOB NOT NULL,
        UNIQUE (partner_id, collection, id)
    );
    CREATE INDEX items_in_order ON items (partner_id, collection, position);
    CREATE TABLE item_numbers (
        partner_id TEXT NOT NULL, collection TEXT NOT NULL, number INTEGER NOT NULL,
        PRIMARY KEY (partner_id, collection)
    ) WITHOUT ROWID;
    CREATE TABLE item_sizes (partner_id TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TRIGGER item_added AFTER INSERT ON items BEGIN
        INSERT INTO item_sizes VALUES (new.partner_id, length(new.value) + 256)
            ON CONFLICT (partner_id) DO UPDATE SET bytes = bytes + excluded.bytes;
    END;
    CREATE TRIGGER item_changed AFTER UPDATE ON items BEGIN
        UPDATE item_sizes SET bytes = bytes + length(new.value) - length(old.value)
            WHERE partner_id = new.partner_id;
    END;
    CREATE TRIGGER item_deleted AFTER DELETE ON items BEGIN
        UPDATE item_sizes SET bytes = bytes - length(old.value) - 256
            WHERE partner_id = old.partner_id;
    END;
    """,
)
"""Scripts from each version of the tables to the next; a released one is never edited."""

FIRST_TABLES = frozenset({"settings", "outcomes"})
"""Tables that a store of any version has."""

# ruff: noqa: S608 - every statement is made of constants
OWN_CREDENTIAL = "client_id = ? AND partner_id = ?"
ACTIVE_CREDENTIAL = f"{OWN_CREDENTIAL} AND status = 'active'"

CREDENTIAL = (
    "client_id, partner_id, secret_hash, name, status, expires_at,"
    " created_at, updated_at, last_used_at"
)
"""The columns of a credential, in the order of its fields."""

OWN_CREDENTIALS = (
    f"SELECT {CREDENTIAL} FROM outcomes WHERE partner_id = ? AND client_id IS NOT NULL"
)

_RECORD = "key_hash, sealed, key_expires_at"
_ONCE = "ON CONFLICT (key_hash) DO NOTHING"

ADD = f"INSERT INTO outcomes ({CREDENTIAL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
ADD_ONCE = (
    f"INSERT INTO outcomes ({CREDENTIAL}, {_RECORD})"
    f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {_ONCE}"
)
KEEP_ONCE = f"INSERT INTO outcomes (partner_id, {_RECORD}) VALUES (?, ?, ?, ?) {_ONCE}"

FIND_RECORD = (
    "SELECT key_hash, partner_id, sealed, key_expires_at FROM outcomes"
    " WHERE key_hash = ? AND key_expires_at > ?"
)

EXPIRED_KEY = "SELECT position FROM outcomes WHERE key_hash = ? AND key_expires_at <= ?"
EXPIRED_OF_PARTNER = (
    "SELECT position FROM outcomes WHERE partner_id = ? AND key_expires_at <= ? LIMIT 256"
)
"""Expired records of a partner, at most 256 of them, so that no request waits for long."""

FORGET_KEYS = (
    "UPDATE outcomes SET key_hash = NULL, sealed = NULL, key_expires_at = NULL"
    " WHERE client_id IS NOT NULL AND position IN"
)
FORGET_RECORDS = "DELETE FROM outcomes WHERE client_id IS NULL AND position IN"

FORGET_PARTNER = (
    "DELETE FROM outcomes WHERE partner_id = ? AND client_id IS NOT NULL",
    "DELETE FROM outcomes WHERE partner_id = ? AND key_expires_at IS NOT NULL",
    "DELETE FROM items WHERE partner_id = ?",
    "DELETE FROM item_numbers WHERE partner_id = ?",
)
"""Deletes all rows of a partner. Two of them on outcomes, because each condition has an index."""

_IS_OPEN = "ends > :now AND ends <= :now + :seconds"
"""Whether a window is open. One that ends later predates a clock that was set back."""

COUNT_REQUEST = f"""
    INSERT INTO windows VALUES (:partner_id, 1, :now + :seconds)
    ON CONFLICT (partner_id) DO UPDATE SET
        count = CASE WHEN {_IS_OPEN} THEN count + 1 ELSE 1 END,
        ends = CASE WHEN {_IS_OPEN} THEN ends ELSE excluded.ends END
    RETURNING count, ends
"""
"""Count one request in the open window of a partner, or open one."""

READ_WINDOW = f"SELECT count, ends FROM windows WHERE partner_id = :partner_id AND {_IS_OPEN}"
