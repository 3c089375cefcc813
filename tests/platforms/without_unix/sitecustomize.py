"""Python without what Windows lacks, for the modules of this project alone.

A folder on PYTHONPATH with this file changes every Python that is started with it. The modules of
the project get stand-ins for modules of the standard library, which lack the names below. Other
libraries get the real ones: on Windows each of them has a way of its own, which is not there on
this system. For them too there is no uvloop, and no loop that handles signals.
"""

import asyncio
import builtins
import errno
import fcntl
import importlib
import sys
import warnings
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

PACKAGES = ("dinie_contract", "openapi", "mock_server", "conformance", "demo")

MODULES = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty")
"""https://docs.python.org/3/library/unix.html: the services that only Unix has."""

NAMES = {
    # https://docs.python.org/3/library/os.html, "Availability: Unix"; Windows has fchmod since 3.13
    "os": "O_CLOEXEC O_DIRECTORY O_NOCTTY O_NOFOLLOW O_NONBLOCK O_SYNC WNOHANG chown fchmod fchown"
    " fork forkpty getegid geteuid getgid getgroups getloadavg getpgid getpgrp getsid getuid killpg"
    " lchown mkfifo mknod nice openpty pipe2 posix_spawn pread pwrite register_at_fork"
    " sched_getaffinity setsid statvfs sysconf uname wait wait3 wait4",
    # https://docs.python.org/3/library/select.html: "on Windows, only sockets are supported"
    "select": "EPOLLIN POLLERR POLLHUP POLLIN POLLOUT devpoll epoll kqueue poll",
    # https://docs.python.org/3/library/selectors.html: what select lacks
    "selectors": "DevpollSelector EpollSelector KqueueSelector PollSelector",
    # https://docs.python.org/3/library/signal.html: the signals of Windows, "Availability: Unix"
    "signal": "SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGUSR1 SIGUSR2 SIG_BLOCK SIG_SETMASK"
    " SIG_UNBLOCK alarm getitimer pause pthread_kill pthread_sigmask setitimer siginterrupt"
    " sigpending sigtimedwait sigwait sigwaitinfo",
    # https://docs.python.org/3/library/socket.html, "Availability: Unix"
    "socket": "AF_UNIX MSG_DONTWAIT MSG_NOSIGNAL SO_REUSEPORT recv_fds send_fds",
    # https://docs.python.org/3/library/time.html, "Availability: Unix"
    "time": "clock_getres clock_gettime clock_settime pthread_getcpuclockid tzset",
}
"""The names that Windows lacks, by their module."""

_real_import, _real_import_module = builtins.__import__, importlib.import_module


def _stand_in(name: str) -> ModuleType:
    """A copy of a module without the names that are hidden."""
    module = ModuleType(name)
    hidden = NAMES[name].split()
    real = _real_import_module(name)
    vars(module).update({key: one for key, one in vars(real).items() if key not in hidden})
    return module


def _msvcrt() -> ModuleType:
    """The lock of Windows' own module, which only Windows has."""
    module = ModuleType("msvcrt")

    def locking(descriptor: int, mode: int, size: int) -> None:
        assert (mode, size) == (2, 1)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PermissionError(errno.EACCES, "Permission denied") from error

    module.LK_NBLCK, module.locking = 2, locking
    return module


def _import_module(name: str, package: str | None = None) -> ModuleType:
    if name in MODULES:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return _STAND_INS.get(name) or _real_import_module(name, package)


def _import(name: str, *arguments: Any, **options: Any) -> ModuleType:
    # A relative import is never of the standard library, and its name may be the same.
    level = arguments[3] if len(arguments) > 3 else options.get("level", 0)
    if level == 0 and (name in MODULES or name in _STAND_INS):
        return _import_module(name)
    return _real_import(name, *arguments, **options)


_importlib = ModuleType("importlib")
vars(_importlib).update({**vars(importlib), "import_module": _import_module})
_STAND_INS = {
    "importlib": _importlib,
    "msvcrt": _msvcrt(),
    **{one: _stand_in(one) for one in NAMES},
}
_BUILTINS = {**vars(builtins), "__import__": _import}


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = _BUILTINS
        super().exec_module(module)


class _Finder(PathFinder):
    @classmethod
    def find_spec(cls, fullname: str, *arguments: Any, **options: Any) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in PACKAGES:
            return None
        spec = super().find_spec(fullname, *arguments, **options)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def _add_signal_handler(*_: object) -> None:
    raise NotImplementedError


sys.meta_path.insert(0, _Finder)
sys.modules["uvloop"] = None
asyncio.SelectorEventLoop.add_signal_handler = _add_signal_handler
if "search.py" in sys.orig_argv[-1]:
    # A script of the project: what it imports is not found by the finder.
    sys.modules["resource"] = None
# Each file of the project has its encoding named: that of a console is not UTF-8 everywhere.
warnings.filterwarnings("error", category=EncodingWarning, module="|".join(PACKAGES))
