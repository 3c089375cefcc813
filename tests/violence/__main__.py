"""``python -m tests.violence``: creates under violence, reconciled, on one store after the other.

Exit code 0: nothing lost and nothing made twice. 1: something. 2: it could not be tried.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
import uvloop

from demo.mock_process import MockDidNotStart
from tests.violence.acts import kill_workers, survive
from tests.violence.hosts import STORES, TOKEN, NoRedis, host, shared_store
from tests.violence.ledger import Ledger
from tests.violence.load import Load, Stalled
from tests.violence.plan import Plan
from tests.violence.reconciliation import Reconciliation

_SHOWN = 20
_NAMES = {"sqlite": "the SQLite file", "redis": "Redis"}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--store", "stores", multiple=True, type=click.Choice(STORES),
              help="On what; repeatable. By default on each, one after the other.")  # fmt: skip
@click.option("--creates", default=10_000, show_default=True, help="Requests to send.")
@click.option("--keys", default=2_000, show_default=True, help="Idempotency keys among them.")
@click.option("--connections", default=64, show_default=True, help="At the same time.")
@click.option("--workers", default=2, show_default=True, help="Worker processes of the mock.")
@click.option("--kills", default=1, show_default=True, help="Workers to kill with SIGKILL.")
@click.option("--seed", default=0, show_default=True, help="The same creates and moments again.")
def violence(
    stores: tuple[str, ...],
    creates: int,
    keys: int,
    connections: int,
    workers: int,
    kills: int,
    seed: int,
) -> None:
    """Create API keys over many connections while workers are killed, and count what is there."""
    if connections < 1 or kills < 0 or workers < 2:
        raise click.UsageError("--connections is at least 1, --kills 0, and --workers 2")
    try:
        plan = Plan(creates, keys, seed)
    except ValueError as error:
        raise click.UsageError(f"--creates and --keys: {error}") from error
    good = True
    for store in stores or STORES:
        good &= _one(store, plan, connections, workers, kills)
    sys.exit(not good)


def _one(kind: str, plan: Plan, connections: int, workers: int, kills: int) -> bool:
    ledger = Ledger(plan)
    with (
        tempfile.TemporaryDirectory() as folder,
        shared_store(kind, Path(folder)) as store,
        host(store, workers) as one,
    ):
        load = Load([one.address], TOKEN, ledger, connections)
        started = time.monotonic()
        found = uvloop.run(survive(load, kill_workers(load, one, kills)))
        seconds = time.monotonic() - started
    click.echo(f"\nOn {_NAMES[kind]}, with {workers} workers, {connections} connections,"
               f" seed {plan.seed}:\n")  # fmt: skip
    for name, value in _figures(ledger, found, kills):
        click.echo(f"  {name:<20} {value:>9,}")
    click.echo(f"  {'seconds':<20} {seconds:>9.1f}\n")
    for violation in found.violations[:_SHOWN]:
        click.echo(f"  {violation}")
    if len(found.violations) > _SHOWN:
        click.echo(f"  and {len(found.violations) - _SHOWN:,} more")
    good = not found.violations
    click.echo("  Nothing lost, nothing made twice." if good else "  It does not hold.")
    return good


def _figures(ledger: Ledger, found: Reconciliation, kills: int) -> list[tuple[str, int]]:
    return [
        ("creates confirmed", ledger.confirmed),
        ("distinct keys", ledger.plan.keys),
        ("workers killed", kills),
        ("connections cut", ledger.cut),
        ("5xx", sum(answer.status >= 500 for _, answer in ledger.refused)),
        ("credentials listed", found.listed),
        ("replays compared", found.compared),
        ("lost", found.lost),
        ("made twice", found.made_twice),
    ]


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def main() -> None:
    """Run the command line."""
    try:
        violence.main(prog_name="python -m tests.violence", standalone_mode=False)
    except click.ClickException as error:
        reason = error.format_message()
    except (NoRedis, MockDidNotStart) as error:
        reason = str(error)
    except ExceptionGroup as errors:
        stalled = errors.subgroup(Stalled)
        if stalled is None:
            raise
        reason = str(next(_leaves(stalled)))
    else:
        return
    click.echo(reason, err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
