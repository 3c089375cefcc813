"""The windows of a single process."""


class MemoryCounters:
    """The windows of this process: as many as there are partners.

    The library's own storage reads the machine's clock, which is not the partner's, and walks
    over all keys with every request.
    """

    def __init__(self) -> None:
        self._windows: dict[str, tuple[int, float]] = {}

    async def hit(self, key: str, seconds: int, now: float) -> tuple[int, float]:
        """See :meth:`mock_server.store.counters.interface.RateLimitCounters.hit`."""
        count, ends = self._windows.get(key, (0, 0.0))
        if not now < ends <= now + seconds:  # over, or the clock was set back
            count, ends = 0, now + seconds
        window = self._windows[key] = count + 1, ends
        return window

    def forget(self, key: str) -> None:
        """See :meth:`mock_server.store.counters.interface.RateLimitCounters.forget`."""
        self._windows.pop(key, None)

    async def close(self) -> None:
        """See :meth:`mock_server.store.counters.interface.RateLimitCounters.close`."""
