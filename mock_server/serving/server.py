"""The mock as a server process: its socket, its start, and its shutdown."""

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message
from uvicorn.config import STARTUP_FAILURE

from dinie_contract.errors import Unusable
from dinie_contract.origins import canonical
from dinie_contract.systems import HAS_WORKER_SIGNALS
from mock_server import __version__
from mock_server.app import create_app
from mock_server.connection import ClosableProtocol
from mock_server.observing.metrics import shared_metrics
from mock_server.partners.partners import Partner, seed
from mock_server.serving.shutdown import SIGNALS, ShutdownFlag
from mock_server.serving.workers import WORKER_APP, WORKER_SETTINGS, Supervisor
from mock_server.settings import Settings
from mock_server.store.interface import StoreError
from mock_server.store.opening import backend_of
from openapi.contract import Contract

logger = logging.getLogger("mock_server")

_GRACE_SECONDS = 5

_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
"""The errors of a machine that lacks an address, or IPv6 or IPv4 altogether."""

_PORTS_TRIED = 10


class ServingError(Unusable):
    """The server cannot start; the message is one plain line."""


@contextmanager
def bind(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Listen on ``host`` and ``port`` (0: any free one); raises :class:`ServingError`.

    ``localhost`` is both loopback addresses, on one port, or the one that this machine has: a
    client may try either first.
    """
    name = canonical(host)
    with ExitStack() as opened:
        try:
            if name == "localhost" or name.endswith(".localhost"):
                listeners = _on_loopback(port)
            else:
                family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[
                    0
                ]
                listeners = [_listening(family, address)]
        except socket.gaierror as error:
            raise ServingError(f"--host {host}: {error.strerror}") from error
        for one in listeners:
            opened.enter_context(one)
        yield listeners


def _on_loopback(port: int) -> list[socket.socket]:
    """Listen on the loopback addresses; a port that was free on one may be taken on another."""
    for _ in range(_PORTS_TRIED if port == 0 else 0):
        with suppress(ServingError):
            return _on_one_port(port)
    return _on_one_port(port)


def _on_one_port(port: int) -> list[socket.socket]:
    listeners: list[socket.socket] = []
    with ExitStack() as opened:
        for family, address in _LOOPBACK:
            number = listeners[0].getsockname()[1] if listeners else port
            try:
                listeners.append(opened.enter_context(_listening(family, (address, number))))
            except ServingError as error:
                is_missing = getattr(error.__cause__, "errno", None) in _NO_SUCH_ADDRESS
                if not is_missing or (address == _LOOPBACK[-1][1] and not listeners):
                    raise
                logger.info("%s", error)
        opened.pop_all()
    return listeners


def _listening(family: int, address: tuple[Any, ...]) -> socket.socket:
    try:
        return socket.create_server(address, family=family, backlog=2048)
    except OSError as error:
        # create_server adds the address to the system's own words.
        reason = (error.strerror or str(error)).partition(" (while attempting")[0]
        host, port, *_ = address
        shown = f"[{host}]" if ":" in host else host
        mend = "; choose another with --port, or 0 for a free one" if port else ""
        raise ServingError(f"cannot listen on {shown}:{port}: {reason}{mend}") from error


def make_up_partner(url: str) -> Partner:
    """A partner for a start that names none, on the store at ``url``; raises StoreError."""

    async def signing_key() -> bytes:
        store = backend_of(url).open_store(url)
        try:
            return await store.signing_key()
        finally:
            await store.close()

    return Partner.make_up(asyncio.run(signing_key()))


def serve(
    settings: Settings,
    listeners: Sequence[socket.socket],
    announce: Callable[[], None],
    contract: Contract | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; ``announce`` is called once requests are answered.

    ``contract`` is that of the settings, where it has been read already.

    Raises what :func:`mock_server.app.create_app` raises, and StoreError for a store that is
    away or cannot be written, before anything is served; and :class:`ServingError` for workers
    that do not start, or have no store that they could share.
    """
    workers = settings.workers
    if workers > 1 and not HAS_WORKER_SIGNALS:
        raise ServingError(
            f"--workers {workers}: this system lacks the signals that several workers need;"
            " leave --workers out"
        )
    is_shared = backend_of(settings.store).is_shared(settings.store)
    if workers > 1 and not is_shared:
        raise ServingError(
            "--workers needs a store that they can share: --store sqlite:///FILE or redis://…"
        )
    # The loggers are configured already.
    options = {**uvicorn_options(), "log_config": None, "log_level": None}

    def announce_and_log() -> None:
        # Logged first: a reader of the announcement may send a request at once.
        logger.info("started", extra={"version": __version__, "workers": workers})
        announce()

    def freeze_and_announce() -> None:
        # Objects of the start live to the end: the garbage collector need not scan them again.
        gc.collect()
        gc.freeze()
        announce_and_log()

    if workers > 1:
        with shared_metrics(1):
            asyncio.run(_rehearse(create_app(replace(settings, workers=1), contract=contract)))
        os.environ[WORKER_SETTINGS] = settings.to_json()
        config = uvicorn.Config(WORKER_APP, factory=True, workers=workers, **options)
        # It takes the signals first: from here on there are files and workers to clean up.
        supervisor = Supervisor(config, list(listeners), announce_and_log)
        with shared_metrics(workers):
            supervisor.run()
        if any(worker.exitcode == STARTUP_FAILURE for worker in supervisor.processes):
            raise ServingError("the workers did not start: the lines above say why")
    else:
        with shared_metrics(1):
            ending = ShutdownFlag()
            app = create_app(
                settings, patient=True, is_ending=lambda: ending.is_set, contract=contract
            )
            if is_shared:
                asyncio.run(_prepare(settings))
            server = AnnouncingServer(uvicorn.Config(app, **options), freeze_and_announce, ending)
            # The server takes both signals itself a moment later, and raises them again at its end.
            for one in SIGNALS:
                signal.signal(one, server.handle_exit)
            server.run(sockets=list(listeners))
    logger.info("stopped")


async def _rehearse(app: ASGIApp) -> None:
    """Start and stop the application once, so that this process reports an error once for all."""
    events = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))

    async def receive() -> Message:
        return next(events)

    async def send(message: Message) -> None:
        if message["type"] == "lifespan.startup.failed":
            raise StoreError(message["message"])

    await app({"type": "lifespan", "asgi": {}}, receive, send)


async def _prepare(settings: Settings) -> None:
    """Write to the store before serving, so that an error is reported at once."""
    store = backend_of(settings.store).open_store(settings.store)
    try:
        await seed(store, settings.partners)
        await store.signing_key()
    finally:
        await store.close()


def uvicorn_options() -> dict[str, Any]:
    """The options of uvicorn, for every way to serve the mock."""
    return {
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "ws": "none",
        "lifespan": "on",
        "http": ClosableProtocol,
        "interface": "asgi3",
        "timeout_graceful_shutdown": _GRACE_SECONDS,
    }


class AnnouncingServer(uvicorn.Server):
    """A server that calls ``announce`` once it answers, and sets ``ending`` on a signal."""

    def __init__(
        self, config: uvicorn.Config, announce: Callable[[], None], ending: ShutdownFlag
    ) -> None:
        super().__init__(config)
        self._announce = announce
        self._ending = ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._ending.is_set = True
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()
