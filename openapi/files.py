"""Files that may be anything: only regular ones are opened."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


class NotRegularError(OSError):
    """A path leads to a folder, a FIFO or a device."""


_NO_WAIT, _NO_LINK = (getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW"))
"""Flags that Windows lacks, which has no FIFOs in folders, and no flag for links."""


def regular_descriptor(path: Path, flags: int, *, follow_links: bool = True) -> int:
    """The descriptor of a regular file, which is private where it is created.

    A FIFO or a device might never give a byte, nor an end: raises :class:`NotRegularError` at once
    for anything but a regular file, or a link to one, and OSError as ``os.open`` does. Without
    ``follow_links`` a link is the OSError ELOOP.
    """
    if not follow_links:
        if not _NO_LINK and path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        flags |= _NO_LINK
    if not _NO_WAIT and path.is_dir():  # Windows says only that permission is denied
        raise NotRegularError(errno.EISDIR, os.strerror(errno.EISDIR))
    # Without O_NONBLOCK a FIFO waits for its other end.
    descriptor = os.open(path, flags | _NO_WAIT, 0o600)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise NotRegularError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise NotRegularError(errno.EINVAL, "is no regular file; copy what it gives to a file")
    return descriptor


def open_regular(path: Path) -> BinaryIO:
    """Open a file that a user names to read its bytes; raises as :func:`regular_descriptor`."""
    return os.fdopen(regular_descriptor(path, os.O_RDONLY), "rb")
