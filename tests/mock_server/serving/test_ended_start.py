"""A start that SIGINT or SIGTERM ends: soon, at every moment of it, and without a traceback."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from openapi.reading import MAX_OPERATIONS
from tests.mock_server.wire import until

TERM, INT = signal.SIGTERM, signal.SIGINT
SECONDS_TO_END = 30
ENDED = {TERM: {0, -TERM}, INT: {0, -INT, 130}}
"""Exit codes: in order once it serves, and before that by the signal."""

both = pytest.mark.parametrize("sign", [INT, TERM])


@contextmanager
def starting(*options: str, python: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    """A mock that has only been started, as the leader of a process group."""
    with subprocess.Popen(
        [sys.executable, *python, "-m", "mock_server", "serve", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def assert_ends(process: subprocess.Popen[str], sign: signal.Signals) -> str:
    """Send the signal to the whole group, as a terminal does; what was printed to the end."""
    os.killpg(process.pid, sign)
    out, err = process.communicate(timeout=SECONDS_TO_END)
    assert process.returncode in ENDED[sign], err
    assert "Traceback" not in err
    assert "Error" not in err
    return out


@both
@pytest.mark.parametrize("module", ["click", "uvicorn.config", "orjson"])
def test_it_ends_while_it_is_imported(sign: signal.Signals, module: str) -> None:
    with starting(python=("-X", "importtime")) as process:
        assert process.stderr is not None
        assert any(line.split("|")[-1].strip() == module for line in process.stderr)
        assert assert_ends(process, sign) == ""


@pytest.mark.parametrize("command", ["mock", "conformance"])
def test_it_ends_while_it_ends_already(command: str) -> None:
    """What it has registered for its end runs as Python ends, and is a moment to interrupt it."""
    code = (
        "import atexit, os, signal\n"
        "atexit.register(os.kill, os.getpid(), signal.SIGINT)\n"
        f"from dinie_contract.commands import {command}\n"
        f"{command}()"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, "--no-such"], check=False, capture_output=True, text=True
    )
    assert told.returncode == -signal.SIGINT
    assert "No such option" in told.stderr
    assert "Traceback" not in told.stderr


@both
def test_it_ends_while_it_builds_a_large_contract(tmp_path: Path, sign: signal.Signals) -> None:
    contract = tmp_path / "contract.json"
    answer = {"get": {"responses": {"200": {"description": "x"}}}}
    paths = {f"/a{at}": answer for at in range(MAX_OPERATIONS)}
    head = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}}
    contract.write_text(json.dumps({**head, "paths": paths}))
    with starting("--contract", str(contract), python=("-X", "importtime")) as process:
        assert process.stderr is not None
        # The store is loaded once the contract is read; its operations are made into routes next.
        store = "mock_server.store.sqlite_tables"
        assert any(line.split("|")[-1].strip() == store for line in process.stderr)
        assert assert_ends(process, sign) == ""


@both
def test_it_ends_while_its_workers_start(tmp_path: Path, sign: signal.Signals) -> None:
    store, temporary = tmp_path / "mock.db", tmp_path / "temporary"
    temporary.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        with starting("--workers", "2", "--store", f"sqlite:///{store}") as process:
            parent = psutil.Process(process.pid)
            until(lambda: bool(parent.children()) or process.poll() is not None)
            children = parent.children()
            assert_ends(process, sign)
    _, left = psutil.wait_procs(children, SECONDS_TO_END)
    assert left == []
    assert list(temporary.iterdir()) == []


@both
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.thorough
def test_no_moment_loses_a_signal(tmp_path: Path, sign: signal.Signals, workers: str) -> None:
    options = ("--workers", workers, "--store", f"sqlite:///{tmp_path / 'mock.db'}")
    with starting(*options) as process:
        started = time.monotonic()
        assert process.stdout is not None
        process.stdout.readline()
        whole = time.monotonic() - started
        assert_ends(process, sign)
    # From the first import on: before it, the interpreter itself reports an interruption.
    for step in range(3, 9):
        with starting(*options) as process:
            time.sleep(whole * step / 7)
            assert_ends(process, sign)
