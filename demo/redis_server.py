"""A real redis-server on a free port."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")
_START_SECONDS = 20
_SLOTS = 16_384
_TRIES = 5


class PortTakenError(Exception):
    """The server has ended at once: another program has one of its ports."""


@dataclass
class RedisServer:
    """It may be ended and begun again, on the same port and with the same data.

    ``options`` are further ones of the program; ``tls`` is the context of a client.
    """

    folder: Path
    port: int
    password: str = ""
    options: tuple[str, ...] = ()
    tls: ssl.SSLContext | None = None
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        login = f":{self.password}@" if self.password else ""
        return f"redis{'s' if self.tls else ''}://{login}127.0.0.1:{self.port}/0"

    def start(self) -> None:
        assert PROGRAM
        self.process = subprocess.Popen(
            [
                PROGRAM,
                *("--bind", "127.0.0.1", "--dir", str(self.folder)),
                *("--tls-port" if self.tls else "--port", str(self.port)),
                # What was answered is on disk: the server may be ended at any moment.
                *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
                *(("--requirepass", self.password) if self.password else ()),
                *self.options,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            if self.process.poll() is not None:
                raise PortTakenError
            try:
                answer = self.say("PING")
                if answer.startswith(("+PONG", "-NOAUTH")):
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError("redis-server did not start")
            time.sleep(0.02)

    def say(self, command: str) -> str:
        """Send one command, and give the beginning of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as plain:
            wrapped = (
                self.tls.wrap_socket(plain, server_hostname="127.0.0.1") if self.tls else plain
            )
            with wrapped as connection:
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(10_000).decode()

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


def _free_port(most: int = 65_535) -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    return port if port <= most else _free_port(most)


@contextmanager
def redis_server(
    folder: Path,
    password: str = "",
    options: tuple[str, ...] = (),
    tls: ssl.SSLContext | None = None,
) -> Iterator[RedisServer]:
    """Run one until the block ends."""
    server = RedisServer(folder, _free_port(), password, options, tls)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _cluster_node(folder: Path) -> RedisServer:
    """A node that runs. Its own traffic is on its port and 10,000, where a client may be."""
    for _ in range(_TRIES):
        server = RedisServer(folder, _free_port(55_000), options=("--cluster-enabled", "yes"))
        with suppress(PortTakenError):
            server.start()
            return server
    raise AssertionError("no port is free for a node of a cluster")


@contextmanager
def redis_cluster(folder: Path, nodes: int = 3) -> Iterator[list[RedisServer]]:
    """Run a cluster whose nodes share all slots among them."""
    with ExitStack() as stack:
        servers = []
        for number in range(nodes):
            own = folder / str(number)
            own.mkdir()
            server = _cluster_node(own)
            stack.callback(server.kill)
            servers.append(server)
        for number, server in enumerate(servers):
            first, last = (_SLOTS * at // nodes for at in (number, number + 1))
            assert server.say(f"CLUSTER ADDSLOTSRANGE {first} {last - 1}") == "+OK\r\n"
            assert server.say(f"CLUSTER MEET 127.0.0.1 {servers[0].port}") == "+OK\r\n"
        deadline = time.monotonic() + _START_SECONDS
        while not all(_is_whole(one, nodes) for one in servers):
            assert time.monotonic() < deadline, "the cluster did not form"
            time.sleep(0.05)
        yield servers


def _is_whole(server: RedisServer, nodes: int) -> bool:
    told = server.say("CLUSTER INFO")
    return "cluster_state:ok" in told and f"cluster_known_nodes:{nodes}" in told
