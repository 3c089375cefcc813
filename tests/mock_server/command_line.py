"""``dinie-mock`` in this process, for commands that end by themselves."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from subprocess import CompletedProcess

import pytest

from mock_server.cli.main import main


@contextmanager
def restored_logging() -> Iterator[None]:
    """Undo what the block changes in the loggers of this process."""
    loggers = [logging.getLogger(name) for name in ("", "mock_server", "uvicorn")]
    before = [(one, one.handlers[:], one.level) for one in loggers]
    yield
    logging.captureWarnings(capture=False)
    for one, handlers, level in before:
        one.handlers[:] = handlers
        one.setLevel(level)


def run_command(*arguments: str) -> CompletedProcess[str]:
    """Run ``dinie-mock`` to its end without the start of an interpreter."""
    out, err = io.StringIO(), io.StringIO()
    with (
        restored_logging(),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main(list(arguments))
    return CompletedProcess(arguments, int(ended.value.code or 0), out.getvalue(), err.getvalue())
