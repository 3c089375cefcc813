"""``python -m tests.violence.dying MARKER serve …``: a mock that dies at a commit.

It is the product's command line, whose stores are wrapped. As long as there is a file MARKER, the
next create takes it away and its process ends by SIGKILL, at the moment that stands in the file:
before the store has committed, or after it has and before anything is answered. Workers import
the main module again, and with it this.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Any

from mock_server.cli.main import main
from mock_server.store.redis_store import RedisStore
from mock_server.store.sqlite_store import SqliteStore

BEFORE, AFTER = "before", "after"

Commit = Callable[..., Awaitable[Any]]


def dying(commit: Commit, marker: Path) -> Commit:
    """Wrap the commit of a store, so that the marker ends the process before or after it."""

    @wraps(commit)
    async def commit_or_die(self: Any, writes: Any, record: Any, now: float) -> Any:
        moment = _taken(marker) if writes and record is not None else None
        if moment == BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        earlier = await commit(self, writes, record, now)
        if moment == AFTER:
            os.kill(os.getpid(), signal.SIGKILL)
        return earlier

    return commit_or_die


def doom(marker: Path, moment: str) -> None:
    """Make the next create the last of its process."""
    written = marker.with_suffix(".new")
    written.write_text(moment)
    written.rename(marker)


def is_doomed(marker: Path) -> bool:
    """Whether the process of the next create is still to die."""
    return marker.exists()


def _taken(marker: Path) -> str | None:
    try:
        moment = marker.read_text()
        marker.unlink()
    except FileNotFoundError:
        return None  # of several workers, one takes it away
    return moment


if __name__ in {"__main__", "__mp_main__"}:
    for store in (SqliteStore, RedisStore):
        setattr(store, "commit", dying(store.commit, Path(sys.argv[1])))  # noqa: B010
if __name__ == "__main__":
    main(sys.argv[2:])
