"""What every kind of window promises."""

from typing import Protocol


class RateLimitCounters(Protocol):
    """Counts requests in windows of fixed length, each opened by its first request."""

    async def hit(self, key: str, seconds: int, now: float) -> tuple[int, float]:
        """Count one more; gives the count of the open window, and when that ends."""
        ...

    def forget(self, key: str) -> None:
        """Begin anew."""
        ...

    async def close(self) -> None:
        """Let go of files and connections."""
        ...
