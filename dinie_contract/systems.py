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
import time
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


ENDING: Sequence[signal.Signals] = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
"""The signals by which a user, a supervisor or a terminal ends a command."""


def ends_runs(number: signal.Signals) -> bool:
    """Whether a run is to end in order by a signal: not where ``nohup`` ignores the terminal's."""
    is_plain = number in {signal.SIGINT, signal.SIGTERM}
    return is_plain or signal.getsignal(number) is not signal.SIG_IGN


def let_signals_interrupt(*, once: bool) -> None:
    """Let each signal that ends a command raise :class:`KeyboardInterrupt`, as Ctrl-C does.

    With ``once`` later ones are ignored: what the command has started is ended in any case. A
    signal that is ignored already, as by ``nohup``, stays so.
    """
    handled = [one for one in ENDING if signal.getsignal(one) is not signal.SIG_IGN]

    def interrupt(_: int, __: object) -> None:
        for one in handled if once else ():
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for one in handled:
        signal.signal(one, interrupt)


def open_standard_streams() -> None:
    """Let what goes to a standard stream that is closed go nowhere.

    Its number would be that of the next file or connection, which prints would be written to.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, number)
            if nowhere != number:
                os.close(nowhere)
            os.set_inheritable(number, True)  # noqa: FBT003 - takes no keyword
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            # It stays open for as long as the process.
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


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


_PROCESSES = Path("/proc")
"""Where Linux shows its processes."""


def processes_of(leader: int, mark: str) -> set[int]:
    """The living processes of a command that leads a session, as :func:`os.kill` takes them.

    Where the system shows them, these are its group, its descendants, and all with ``mark`` in
    their environment: ``NAME=value``. So a process in a session of its own is found, also after
    those that started it ended. Elsewhere it is the group as a whole, if there are groups.
    """
    if not hasattr(os, "killpg"):
        return set()
    if not (_PROCESSES / "self" / "environ").exists():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader, 0)
            return {-leader}
        return set()
    parents: dict[int, int] = {}
    found = {leader}
    for one in _PROCESSES.iterdir():
        if not one.name.isdigit():
            continue
        try:
            # The name before these is in parentheses, and may be anything.
            state, parent, group = (one / "stat").read_bytes().rpartition(b")")[2].split()[:3]
            environment = b""
            with contextlib.suppress(OSError):  # of another user
                environment = (one / "environ").read_bytes()
        except (OSError, ValueError):  # it has ended
            continue
        if state not in {b"Z", b"X"}:
            parents[int(one.name)] = int(parent)
            if int(group) == leader or mark.encode() in environment.split(b"\0"):
                found.add(int(one.name))
    size = 0
    while size < len(found):
        size = len(found)
        found |= {one for one, parent in parents.items() if parent in found}
    return found & parents.keys() - {os.getpid()}


def end_with_children(process: "subprocess.Popen[bytes]", mark: str, seconds: float) -> None:
    """End a process that leads a session, and what :func:`processes_of` finds of it.

    They get ``seconds`` to end themselves. A system without process groups ends the process alone.
    """
    for name, end in (("SIGTERM", process.terminate), ("SIGKILL", process.kill)):
        # Before any of them ends: its children would be nobody's.
        left = processes_of(process.pid, mark)
        if not left:
            end()
        latest = time.monotonic() + seconds
        told: set[int] = set()
        while left or process.poll() is None:
            for one in left - told:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(one, getattr(signal, name))
            told |= left
            if time.monotonic() > latest:
                break
            time.sleep(0.05)
            process.poll()
            left = processes_of(process.pid, mark)
        else:
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
