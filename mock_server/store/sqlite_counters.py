"""Rate limit counters of the SQLite store: of one process, or in the file that several share."""

from pathlib import Path

import apsw

from mock_server.store.interface import RateLimitCounters, StoreErrors
from mock_server.store.sqlite_connection import MENDS, open_file
from mock_server.store.sqlite_tables import COUNT_REQUEST, READ_WINDOW


class MemoryCounters(RateLimitCounters):
    """Counters in the memory of this process, one window for each partner.

    Those of the ``limits`` library read the machine's clock, which is not the partner's, and walk
    over all keys with every request.
    """

    def __init__(self) -> None:
        self._windows: dict[str, tuple[int, float]] = {}

    async def hit(self, key: str, seconds: int, now: float) -> tuple[int, float]:
        count, ends = await self.peek(key, seconds, now) or (0, now + seconds)
        window = self._windows[key] = count + 1, ends
        return window

    async def peek(self, key: str, seconds: int, now: float) -> tuple[int, float] | None:
        window = self._windows.get(key)
        # None where it is over, or the clock was set back.
        return window if window and now < window[1] <= now + seconds else None

    async def forget(self, key: str) -> None:
        self._windows.pop(key, None)

    async def close(self) -> None:
        pass


class FileCounters(RateLimitCounters):
    """Counters in a SQLite file, shared by the processes of one host.

    The store has made the table already. Raises StoreError where the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._fallback = MemoryCounters()
        self._errors = StoreErrors(str(path), apsw.Error, MENDS)
        with self._errors:
            self._connection: apsw.Connection = open_file(path)
            self._execute = self._connection.cursor().execute

    async def hit(self, key: str, seconds: int, now: float) -> tuple[int, float]:
        # Where nothing can be written (the disk is full) this process counts on its own: a full
        # disk must not fail a request that only reads.
        try:
            count, ends = self._execute(
                COUNT_REQUEST, {"partner_id": key, "seconds": seconds, "now": now}
            ).get
        except apsw.Error:
            return await self._fallback.hit(key, seconds, now)
        return count, ends

    async def peek(self, key: str, seconds: int, now: float) -> tuple[int, float] | None:
        parameters = {"partner_id": key, "seconds": seconds, "now": now}
        with self._errors:
            window: tuple[int, float] | None = self._execute(READ_WINDOW, parameters).get
        return window or await self._fallback.peek(key, seconds, now)

    async def forget(self, key: str) -> None:
        await self._fallback.forget(key)
        with self._errors:
            self._execute("DELETE FROM windows WHERE partner_id = ?", (key,))

    async def close(self) -> None:
        self._connection.close()
