"""Hypothesis' examples on a Redis or Valkey server, shared by all campaigns on one target."""

import re
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Literal

from hypothesis.database import ExampleDatabase
from hypothesis.extra.redis import RedisExampleDatabase
from redis.exceptions import RedisError, ResponseError

from conformance.generation.redis_in_bounds import Allowance, client_within

EXPIRE_AFTER = timedelta(days=30)
"""What nobody has asked for so long is forgotten."""

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 30.0
_MOST_WAITING = 10_000

_MOST_VALUES = 10_000
_MOST_BYTES = 64 * 1024 * 1024
_FEW = 10

_MOST_RECEIVED = 2 * _MOST_BYTES + 1024 * 1024
_MOST_SECONDS = 10.0
"""What the commands of one action receive, who look at values before they fetch them."""

_WRONG_TYPE = "WRONGTYPE"
"""How a server names a key that holds another kind of value than a set."""

_WHERE = re.compile(r"^Error -?[0-9]+ connecting to [^ ]+ ")
"""What is told already when the library says it."""


class _Bounded(RedisExampleDatabase):
    """Hypothesis' database, which does not fetch what is larger than any campaign makes it."""

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """The stored values; raises :class:`ValueError` for too many or too large ones."""
        name = self._prefix + key
        pipe = self.redis.pipeline(transaction=False)
        pipe.scard(name)
        pipe.memory_usage(name, samples=_MOST_VALUES)
        count, size = pipe.execute(raise_on_error=False)
        if isinstance(count, Exception):
            raise count
        if not isinstance(count, int):
            raise ValueError("the example database does not count its values")  # noqa: TRY004
        if count <= _MOST_VALUES and not isinstance(size, int):
            # Who may not ask for the memory of a key looks at a few values at a time.
            size = 0
            for value in self.redis.sscan_iter(name, count=_FEW):
                size += len(value)
                if size > _MOST_BYTES:
                    break
        if count > _MOST_VALUES or size > _MOST_BYTES:
            raise ValueError("the example database holds more than campaigns save in it")
        values = list(super().fetch(key))
        if not all(isinstance(one, bytes) for one in values):
            raise ValueError("the example database holds what is no value of a set")
        return values


Change = Literal["save", "delete"]


class SharedCorpus(ExampleDatabase):
    """Hypothesis' own Redis database, for a campaign that goes on when the server does not.

    ``url`` is one of redis-py and ``about`` what the examples are of: it is in every key. While
    the server is away nothing is fetched, and what is saved and deleted waits until :meth:`reach`
    finds it again. Raises :class:`ValueError` with the reason where it cannot be used to begin
    with.
    """

    def __init__(self, url: str, about: str) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._waiting: dict[tuple[bytes, bytes], Change] = {}
        self._try_at = 0.0
        self._pause = _FIRST_PAUSE_SECONDS
        self.is_away = False
        self.was_away = False
        """Whether it was away at any time."""
        self.has_junk = False
        """Whether it holds what no campaign has saved; that is left out."""
        prefix = f"dinie-conformance:{about}:"
        self._allowance = Allowance()
        self._allowance.renew(_MOST_RECEIVED, _MOST_SECONDS)
        try:
            client = client_within(self._allowance, url)
            self._redis = _Bounded(
                client,
                expire_after=EXPIRE_AFTER,
                key_prefix=prefix.encode(),
                listener_channel=f"{prefix}changes",
            )
            # It must take what is saved, too: not all that answer do.
            try:
                self._redis.save(b"first", b"")
                self._redis.delete(b"first", b"")
            except ResponseError as error:
                if _WRONG_TYPE not in str(error):
                    raise
                self.has_junk = True
        except Exception as error:
            raise ValueError(_reason(error)) from error

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """The stored values; none while the server is away."""
        found: list[bytes] = []
        self._try(lambda: found.extend(self._redis.fetch(key)))
        return found

    def save(self, key: bytes, value: bytes) -> None:
        """Store a value, now or when the server is back."""
        self._change("save", key, value)

    def delete(self, key: bytes, value: bytes) -> None:
        """Delete a value, now or when the server is back."""
        self._change("delete", key, value)

    def reach(self, *, at_once: bool = False) -> bool:
        """Whether the server is there; if it is back, it is sent what has waited.

        One that is away is asked seldom, and ever more seldom, but for ``at_once``.
        """
        if self.is_away and (at_once or time.monotonic() >= self._try_at):
            self.is_away = False
            with self._lock:
                waiting, self._waiting = self._waiting, {}
            for (key, value), change in waiting.items():
                self._change(change, key, value)
            if not waiting:
                self.fetch(b"first")
        return not self.is_away

    def _change(self, change: Change, key: bytes, value: bytes) -> None:
        if self._try(lambda: getattr(self._redis, change)(key, value)):
            return
        with self._lock:
            # The last change of a value is the one that counts.
            self._waiting.pop((key, value), None)
            self._waiting[key, value] = change
            while len(self._waiting) > _MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]

    def _try(self, action: Callable[[], object]) -> bool:
        """Run a command, unless the server is away."""
        if self.is_away:
            return False
        self._allowance.renew(_MOST_RECEIVED, _MOST_SECONDS)
        try:
            action()
        except ValueError:
            self.has_junk = True
        except Exception as error:  # noqa: BLE001 - the library's on an answer of no Redis server
            if _WRONG_TYPE in str(error):
                # Another key of the server is as good as ever.
                self.has_junk = True
                return True
            self.is_away = self.was_away = True
            self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
            self._try_at = time.monotonic() + self._pause
            return False
        self._pause = _FIRST_PAUSE_SECONDS
        return True


def _reason(error: Exception) -> str:
    """Why a server cannot be used, in a few words."""
    text = " ".join(str(error).split()).rstrip(".")
    if not isinstance(error, RedisError | OSError | ValueError):
        return "it answers as no Redis server does"
    if isinstance(error, RedisError) and re.match("NOAUTH|HELLO|Authentication required", text):
        return "it wants a password"
    return _WHERE.sub("", text) or type(error).__name__
