"""The command lines of the servers, each for a port."""

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.wire import TOKEN

HOST = "127.0.0.1"

Command = Callable[[int], list[str]]


def baseline(module: str) -> Command:
    """Return the command for one of the compared apps on uvicorn."""
    return lambda port: [
        *(sys.executable, "-W", "ignore", "-m", "uvicorn", f"benchmarks.apps.{module}:application"),
        *("--host", HOST, "--port", str(port), "--workers", "1"),
        *("--loop", "uvloop", "--http", "httptools"),
        *("--no-access-log", "--log-level", "error"),
    ]


def mock(port: int) -> list[str]:
    """Return the command for the mock, with a partner whose token is known beforehand."""
    return [
        *(sys.executable, "-W", "ignore", "-m", "mock_server", "serve", "--port", str(port)),
        # At work in every request, and above what any machine sends.
        *("--rate-limit", "1000000000/minute"),
        *("--partner", f"dinie_ci_live_bench:dinie_cs_live_bench:{TOKEN}"),
    ]


def mock_with_limit(port: int) -> list[str]:
    """Return the command for the same mock, whose partner may send one request a day."""
    return [*mock(port), "--rate-limit", "1/day"]


def mock_without_control(port: int) -> list[str]:
    """Return the command for the same mock without its control plane and journal."""
    return [*mock(port), "--no-control"]


def mock_of(contract: Path, *options: str) -> Command:
    """Return the command for the mock of a contract, whose one partner has the usual token."""
    return lambda port: [
        *(sys.executable, "-W", "ignore", "-m", "mock_server", "serve", "--port", str(port)),
        *("--contract", str(contract), "--partner", f"client:secret:{TOKEN}"),
        *("--log-level", "error", "--no-config", *options),
    ]


def mock_on(store: str, workers: int = 1) -> Command:
    """Return the command for the mock on a store, with so many workers."""
    return lambda port: [*mock(port), "--store", store, "--workers", str(workers)]
