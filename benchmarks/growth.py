"""What a run and the mock cost as a contract grows: ``python -m benchmarks.growth``.

Contracts with 4, 40 and 400 operations, of resources that are alike: each is made, listed, read and
deleted. The mock serves each of them, and the harness judges that mock. Exits with 1 where a goal
is missed.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.commands import HOST, mock_of
from benchmarks.goals import Goal, tell
from benchmarks.measure import cpu_seconds
from benchmarks.servers import Server, running
from benchmarks.table import machine
from benchmarks.wire import TOKEN
from conformance.catalogue.requirement import Level
from conformance.catalogue.selection import select
from conformance.results.baseline import Baseline
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from openapi.contract import Contract

OPERATIONS = (4, 40, 400)
MOST_A_PAIR, MOST_A_REQUEST = 1.3, 1.1
"""The most that each may cost, as a multiple of what it costs with the smallest contract."""

STARTED = (400, 2_000, 4_000)
MOST_A_START = 1.3
"""The most that an operation may add to a start from the second to the third of these contracts.

That is a multiple of what one adds from the first to the second. Of small contracts it is noise.
"""

_SECTIONS = ("validation", "created", "lists", "reads")
"""What is judged of the largest contracts: sections with few and with many requests."""

_REQUESTS, _ROUNDS = 1_500, 3


def contract_of(operations: int) -> dict[str, Any]:
    """An OpenAPI document of so many operations, four for each resource."""
    paths: dict[str, Any] = {}
    for number in range(operations // 4):
        name = f"thing{number}"
        item = {"$ref": "#/components/schemas/Thing"}
        token = {"401": {"description": "Without a token"}}
        made = {"description": "Made", "content": {"application/json": {"schema": item}}}
        listed = {"type": "object", "required": ["data"], "properties": {
            "data": {"type": "array", "items": item}}}  # fmt: skip
        asked = {"required": True, "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/NewThing"}}}}  # fmt: skip
        paths[f"/{name}s"] = {
            "post": {"operationId": f"create_{name}", "requestBody": asked, "responses": {
                "201": made, "422": {"description": "Wrong"}, **token}},
            "get": {"operationId": f"list_{name}s", "responses": {
                "200": {"description": "All", "content": {"application/json": {"schema": listed}}},
                **token}},
        }  # fmt: skip
        paths[f"/{name}s/{{id}}"] = {
            "parameters": [{"name": "id", "in": "path", "required": True,
                            "schema": {"type": "string"}}],
            "get": {"operationId": f"read_{name}", "responses": {
                "200": made, "404": {"description": "None"}, **token}},
            "delete": {"operationId": f"delete_{name}", "responses": {
                "204": {"description": "Gone"}, "404": {"description": "None"}, **token}},
        }  # fmt: skip
    new = {"name": {"type": "string", "minLength": 1, "maxLength": 80},
           "amount": {"type": "integer", "minimum": 1}}  # fmt: skip
    thing = {"id": {"type": "string"}, **new}
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{operations} operations", "version": "1"},
        "servers": [{"url": "/v1"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "NewThing": {"type": "object", "required": ["name", "amount"], "properties": new},
                "Thing": {"type": "object", "required": [*thing], "properties": thing},
            },
        },
    }


@dataclass(frozen=True, slots=True)
class Figures:
    """What one contract cost: CPU seconds of a request and a pair, and how many pairs."""

    operations: int
    request: float
    pairs: int
    pair: float
    outcome: str


def measured(operations: int, folder: Path) -> Figures:
    """Serve a contract of so many operations, and judge it."""
    path = _file(operations, folder)
    with running("mock", mock_of(path)) as server:
        contract = Contract.from_file(path)
        with Target(f"http://{HOST}:{server.port}/v1", [TOKEN]) as target:
            before = time.process_time()
            chosen = select(catalogue(), _SECTIONS)
            run = Run(contract, target, chosen, seed=1)
            verdict = judge(run, Level.MUST, Baseline(), lambda _: None)
            seconds = time.process_time() - before
            run.clean_up()
        # Last, as it leaves many items in a list.
        request = min(_request_seconds(server, operations) for _ in range(_ROUNDS))
    pairs = len(run.checks)
    return Figures(operations, request, pairs, seconds / pairs, verdict.line)


def start_seconds(operations: int, folder: Path) -> float:
    """The least CPU time of several starts with a contract of so many operations."""
    path, seconds = _file(operations, folder), []
    for _ in range(_ROUNDS):
        with running("mock", mock_of(path)) as server:
            seconds.append(server.seconds_to_answer())
    return min(seconds)


def _file(operations: int, folder: Path) -> Path:
    path = folder / f"{operations}.json"
    path.write_text(json.dumps(contract_of(operations)))
    return path


def _request_seconds(server: Server, operations: int) -> float:
    """The CPU time of a creation of the last resource, which has the others before it."""
    path = f"/v1/thing{operations // 4 - 1}s"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=f"http://{HOST}:{server.port}", headers=headers) as client:
        client.post(path, json={"name": "one", "amount": 1}).raise_for_status()
        before = cpu_seconds(server.process.pid)
        for _ in range(_REQUESTS):
            client.post(path, json={"name": "one", "amount": 1})
        return (cpu_seconds(server.process.pid) - before) / _REQUESTS


def goals_of(found: Sequence[Figures], starts: Sequence[float]) -> list[Goal]:
    """Judge the figures, the smallest contract's first, and the starts of ``STARTED``."""
    small, *larger = found
    goals = []
    for one in larger:
        for name, ratio, most in (
            ("a pair", one.pair / small.pair, MOST_A_PAIR),
            ("a request to the mock", one.request / small.request, MOST_A_REQUEST),
        ):
            text = f"with {one.operations} operations {name} costs {ratio:.2f}x"
            goals.append(Goal(text, f"at most {most}x", ratio <= most))
    first, second = (
        (starts[number + 1] - starts[number]) / (STARTED[number + 1] - STARTED[number])
        for number in (0, 1)
    )
    text = f"up to {STARTED[-1]:,} an operation adds {second / first:.2f}x as much to a start"
    return [*goals, Goal(text, f"at most {MOST_A_START}x", second <= first * MOST_A_START)]


@click.command()
def main() -> None:
    """Print the table, and whether the goals hold."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        measured(OPERATIONS[0], folder)  # what is loaded and made once is no cost of a contract
        found, starts = [], []
        for number in OPERATIONS:
            click.echo(f"measuring {number} operations", err=True)
            found.append(measured(number, folder))
        for number in STARTED:
            click.echo(f"starting with {number} operations", err=True)
            starts.append(start_seconds(number, folder))
    console = Console(highlight=False)
    table = Table("operations", "a request to the mock", "pairs", "a pair", "outcome",
                  title=machine())  # fmt: skip
    for one in found:
        table.add_row(
            f"{one.operations}",
            f"{one.request * 1000:.3f} ms",
            f"{one.pairs:,}",
            f"{one.pair * 1000:.1f} ms",
            one.outcome,
        )
    console.print(table)
    for number, seconds in zip(STARTED, starts, strict=True):
        console.print(f"a start with {number:,} operations: {seconds:.2f} s")
    sys.exit(tell(console, *goals_of(found, starts)))


if __name__ == "__main__":
    main()
