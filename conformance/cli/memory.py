"""The memory of this process."""

import ctypes
from contextlib import suppress

_MMAP_THRESHOLD, _LARGE_BYTES = -3, 1024 * 1024


def give_back_large_blocks() -> None:
    """Let large blocks go back to the system once they are free.

    glibc comes to keep blocks of up to 32 MiB for the next use by the same thread: many threads,
    each of which reads a large answer now and then, keep gigabytes that nobody uses.
    """
    # Other systems, and other libraries of C, have no such function.
    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
