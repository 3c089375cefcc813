"""How this process allocates memory, where the C library is GNU's."""

import ctypes
from contextlib import suppress

_MMAP_THRESHOLD, _LARGE_BYTES = -3, 1024 * 1024
_ARENA_MAX = -8


def give_back_large_blocks() -> None:
    """Let large blocks go back to the system once they are free.

    glibc comes to keep blocks of up to 32 MiB for the next use by the same thread: many threads,
    each of which reads a large answer now and then, keep gigabytes that nobody uses.
    """
    _set(_MMAP_THRESHOLD, _LARGE_BYTES)


def use_one_arena() -> None:
    """Make all threads allocate from one memory arena.

    With an arena for each thread, memory that one thread freed is not reused by another, and a
    campaign, which starts new threads all the time, grows to twice its size. Only one Python thread
    runs at a time, so threads do not wait for the one arena.
    """
    _set(_ARENA_MAX, 1)


def _set(parameter: int, value: int) -> None:
    """Set a parameter of mallopt(3)."""
    # Other systems, and other libraries of C, have no such function.
    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).mallopt(parameter, value)
