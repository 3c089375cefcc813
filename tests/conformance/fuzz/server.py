"""A faulty server on a real socket: a healthy one behind a fault."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from conformance.catalogue.sabotage import Sabotage
from conformance.cli.sabotaged import Proxy
from conformance.target.target import Target
from tests.conformance.fuzz.conftest import TOKENS


@contextmanager
def faulty(upstream: str, fault: Sabotage) -> Iterator[str]:
    """Its base URL, while the block lasts."""
    with Target(upstream, TOKENS) as target, socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(target, fault.make())
        config = uvicorn.Config(
            proxy, lifespan="off", log_level="critical", access_log=False, http="httptools"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}{proxy.prefix}"
        finally:
            server.should_exit = True
            thread.join(20)
