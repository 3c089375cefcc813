"""The commands ``dinie-mock`` and ``dinie-conformance``, whatever folder they are called in."""

import importlib
import signal
import sys
from types import ModuleType
from typing import cast

from dinie_contract.location import put_first
from dinie_contract.systems import ENDING, let_signals_interrupt, open_standard_streams

UNUSABLE, CTRL_C = 2, 130


def mock() -> None:
    """``dinie-mock``. Signals end its ``serve`` in ways of its own."""
    serves = sys.argv[1:2] == ["serve"]
    if not serves:
        let_signals_interrupt(once=True)
    interrupted = CTRL_C if serves else UNUSABLE
    _main("dinie-mock", "mock_server.cli.main", interrupted=interrupted, serves=serves)


def conformance() -> None:
    """``dinie-conformance``."""
    let_signals_interrupt(once=False)
    _main("dinie-conformance", "conformance.cli.main", interrupted=UNUSABLE)


def _load_httpx_alone() -> None:
    """Load HTTPX, which Connexion imports, without rich, which reports as text alone need.

    HTTPX would load it for a command of its own, and goes without where it cannot be imported.
    """
    sys.modules["rich"] = cast("ModuleType", None)
    try:
        importlib.import_module("httpx")
    finally:
        del sys.modules["rich"]


def _main(command: str, module: str, interrupted: int, *, serves: bool = False) -> None:
    put_first()
    open_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        # A character that a terminal cannot show must not end the command.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    try:
        if serves:
            _load_httpx_alone()
        importlib.import_module(module).main()
    except KeyboardInterrupt:  # while it is imported
        if interrupted == UNUSABLE:
            # What prints is imported as well.
            sys.stderr.write(f"{command}: interrupted\n")
        sys.exit(interrupted)
    finally:
        # CPython ends by SIGINT, whatever the exit code, where the last text that was executed (by
        # dataclasses, while they are imported) ended by KeyboardInterrupt, though it was caught.
        exec("")  # noqa: S102 - another text that ended well
        # From here on Python only ends, and would answer one with a traceback.
        for one in ENDING:
            signal.signal(one, signal.SIG_DFL)


def load_process() -> None:
    """``python -m dinie_contract.commands``: the process of ``dinie-conformance load``.

    Locust and gevent change a whole process, so the load test has one of its own.
    """
    put_first()
    sys.exit(importlib.import_module("conformance.load.locust.process").main())


if __name__ == "__main__":
    load_process()
