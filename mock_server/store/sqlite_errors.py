"""What can go wrong with a file, said in one line that also tells the mend."""

from types import TracebackType

import apsw

from mock_server.store.interface import StoreError

_MENDS: tuple[tuple[type[apsw.Error], str], ...] = (
    (apsw.FullError, "make room on its disk"),
    (apsw.ReadOnlyError, "let this user write the file and its folder"),
    (apsw.PermissionsError, "let this user read and write it"),
    (apsw.CantOpenError, "its folder must exist, and this user must be able to write there"),
    (apsw.NotADBError, "it is no SQLite file; name another"),
    (apsw.CorruptError, "the file is damaged: move it away, or put a copy in its place"),
    (apsw.BusyError, "another process holds it; end that one"),
    (apsw.IOError, "its disk fails"),
)


class PlainErrors:
    """A block in which the library's errors become :class:`StoreError`.

    ``name`` is what the store is called. One instance serves every statement.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, apsw.Error):
            mend = next((f" ({text})" for one, text in _MENDS if isinstance(error, one)), "")
            raise StoreError(f"{self._name} cannot be used: {error}{mend}") from error
