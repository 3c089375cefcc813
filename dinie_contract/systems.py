"""The differences between operating systems, found by what Python has here and not by name.

The documentation of Python says "Availability: Unix" of what Windows lacks. What this project does
without it is decided here, one function for each thing; the flags of files are in
``openapi/files.py``, and the owner of a store's file is in ``mock_server/store``.
"""

import contextlib
import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


def _module(name: str) -> Any:
    """A module of the standard library; None on a system that lacks it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_fcntl, _msvcrt, _resource = map(_module, ("fcntl", "msvcrt", "resource"))

HAS_WORKER_SIGNALS = hasattr(signal, "pthread_sigmask") and hasattr(os, "fork")
"""Whether a supervisor can block, send and pass on signals to several workers."""


@contextlib.contextmanager
def held_back(number: signal.Signals) -> Iterator[None]:
    """Let a signal wait until the block ends, in this process and those that it starts."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    unix: Any = signal
    before = unix.pthread_sigmask(unix.SIG_BLOCK, [number])
    try:
        yield
    finally:
        unix.pthread_sigmask(unix.SIG_SETMASK, before)


def lock(descriptor: int) -> None:
    """Lock an open file until it is closed, or its process ends in any way.

    Raises :class:`BlockingIOError` where another process holds the lock.
    """
    if _fcntl is not None:
        _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        return
    try:
        _msvcrt.locking(descriptor, _msvcrt.LK_NBLCK, 1)
    except PermissionError as error:  # Windows has no other error for a lock that is held
        raise BlockingIOError(error.errno, error.strerror) from error


def most_open_files() -> int | None:
    """The number of files that this process may open; None where there is no limit."""
    if _resource is None:
        return None
    files: int = _resource.getrlimit(_resource.RLIMIT_NOFILE)[0]
    return None if files == _resource.RLIM_INFINITY else files


def write_folder_to_disk(path: Path) -> None:
    """Write the names in a folder to the disk, where a folder can be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def end_with_children(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """End a process that leads a session, and the processes that it has started.

    Each gets ``seconds`` to end itself. A system without process groups ends the process alone.
    """
    to_group = getattr(os, "killpg", None)
    for number, end in (("SIGTERM", process.terminate), ("SIGKILL", process.kill)):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            if to_group is None:
                end()
            else:
                to_group(process.pid, getattr(signal, number))
            process.wait(seconds)
            return


def go_on_as(arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    """Let Python run other arguments in place of this process; gives its exit code.

    Where a process can be replaced, signals and the exit code need not be passed on, and this
    function does not return. Elsewhere ``exec`` would end this process with success at once.
    """
    command = [sys.executable, *arguments]
    environment = {**os.environ, **variables}
    if hasattr(os, "fork"):
        os.execve(sys.executable, command, environment)  # noqa: S606 - ours
    process = subprocess.Popen(command, env=environment)  # noqa: S603 - ours
    # Ctrl-C reaches both: the other process ends in order, and its exit code is the verdict.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
