"""A real forward proxy, in a process of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_SECONDS = 30.0


@contextmanager
def forward_proxy(folder: Path, *arguments: str) -> Iterator[str]:
    """The host and port of a proxy, which logs to ``proxy.log`` in the folder."""
    port_file, log = folder / "proxy.port", folder / "proxy.log"
    command = [sys.executable, "-m", "proxy", "--hostname", "127.0.0.1", "--port", "0",
               "--port-file", str(port_file), "--log-file", str(log), "--num-workers", "1",
               "--num-acceptors", "1", *arguments]  # fmt: skip
    with (folder / "proxy.out").open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder)
    try:
        end = time.monotonic() + _START_SECONDS
        while not (port_file.exists() and port_file.read_text().strip()):
            assert process.poll() is None, (folder / "proxy.out").read_text()
            assert time.monotonic() < end, "the proxy did not start"
            time.sleep(0.05)
        yield f"127.0.0.1:{port_file.read_text().split()[0]}"
    finally:
        process.terminate()
        process.wait(10)
