"""What it costs to start with a large contract, and whether the answers satisfy it.

``python -m benchmarks.contracts FILE…``. Each contract is served by the mock and, where Node and
Prism are there (``npm install @stoplight/prism-cli``), by Prism, one after the other in one run.
"""

import base64
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import click
import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.commands import HOST, Command, mock_of
from benchmarks.measure import resident_bytes
from benchmarks.servers import Server, running
from benchmarks.table import machine
from benchmarks.wire import TOKEN, BenchmarkError
from openapi.contract import Contract
from openapi.document import read_document
from openapi.errors import ContractError
from openapi.generation import BudgetSpentError, Generation
from openapi.media_types import is_json
from openapi.operation import Operation

_MOST_OPERATIONS = 100
"""How many operations of a contract are asked for their answer."""

_NO_BODY = (204, 205, 304)
"""Statuses whose answers have no body, whatever a contract documents."""

_TIMES = 3
"""How often the two are measured that all starts are compared with."""

_SECONDS = 10.0


def _prism(program: str, contract: Path) -> Command:
    # Without --errors it answers invalid requests too, as far as it can.
    return lambda port: [program, "mock", "--host", HOST, "--port", str(port), str(contract)]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one server needed for one contract; ``valid`` of ``asked`` answers fit their schema."""

    cpu: float
    megabytes: float
    valid: int
    asked: int


def measured(name: str, command: Command, contract: Contract) -> Figures:
    """Start a server, ask it for the success of each operation, and end it."""
    with running(name, command) as server:
        cpu = server.seconds_to_answer()
        megabytes = resident_bytes(server.process.pid) / (1 << 20)
        answers = list(_answers(server, contract))
    return Figures(cpu, megabytes, sum(answers), len(answers))


def _answers(server: Server, contract: Contract) -> Iterator[bool]:
    """For each operation with a JSON answer, whether the server gives one by its schema."""
    generation = Generation(contract.document, contract.resolve_schema)
    # Prism serves the paths without those of the servers.
    by_servers = server.name == "mock"
    base = contract.base_path if by_servers else ""
    with httpx.Client(base_url=f"http://{HOST}:{server.port}", timeout=_SECONDS) as client:
        asked = 0
        for operation in contract.operations.values():
            status = operation.success_status
            documented = operation.response(status)
            media = (
                next((one for key, one in documented.content.items() if is_json(key)), None)
                if documented
                else None
            )
            if (
                status in _NO_BODY
                or media is None
                or media.schema is None
                or asked == _MOST_OPERATIONS
            ):
                continue
            path = _path(operation, generation)
            if path is None:
                continue
            if not by_servers:
                path = path.removeprefix(operation.prefix)
            asked += 1
            headers = {"Prefer": f"code={status}", "Accept": "application/json"}
            headers |= {
                one.name: "text"
                for one in operation.parameters
                if one.location == "header" and one.required
            }
            headers |= _login(operation, contract)
            try:
                answer = client.request(operation.method, base + path, headers=headers)
                yield answer.status_code == status and media.schema.is_valid(answer.json())
            except (httpx.HTTPError, ValueError, ContractError):
                yield False


def _login(operation: Operation, contract: Contract) -> dict[str, str]:
    """The header by which a request proves itself to an operation."""
    requirement = next(iter(operation.security), {})
    for name in requirement:
        scheme = contract.security_schemes[name]
        if scheme["type"] == "apiKey" and scheme["in"] == "header":
            return {str(scheme["name"]): TOKEN}
        if str(scheme.get("scheme")).lower() == "basic":
            login = base64.b64encode(b"client:secret").decode()
            return {"Authorization": f"Basic {login}"}
    return {"Authorization": f"Bearer {TOKEN}"}


def _path(operation: Operation, generation: Generation) -> str | None:
    """The operation's path with a value for each parameter; None where none was found."""
    path = operation.path
    for one in operation.parameters:
        if one.location == "path":
            try:
                value = generation.plain(one.schema)
            except (LookupError, BudgetSpentError, ContractError):
                return None
            path = path.replace(f"{{{one.name}}}", quote(str(value), safe=""))
    return path


def reading_seconds(contract: Path) -> float:
    """The least CPU time in which the file becomes values, which any start needs."""
    seconds = []
    for _ in range(_TIMES):
        started = time.process_time()
        read_document(contract)
        seconds.append(time.process_time() - started)
    return min(seconds)


def _small_seconds() -> float:
    """The least CPU time of a start with a contract of a few operations."""
    seconds = []
    for _ in range(_TIMES):
        with running("mock", mock_of(_SMALL, "--stateless")) as server:
            seconds.append(server.seconds_to_answer())
    return min(seconds)


@click.command()
@click.argument(
    "contracts",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, resolve_path=True),
)
@click.option("--prism", default="prism", show_default=True, help="Prism's program, or its path.")
def main(*, contracts: tuple[Path, ...], prism: str) -> None:
    """Serve each contract by the mock and by Prism. Exits 2 where nothing could be measured."""
    program = shutil.which(prism)
    if program is None or shutil.which("node") is None:
        click.echo("NOT MEASURED: Prism, as Node or its program is not on PATH (--prism)", err=True)
    table = Table(title=f"Start with a contract, and answers by its schemas: {machine()}")
    for number, heading in enumerate(
        ("contract", "operations", "server", "CPU", "beyond a small one", "memory", "valid answers")
    ):
        table.add_column(heading, justify="right" if number not in (0, 2) else "left")
    small = _small_seconds()
    done = False
    for path in contracts:
        try:
            contract = Contract.from_file(path)
        except ContractError as error:
            click.echo(f"NOT MEASURED: {error}", err=True)
            continue
        reading = reading_seconds(path)
        servers = {"mock": mock_of(path, "--stateless")} | (
            {"Prism": _prism(program, path)} if program else {}
        )
        for name, command in servers.items():
            click.echo(f"{path.name}: {name}", err=True)
            cells = [f"{name}: did not start", "", "", ""]
            try:
                found = measured(name, command, contract)
                ratio = (found.cpu - small) / reading
                cells = [
                    name,
                    f"{found.cpu:.1f} s",
                    f"{ratio:.1f}x reading" if name == "mock" else "",
                    f"{found.megabytes:.0f} MB",
                    f"{found.valid} of {found.asked}",
                ]
                done = True
                click.echo(f"  {', '.join(cells[1:])}", err=True)
            except BenchmarkError as error:
                click.echo(f"  {error}", err=True)
            table.add_row(path.name, str(len(contract.operations)), *cells)
    Console(width=120).print(table)
    if not done:
        sys.exit(2)


_SMALL = Path(__file__).parent.parent / "tests/mock_server/documented/contracts/payments-3.1.yaml"
"""A contract so small that a start with it is that of the mock alone."""


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.contracts")
