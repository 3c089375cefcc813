"""The rate limit: so many requests of a partner in each window of a minute."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

ANYONE = "anyone"


@dataclass(frozen=True)
class Window:
    limit: int
    used: int
    ends: float

    @property
    def over(self) -> bool:
        return self.used > self.limit


def headers(window: Window) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(max(window.limit - window.used, 0)),
        "X-RateLimit-Reset": str(math.ceil(window.ends)),
    }


def retry_after(window: Window, now: float) -> str | None:
    return str(max(math.ceil(window.ends - now), 1))


@dataclass
class Limits:
    """Counts requests. The headers and what is counted together are seams."""

    limit: int = 1_000_000
    length: float = 60
    subject: Callable[[str], str] = lambda partner: partner
    headers: Callable[[Window], dict[str, str]] = headers
    retry_after: Callable[[Window, float], str | None] = retry_after
    counted: Callable[[Window, float], Window] = lambda window, now: window
    _windows: dict[str, Window] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, partner: str, now: float) -> Window:
        subject = self.subject(partner)
        with self._lock:
            window = self._windows.get(subject)
            if window is None or now >= window.ends:
                window = Window(self.limit, 0, now + self.length)
            window = self.counted(Window(window.limit, window.used + 1, window.ends), now)
            self._windows[subject] = window
            return window

    def unknown(self, now: float) -> Window:
        """The window of a client that no partner answers for: its requests are not counted."""
        return Window(self.limit, 0, now + self.length)
