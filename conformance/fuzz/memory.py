"""Keeps the memory of a long campaign flat."""

import ctypes

_M_ARENA_MAX = -8
"""Of mallopt(3)."""


def use_one_arena() -> None:
    """Let all threads take their memory from one place.

    The C library of GNU gives threads arenas of their own, and what one thread has freed another
    one does not get. A campaign has new threads all the time and would grow to twice its size. Only
    one thread of Python runs at a time, so none of them waits for it. Elsewhere nothing is done.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
