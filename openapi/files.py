"""Files that a user names for reading: regular ones, or links to one."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file to read its bytes; raises OSError at once for anything else.

    A FIFO or a device might never give a byte, nor an end.
    """
    # Without O_NONBLOCK a FIFO waits for its other end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise OSError(errno.EINVAL, "is no regular file; copy what it gives to a file")
    return open(descriptor, "rb")  # noqa: PTH123 - a descriptor has no path
