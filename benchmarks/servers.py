"""Servers as real processes on this machine, each ended by the handle that started it."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx

from benchmarks.commands import HOST, Command
from benchmarks.measure import cpu_seconds
from benchmarks.wire import Answer, BenchmarkError, check_create, create_request, parse_answer

ROOT = Path(__file__).resolve().parent.parent
START_LIMIT = 30.0
SECONDS_TO_ANSWER = 120.0
GRACE = 5.0
POLL = 0.005
PATIENCE = 0.5
"""A dying server closes its connections a moment before it is gone."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server's process, its port and the file that its stderr goes to."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"
    errors: BinaryIO

    def create(self, key: str | None = None) -> Answer:
        """Create one credential on a connection of its own and return the checked answer."""
        try:
            answer = self._ask(create_request(key))
            check_create(answer)
        except (BenchmarkError, OSError, ValueError) as error:
            raise BenchmarkError(f"{self.name}: {self.death(PATIENCE) or error}") from None
        return answer

    def _ask(self, request: bytes) -> Answer:
        received = b""
        with socket.create_connection((HOST, self.port), timeout=10) as connection:
            connection.sendall(request)
            while (answer := parse_answer(received)) is None:
                data = connection.recv(65536)
                if not data:
                    raise BenchmarkError("the server closed the connection without an answer")
                received += data
        return answer

    def seconds_to_answer(self) -> float:
        """Return the CPU time until it answers: it may take connections long before."""
        with suppress(httpx.HTTPError):
            httpx.get(f"http://{HOST}:{self.port}/", timeout=SECONDS_TO_ANSWER)
        return cpu_seconds(self.process.pid)

    def death(self, patience: float = 0) -> str | None:
        """Return how the server ended and the last line of its stderr, or None if it runs."""
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            return None
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").splitlines()
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no message")
        return f"{self.name} ended with code {code}: {last}"

    def wait_for_port(self) -> None:
        """Return once the server takes connections."""
        give_up = time.monotonic() + START_LIMIT
        while True:
            if death := self.death():
                raise BenchmarkError(death)
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
            except OSError:
                if time.monotonic() > give_up:
                    message = f"{self.name} took no connection within {START_LIMIT:.0f} s"
                    raise BenchmarkError(message) from None
                time.sleep(POLL)
            else:
                return

    def end(self) -> None:
        """End the server: kindly, then, after a grace time, for certain."""
        self.process.terminate()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.process.kill()
            self.process.wait()


def environment() -> dict[str, str]:
    """Return the environment of a process, without options, on which no run must depend."""
    return {name: value for name, value in os.environ.items() if name[:6] != "DINIE_"}


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(name: str, command: Command) -> Iterator[Server]:
    """Start a server, hand it over once it takes connections, and end it whatever happens."""
    port = free_port()
    with tempfile.TemporaryFile() as errors:
        # Its own session: Ctrl-C in the terminal then reaches only the benchmark.
        process = subprocess.Popen(
            command(port),
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        server = Server(name, port, process, errors)
        try:
            server.wait_for_port()
            yield server
        finally:
            server.end()
