"""The commands ``dinie-mock`` and ``dinie-conformance``, whatever folder they are called in."""

import importlib
import signal
import sys

from dinie_contract.location import put_first


def mock() -> None:
    """``dinie-mock``."""
    _main("mock_server.cli.main", interrupted=130)


def conformance() -> None:
    """``dinie-conformance``."""
    _main("conformance.cli.main", interrupted=2)


def _main(module: str, interrupted: int) -> None:
    put_first()
    for stream in (sys.stdout, sys.stderr):
        # A character that a terminal cannot show must not end the command.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    try:
        importlib.import_module(module).main()
    except KeyboardInterrupt:  # while it is imported
        sys.exit(interrupted)
    finally:
        # From here on Python only ends, and would answer one with a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def load_process() -> None:
    """``python -m dinie_contract.commands``: the process of ``dinie-conformance load``.

    Locust and gevent change a whole process, so the load test has one of its own.
    """
    put_first()
    sys.exit(importlib.import_module("conformance.load.locust.process").main())


if __name__ == "__main__":
    load_process()
