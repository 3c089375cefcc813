"""The payments server on a socket, in a thread, until the end of a block."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from tests.payments.faults import Fault
from tests.payments.server import BASE, Payments

FILE = Path(__file__).parent / "payments.yaml"
TOKENS = ("pay_first_8f2c61d0a97b4e35", "pay_second_51b7e0c4d2f98a63")


@contextmanager
def serving(*faults: Fault) -> Iterator[str]:
    """The base URL of a server with these faults."""
    config = uvicorn.Config(Payments(TOKENS, faults), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}{BASE}"
    finally:
        server.should_exit = True
        thread.join()
