"""A mock in a process of its own, as a partner would start it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

_START_SECONDS = 30
_STOP_SECONDS = 20


class MockDidNotStart(Exception):
    """The process ended, or said nothing, before it was ready; the message is what it printed."""


@dataclass(frozen=True, slots=True)
class MockProcess:
    """A running mock: where it is, and the partner it printed. ``token`` never expires."""

    process: subprocess.Popen[str]
    announcement: str
    base_url: str
    client_id: str
    client_secret: str
    token: str | None
    printed_later: list[str]
    drain: threading.Thread

    @property
    def origin(self) -> str:
        """Where it is, without the contract's own path: the control plane is under it."""
        return "/".join(self.base_url.split("/")[:3])

    def forget(self) -> None:
        """Let it forget all that its partners have done."""
        partners = f"{self.origin}/_mock/partners"
        with httpx.Client(trust_env=False) as http:
            for one in http.get(partners).raise_for_status().json()["data"]:
                http.post(f"{partners}/{one['id']}/reset").raise_for_status()

    def log(self) -> str:
        """What it has printed since it was ready, all of it: it is stopped first."""
        self.stop()
        self.drain.join(_STOP_SECONDS)
        return "".join(self.printed_later)

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, wait for that, and give its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            return self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(_STOP_SECONDS)


@contextmanager
def mock_process(
    *options: str,
    port: int = 0,
    program: Sequence[str] = ("-m", "mock_server"),
    within: Sequence[str] = (),
) -> Iterator[MockProcess]:
    """Run ``dinie-mock serve`` with ``options`` on a free port until the block ends.

    ``program`` is what Python is to run in place of the command itself, and ``within`` a command
    that runs the one behind it, such as ``nice``. Raises
    :class:`MockDidNotStart` with what the process printed instead of being ready.
    """
    python = [*within, sys.executable, *program]
    command = [*python, "serve", "--port", str(port), *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        # What a shell has set for another mock must not change this one.
        env={name: value for name, value in os.environ.items() if not name.startswith("DINIE_")}
        | {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
    )
    mock = None
    printed_later: list[str] = []
    drain = threading.Thread(target=_drain, args=[process, printed_later], daemon=True)
    try:
        mock = _ready(process, printed_later, drain)
        drain.start()
        yield mock
    finally:
        if mock:
            mock.stop()
        elif process.poll() is None:
            process.kill()
            process.wait(_STOP_SECONDS)
        if drain.is_alive():
            drain.join(_STOP_SECONDS)
        if process.stdout:
            process.stdout.close()


def _drain(process: subprocess.Popen[str], printed: list[str]) -> None:
    # A mock that logs much must not stand still because nobody empties its pipe.
    assert process.stdout is not None
    printed.extend(process.stdout)


def _ready(
    process: subprocess.Popen[str], printed_later: list[str], drain: threading.Thread
) -> MockProcess:
    assert process.stdout is not None
    lines: list[str] = []
    killer = threading.Timer(_START_SECONDS, process.kill)
    killer.start()
    try:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        else:
            raise MockDidNotStart("".join(lines).strip() or "it printed nothing")
    finally:
        killer.cancel()
    text = "".join(lines)

    def printed(label: str) -> str | None:
        found = re.search(rf"{label} +(\S+)", text)
        return found[1] if found else None

    return MockProcess(
        process,
        text,
        base_url=printed("Base URL") or "",
        client_id=printed("Client id") or "",
        client_secret=printed("Client secret") or "",
        token=printed("Access token"),
        printed_later=printed_later,
        drain=drain,
    )
