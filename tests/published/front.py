"""A program between gateway and origin, in a process of its own."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

FRONTS = Path(__file__).parent / "fronts"
_START_SECONDS = 60


class FrontError(Exception):
    """A front does not start. Its last words are the text."""


@dataclass(frozen=True)
class Front:
    """A command that serves creations at the port in its environment."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def running(self, origin: str) -> Iterator[str]:
        """Its host and port, while the block lasts."""
        port = _free_port()
        environment = {**os.environ, **self.environment, "ORIGIN": origin, "PORT": str(port)}
        # It is no program of this project's, and imports nothing from it.
        environment.pop("PYTHONPATH", None)
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                self.command, cwd=FRONTS, env=environment, stdout=output, stderr=output
            )
            try:
                _wait(process, port)
                yield f"127.0.0.1:{port}"
            except FrontError:
                output.seek(0)
                said = output.read().decode(errors="replace").strip().splitlines()
                raise FrontError(said[-1] if said else "it does not answer") from None
            finally:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise FrontError from None
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
