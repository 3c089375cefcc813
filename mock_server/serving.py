"""The mock as a server process: its socket, its workers, and its orderly end."""

import asyncio
import gc
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import contextmanager
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from mock_server import __version__
from mock_server.app import create_app
from mock_server.connection import ClosableProtocol
from mock_server.logs import set_up_logs
from mock_server.metrics import forget_shared_metrics, shared_metrics
from mock_server.partners import seed
from mock_server.settings import Settings
from mock_server.store.interface import StoreError
from mock_server.store.opening import is_shared, open_store

logger = logging.getLogger("mock_server")

_WORKER_SETTINGS = "DINIE_MOCK_WORKER_SETTINGS"
_GRACE_SECONDS = 5


class _Ending:
    """Whether the process was told to end. A lock has no place where signals are handled."""

    def __init__(self) -> None:
        self._was_told = False

    def tell(self) -> None:
        self._was_told = True

    def is_told(self) -> bool:
        return self._was_told


class ServingError(Exception):
    """The server cannot start; the message is one plain line."""


def bind(host: str, port: int) -> socket.socket:
    """Listen on ``host`` and ``port`` (0: any free one); raises :class:`ServingError`."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address, family=family, backlog=2048)
    except socket.gaierror as error:
        raise ServingError(f"--host {host}: {error.strerror}") from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        mend = "; choose another with --port, or 0 for a free one" if port else ""
        raise ServingError(f"cannot listen on {host}:{port}: {reason}{mend}") from error


def serve(settings: Settings, listener: socket.socket, announce: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``announce`` is called once requests are answered.

    Raises what :func:`mock_server.app.create_app` raises, and StoreError for a store that is
    away or cannot be written, before anything is served; and :class:`ServingError` for workers
    that do not start, or have no store that they could share.
    """
    set_up_logs(settings.log_format, settings.log_level)
    workers = settings.workers
    if workers > 1 and not is_shared(settings.store):
        raise ServingError(
            "--workers needs a store that they can share: --store sqlite:///FILE or redis://…"
        )
    # Its loggers are set up already.
    options = {**uvicorn_options(), "log_config": None, "log_level": None}

    def announce_and_log() -> None:
        # In this order: whoever reads the announcement may ask for something at once.
        logger.info("started", extra={"version": __version__, "workers": workers})
        announce()

    with _quiet_signals(), shared_metrics(workers):
        if workers > 1:
            asyncio.run(_rehearse(create_app(settings)))
            os.environ[_WORKER_SETTINGS] = settings.to_json()
            config = uvicorn.Config(
                f"{__name__}:worker_app", factory=True, workers=workers, **options
            )
            supervisor = _Supervisor(config, [listener], announce_and_log)
            supervisor.run()
            if any(worker.exitcode == STARTUP_FAILURE for worker in supervisor.processes):
                raise ServingError("the workers did not start: what they said above is why")
        else:
            ending = _Ending()
            app = create_app(settings, patient=True, is_ending=ending.is_told)
            if is_shared(settings.store):
                asyncio.run(_prepare(settings))
            server = _Announcing(uvicorn.Config(app, **options), announce_and_log, ending)
            server.run(sockets=[listener])
    logger.info("stopped")


async def _rehearse(app: ASGIApp) -> None:
    """Start and end it once: what workers could not use is said by this process, and once."""
    events = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))

    async def receive() -> Message:
        return next(events)

    async def send(message: Message) -> None:
        if message["type"] == "lifespan.startup.failed":
            raise StoreError(message["message"])

    await app({"type": "lifespan", "asgi": {}}, receive, send)


async def _prepare(settings: Settings) -> None:
    """Write to the store before anything is served: what cannot be is said at once, and once."""
    store = open_store(settings.store)
    try:
        await seed(store, settings.partners)
        await store.signing_key()
    finally:
        await store.close()


def uvicorn_options() -> dict[str, Any]:
    """How uvicorn is to run, wherever it runs."""
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


def worker_app() -> ASGIApp:
    """The application of one worker process, made from what its parent was told."""
    settings = Settings.from_json(os.environ[_WORKER_SETTINGS])
    set_up_logs(settings.log_format, settings.log_level)
    ending = _Ending()
    _tell_at_once(ending)
    app = create_app(settings, patient=True, is_ending=ending.is_told)
    supervisor = parent_process()
    if supervisor is None:
        return app
    threading.Thread(target=_end_with, args=[supervisor], daemon=True).start()

    async def outliving(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)
        if scope["type"] == "lifespan" and not supervisor.is_alive():
            forget_shared_metrics()

    return outliving


def _tell_at_once(ending: _Ending) -> None:
    """Tell of a signal as soon as it comes; the server looks for one only ten times a second."""
    server_told = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}

    def told(number: int, frame: FrameType | None) -> None:
        ending.tell()
        handler = server_told[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for one in server_told:
        signal.signal(one, told)


def _end_with(supervisor: BaseProcess) -> None:
    """Let this worker end when its supervisor was killed: it would hold the port for ever."""
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)


class _Supervisor(Multiprocess):
    """Announces once workers answer. It begins a new one in place of each that dies."""

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], announce: Callable[[], None]
    ) -> None:
        super().__init__(config, sockets)
        self._announce = announce
        self.announced = False
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, self._pass_on)

    def _pass_on(self, number: int, _: FrameType | None) -> None:
        """Let workers know at once: the supervisor itself looks only twice a second."""
        self.signal_queue.append(number)
        for worker in self.processes:
            if worker.pid is not None and worker.exitcode is None:
                os.kill(worker.pid, signal.SIGTERM)

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        if not self.announced and any(worker.is_ready() for worker in self.processes):
            self.announced = True
            self._announce()


class _Announcing(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, announce: Callable[[], None], ending: _Ending
    ) -> None:
        super().__init__(config)
        self._announce = announce
        self._ending = ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._ending.tell()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # What the start made lives to the end: the collector need not walk it ever again.
            gc.collect()
            gc.freeze()
            self._announce()


@contextmanager
def _quiet_signals() -> Any:
    """Let the server's own handling be the last word: it raises the signal again at its end."""
    before = {one: signal.signal(one, lambda *_: None) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
