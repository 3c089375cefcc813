"""The server on a socket, answered by a pool of threads: in this process, or for good."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import FrameType

from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]

from tests.flask_server.parts import Parts
from tests.flask_server.service.application import BASE, CLOCK, PARTNERS, Login, Service, build
from tests.flask_server.service.tokens import LIFETIME

THREADS = 16


@dataclass(frozen=True)
class Address:
    """Where a server is, and what its partners sign in with."""

    url: str
    clock: str
    partners: tuple[Login, ...]


@contextmanager
def serving(parts: Parts, port: int = 0, token_seconds: int = LIFETIME) -> Iterator[Address]:
    """A server in threads of this process, until the end of the block.

    The tokens of its partners live for ``token_seconds``.
    """
    service = Service(parts)
    logins = tuple(service.login(partner, token_seconds) for partner in PARTNERS)
    try:
        with listening(service, port) as root:
            yield Address(root + BASE, root + CLOCK, logins)
    finally:
        service.database.close()


@contextmanager
def listening(service: Service, port: int = 0) -> Iterator[str]:
    """The root of the service at a port of its own, until the end of the block."""
    # It would tell of each request that waits for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    sockets: dict[int, wasyncore.dispatcher] = {}
    server = create_server(
        build(service), host="127.0.0.1", port=port, threads=THREADS, map=sockets
    )
    server.channel_class = type("Channel", (HTTPChannel,), {"parser_class": service.parts.parser})
    ended = threading.Event()

    def loop() -> None:
        while not ended.is_set():
            wasyncore.loop(timeout=0.1, map=sockets, count=1)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        ended.set()
        thread.join()
        server.task_dispatcher.shutdown()
        for each in list(sockets.values()):
            each.close()


def serve(parts: Parts, port: int) -> None:
    """Serve until SIGTERM or SIGINT, after a line of JSON: the address and the logins."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with serving(parts, port) as address:
        sys.stdout.write(json.dumps(asdict(address)) + "\n")
        sys.stdout.flush()
        ended.wait()
