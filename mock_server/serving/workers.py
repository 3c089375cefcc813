"""Worker processes that share a port and a store, and their supervisor."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from multiprocessing import parent_process, resource_tracker
from multiprocessing.process import BaseProcess
from types import FrameType

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.supervisors import Multiprocess

from dinie_contract.systems import held_back
from mock_server.app import create_app
from mock_server.observing.logs import set_up_logs
from mock_server.observing.metrics import forget_shared_metrics
from mock_server.serving.shutdown import (
    SIGNALS,
    ShutdownFlag,
    ended_by_signals,
    set_on_signal,
)
from mock_server.settings import Settings

WORKER_SETTINGS = "DINIE_MOCK_WORKER_SETTINGS"
"""Environment variable with the settings of workers: a command line would show secrets."""

WORKER_APP = f"{__name__}:worker_app"
"""Import string of the application factory of a worker, for uvicorn."""


class Supervisor(Multiprocess):
    """Announces once workers answer, and replaces each worker that dies."""

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], announce: Callable[[], None]
    ) -> None:
        super().__init__(config, sockets)
        self._announce = announce
        self.announced = False
        for one in SIGNALS:
            signal.signal(one, self._pass_on)

    def init_processes(self) -> None:
        # Ctrl-C is for the whole process group: a worker that is still being imported would end
        # with a traceback. Each gets SIGTERM from here.
        resource_tracker.ensure_running()  # its start would unblock the signal
        with held_back(signal.SIGINT):
            super().init_processes()

    def _pass_on(self, number: int, _: FrameType | None) -> None:
        """Pass a signal on to workers at once; the supervisor itself polls only twice a second."""
        self.signal_queue.append(number)
        for worker in self.processes:
            if worker.pid is not None and worker.exitcode is None:
                os.kill(worker.pid, signal.SIGTERM)
            if not self.announced:
                # Ends a health check that waits for a worker which has not started yet.
                worker.parent_conn.close()

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        if not self.announced and any(worker.is_ready() for worker in self.processes):
            self.announced = True
            self._announce()


def worker_app() -> ASGIApp:
    """The application of one worker process, made from the settings of its parent."""
    settings = Settings.from_json(os.environ[WORKER_SETTINGS])
    set_up_logs(settings.log_format, settings.log_level)
    ending = ShutdownFlag()
    with ended_by_signals(signal.SIGTERM):
        app = create_app(settings, patient=True, is_ending=lambda: ending.is_set)
    set_on_signal(ending)
    supervisor = parent_process()
    if supervisor is None:
        return app
    threading.Thread(target=_end_with, args=[supervisor], daemon=True).start()

    async def outliving(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)
        if scope["type"] == "lifespan" and not supervisor.is_alive():
            forget_shared_metrics()

    return outliving


def _end_with(supervisor: BaseProcess) -> None:
    """End this worker when its supervisor was killed; it would hold the port for ever."""
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)
