"""Connections to SQLite, in a file or in memory, and advice about their errors."""

import time
from pathlib import Path

import apsw

BUSY_MILLISECONDS = 5_000
"""How long a statement waits for another process that writes."""

_SECONDS_BEFORE_NEXT = 0.01

MENDS: tuple[tuple[type[apsw.Error], str], ...] = (
    (apsw.FullError, "make room on its disk"),
    (apsw.ReadOnlyError, "let this user write the file and its folder"),
    (apsw.PermissionsError, "let this user read and write it"),
    (apsw.CantOpenError, "its folder must exist, and this user must be able to write there"),
    (apsw.NotADBError, "it is no SQLite file; name another"),
    (apsw.CorruptError, "the file is damaged: move it away, or put a copy in its place"),
    (apsw.BusyError, "another process holds it; end that one"),
    (apsw.IOError, "its disk fails"),
)
"""Advice to a user for the errors of SQLite."""


def open_file(path: Path) -> apsw.Connection:
    """Open a file that other processes use at the same time; it is made where there is none."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    # A commit survives the death of the process; only a power cut may take the last.
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _write_ahead(connection: apsw.Connection) -> None:
    # Where several processes open a fresh file at once, one changes how its journal is kept.
    # SQLite refuses the others at once, whatever the busy timeout is.
    deadline = time.monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_SECONDS_BEFORE_NEXT)
        else:
            return


def open_memory() -> apsw.Connection:
    """Open a database in memory, of up to 1 GiB."""
    # Not ":memory:": the more it holds, the longer its insertions take.
    connection = apsw.Connection("memory", vfs="memdb")
    # Nobody else can open it, and reading a page is copying it from memory to memory; each
    # commit looks at every page in the cache.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA cache_size = 32")
    return connection
