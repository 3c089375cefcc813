"""Connections to SQLite, in a private file or in memory, and advice about their errors."""

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import apsw

from mock_server.store.interface import StoreError

_PRIVATE = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_FILES = ("", "-wal", "-shm", "-journal")
"""Ends of the names of the database and of the files that SQLite keeps beside it."""

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
    """Open a file that :func:`make_private` has made; other processes use it at the same time."""
    connection = apsw.Connection(os.path.realpath(path))
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    # A commit survives the death of the process; only a power cut may take the last.
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


@contextlib.contextmanager
def as_it_lies(path: Path) -> Iterator[apsw.Connection | None]:
    """The file without its ``-wal``, of which nothing is locked or changed; None for an empty one.

    So another program's file stays as it is. Raises :class:`apsw.NotADBError` for no database.
    """
    place = os.path.realpath(path)
    connection = None
    # What else is wrong with it is said when it is opened to be used.
    with contextlib.suppress(OSError, apsw.CantOpenError, apsw.IOError, apsw.PermissionsError):
        if Path(place).stat().st_size:
            flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
            connection = apsw.Connection(f"{Path(place).as_uri()}?immutable=1", flags=flags)
    try:
        yield connection
    finally:
        if connection is not None:
            connection.close()


def make_private(path: Path) -> list[str]:
    """Create the database with mode 0600, or take the rights of others on its files away.

    Returns a line for each file that others had rights on. SQLite gives the files beside the
    database the mode of the database. Raises :class:`StoreError` for a file of another user.
    """
    changed: list[str] = []
    if not hasattr(os, "geteuid"):  # Windows: the rights of the folder are those of the file
        return changed
    with contextlib.suppress(OSError):  # SQLite says what is wrong with the place
        # A link may be there on purpose; the checks are of the file that it leads to.
        _make_private(os.path.realpath(path), path, os.geteuid(), changed)
    return changed


def _make_private(place: str, shown: Path, user: int, changed: list[str]) -> None:
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL, _PRIVATE)
        # A umask may have taken more.
        os.chmod(descriptor, _PRIVATE)  # noqa: PTH101 - of this very file
        # Only a file that was not there: closing another would drop the locks of this process.
        os.close(descriptor)
    for end in _FILES:
        file = Path(place + end)
        with contextlib.suppress(FileNotFoundError):
            found = file.lstat()
            if user not in {0, found.st_uid}:
                raise StoreError(
                    f"{shown}{end} belongs to another user, who could read the key that signs"
                    " tokens: name a file of your own"
                )
            if stat.S_ISREG(found.st_mode) and found.st_mode & _OTHERS:
                file.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
                changed.append(f"{shown}{end} was open to others, and is private from now on")


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
