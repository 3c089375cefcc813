"""The mock beside its peers: ``python -m benchmarks.peers FOLDER``.

The same creates are sent to the mock, to Prism, to Mockoon's CLI and to an app of openapi-backend,
in turn, and to a bare ASGI app. All of them serve the bundled contract. FOLDER is where
``npm install @stoplight/prism-cli @mockoon/cli openapi-backend`` was run. The peers keep nothing:
neither keys nor what was created, limits nor a journal.
"""

import itertools
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from benchmarks.commands import HOST, Command, baseline, mock
from benchmarks.measure import cpu_seconds, resident_bytes
from benchmarks.rows import Row
from benchmarks.run import load_row
from benchmarks.servers import ROOT, running
from benchmarks.table import machine
from benchmarks.wire import CREATED, PATH, Answer, BenchmarkError, create_request
from openapi.document import bundled_path

_REQUESTS, _ROUNDS, _CONNECTIONS, _WARM_UP = 3_000, 5, 8, 1_000
_BARE = "bare ASGI app"


def _peers(folder: Path, contract: Path) -> Mapping[str, tuple[Command, str]]:
    """The command of each peer, and the path that it serves creates under."""
    programs = folder / "node_modules" / ".bin"
    without_base = PATH.removeprefix("/v3")
    return {
        "Prism": (
            lambda port: [
                *(str(programs / "prism"), "mock", "--host", HOST, "--port", str(port)),
                str(contract),
            ],
            without_base,
        ),
        "Mockoon": (
            lambda port: [
                *(str(programs / "mockoon-cli"), "start", "--data", str(contract)),
                *("--hostname", HOST, "--port", str(port), "--disable-log-to-file"),
            ],
            PATH,
        ),
        "openapi-backend": (
            lambda port: [
                *("env", f"NODE_PATH={folder.absolute() / 'node_modules'}", "node"),
                *(str(ROOT / "benchmarks" / "apps" / "openapi_backend.mjs"), str(port)),
                str(contract),
            ],
            PATH,
        ),
    }


def _creates(path: str) -> Callable[[int], Callable[[], bytes]]:
    request = create_request().replace(PATH.encode(), path.encode(), 1)
    return lambda _: itertools.repeat(request).__next__


def _is_created(answer: Answer) -> str | None:
    return None if answer.status == CREATED else f"{answer.status}: {answer.body[:200]!r}"


def measured(servers: Mapping[str, tuple[Command, str]]) -> Table:
    """The table of CPU time a request, requests a second, CPU time of a start, and memory."""
    table = Table(title=machine())
    for heading in ("server", "CPU a request", "ratio", "requests/s", "CPU of a start", "memory"):
        table.add_column(heading, no_wrap=True)
    with ExitStack() as stack:
        rows, starts = [], {}
        for name, (command, path) in servers.items():
            server = stack.enter_context(running(name, command))
            row = Row(name, server, _creates(path), _is_created)
            load_row(row, 1, 1)
            pid = server.process.pid
            starts[name] = cpu_seconds(pid), resident_bytes(pid)
            rows.append(row)
        for row in rows:
            load_row(row, _WARM_UP, _CONNECTIONS)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
        for number in range(_ROUNDS):
            click.echo(f"round {number + 1} of {_ROUNDS}", err=True)
            for row in rows:
                found[row.name].append(load_row(row, _REQUESTS, _CONNECTIONS))
    for name, samples in found.items():
        pairs = zip(samples, found[_BARE], strict=True)
        cpu, memory = starts[name]
        table.add_row(
            name,
            f"{median(cpu for cpu, _ in samples) * 1e6:.0f} µs",
            f"{median(own[0] / bare[0] for own, bare in pairs):.2f}x",
            f"{median(rate for _, rate in samples):,.0f}",
            f"{cpu:.2f} s",
            f"{memory / (1 << 20):.0f} MB",
        )
    return table


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(*, folder: Path) -> None:
    """Measure the mock and the peers that FOLDER has. Exits 2 where nothing could be measured."""
    servers: dict[str, tuple[Command, str]] = {
        _BARE: (baseline("bare"), PATH),
        "dinie-mock": (mock, PATH),
    }
    contract = bundled_path()
    if shutil.which("node") is None:
        click.echo("NOT MEASURED: the peers, as Node is not on PATH", err=True)
    peers = _peers(folder, contract) if shutil.which("node") else {}
    for name, peer in peers.items():
        try:
            with running(name, peer[0]) as server:
                load_row(Row(name, server, _creates(peer[1]), _is_created), 1, 1)
        except (BenchmarkError, OSError) as error:
            click.echo(f"NOT MEASURED: {name}: {error}", err=True)
        else:
            servers[name] = peer
    try:
        Console(highlight=False).print(measured(servers))
    except BenchmarkError as error:
        click.echo(f"NOT MEASURED: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
