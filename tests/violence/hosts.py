"""Hosts under violence: the mock's real command line in processes, on a real store."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from demo.mock_process import MockProcess, mock_process
from demo.redis_server import PROGRAM, RedisServer, redis_server
from tests.violence.connection import Address

STORES = ("sqlite", "redis")
TOKEN = "dinie_at_violence"
PARTNER = f"dinie_ci_live_violence:dinie_cs_live_violence:{TOKEN}"


class NoRedis(Exception):
    """There is no redis-server on PATH."""


@dataclass(frozen=True)
class SharedStore:
    """A store of several processes; ``redis`` is its server, or None for a file."""

    url: str
    redis: RedisServer | None = None


@contextmanager
def shared_store(kind: str, folder: Path) -> Iterator[SharedStore]:
    """A fresh store of :data:`STORES`; raises :class:`NoRedis`."""
    if kind == "sqlite":
        yield SharedStore(f"sqlite:///{folder / 'mock.db'}")
        return
    if PROGRAM is None:
        raise NoRedis("NOT TESTED: there is no redis-server on PATH; apt-get install redis-server")
    with redis_server(folder) as server:
        yield SharedStore(server.url, server)


@dataclass
class Host:
    """One ``dinie-mock serve``; it can be ended and started again on the same port."""

    store: SharedStore
    workers: int
    program: Sequence[str]
    mock: MockProcess = field(init=False)
    _port: int = 0
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def address(self) -> Address:
        """The address of the API."""
        return Address.of(self.mock.base_url)

    def start(self) -> None:
        """Start the mock; returns once it is ready."""
        self.mock = self._running.enter_context(
            mock_process(
                *("--store", self.store.url, "--workers", str(self.workers)),
                *("--partner", PARTNER, "--rate-limit", "1000000000/minute"),
                port=self._port,
                program=self.program,
            )
        )
        self._port = self.address.port

    def kill(self) -> None:
        """End all its processes with SIGKILL, as a host does whose power is gone."""
        workers = self.worker_processes()
        self.mock.process.kill()
        for worker in workers:
            worker.kill()
        self.mock.process.wait()
        psutil.wait_procs(workers)
        self._running.close()

    def stop(self) -> int:
        """End the mock with SIGTERM, as a redeploy does; the result is its exit code."""
        code = self.mock.stop(signal.SIGTERM)
        self._running.close()
        return code

    def worker_processes(self) -> list[psutil.Process]:
        """Its workers that live; the process itself where it has none."""
        here = psutil.Process(self.mock.process.pid)
        if self.workers == 1:
            return [here]
        return [one for one in here.children() if _is_worker(one)]

    def busy_workers(self) -> list[psutil.Process]:
        """The workers that hold connections of clients."""
        return [one for one in self.worker_processes() if self._holds_connection(one)]

    def _holds_connection(self, worker: psutil.Process) -> bool:
        try:
            found = worker.net_connections("tcp")
        except psutil.Error:
            return False
        return any(
            one.status == psutil.CONN_ESTABLISHED and one.laddr.port == self.address.port
            for one in found
        )


@contextmanager
def host(
    store: SharedStore, workers: int = 1, program: Sequence[str] = ("-m", "mock_server")
) -> Iterator[Host]:
    """Run one until the block ends."""
    one = Host(store, workers, program)
    one.start()
    try:
        yield one
    finally:
        one.stop()


def _is_worker(process: psutil.Process) -> bool:
    # Python starts a helper of its own beside them.
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.Error:
        return False
