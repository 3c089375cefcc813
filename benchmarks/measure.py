"""What a server has used so far, summed over it and its children."""

from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.wire import BenchmarkError


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error as error:
        raise BenchmarkError(f"the server cannot be measured: {error}") from None


def _scheduled_seconds(pid: int) -> float:
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        # A thread may end between the listing and the reading.
        with suppress(OSError):
            total += int(path.read_text().split()[0])
    return total / 1e9


def cpu_seconds(pid: int) -> float:
    """Return the CPU time used, as exactly as the system counts it."""
    total = 0.0
    for process in _family(pid):
        # Nanoseconds where the kernel has them; the other clock ticks a hundred times a second.
        seconds = _scheduled_seconds(process.pid)
        if not seconds:
            with suppress(psutil.Error):
                times = process.cpu_times()
                seconds = times.user + times.system
        total += seconds
    return total


def resident_bytes(pid: int) -> int:
    """Return the resident memory."""
    total = 0
    for process in _family(pid):
        with suppress(psutil.Error):
            total += int(process.memory_info().rss)
    return total
