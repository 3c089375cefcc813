"""The server of shelves on a socket, in a thread, until the end of a block."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from tests.shelves.faults import Fault
from tests.shelves.server import Shelves

FILE = Path(__file__).parent / "shelves.yaml"
TOKENS = ("shelf_first_3d90be57a1c4f826", "shelf_second_c27f61a80e9d3b45")


@contextmanager
def serving(*faults: Fault) -> Iterator[str]:
    """The base URL of a server with these faults."""
    config = uvicorn.Config(Shelves(TOKENS, faults), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
