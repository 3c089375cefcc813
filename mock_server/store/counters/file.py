"""Rate limit windows in the SQLite file of the store, for all processes that share it."""

from pathlib import Path

import apsw

from mock_server.store.counters.memory import MemoryCounters
from mock_server.store.sqlite import open_file
from mock_server.store.sqlite_errors import PlainErrors
from mock_server.store.sqlite_tables import COUNT_REQUEST


class FileCounters:
    """Windows that several processes of one host count in together.

    The store has made the table. Raises StoreError where the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._alone = MemoryCounters()
        self._errors = PlainErrors(str(path))
        with self._errors:
            self._connection: apsw.Connection = open_file(path)
            self._execute = self._connection.cursor().execute

    async def hit(self, key: str, seconds: int, now: float) -> tuple[int, float]:
        """See :meth:`mock_server.store.counters.interface.RateLimitCounters.hit`.

        Where nothing can be written (the disk is full) this process counts alone: what need not
        be kept must not stand in the way of a request that only reads.
        """
        try:
            count, ends = self._execute(
                COUNT_REQUEST, {"partner_id": key, "seconds": seconds, "now": now}
            ).get
        except apsw.Error:
            return await self._alone.hit(key, seconds, now)
        return count, ends

    def forget(self, key: str) -> None:
        """See :meth:`mock_server.store.counters.interface.RateLimitCounters.forget`."""
        self._alone.forget(key)
        with self._errors:
            self._execute("DELETE FROM windows WHERE partner_id = ?", (key,))

    async def close(self) -> None:
        """See :meth:`mock_server.store.counters.interface.RateLimitCounters.close`."""
        self._connection.close()
