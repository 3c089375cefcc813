"""Acts of violence against the mock, each a coroutine that runs beside a load."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from random import Random
from typing import Any

from demo.redis_server import RedisServer
from tests.violence.dying import AFTER, BEFORE, doom, is_doomed
from tests.violence.hosts import Host
from tests.violence.ledger import Ledger
from tests.violence.load import Load
from tests.violence.reconciliation import Reconciliation, reconcile

_EARLIEST, _LATEST = 0.1, 0.8
"""Fractions of a load between which disturbances lie, so that work is left after each."""
_MOST_SECONDS_LATER = 0.02
"""Random delay after an answer, without which each act would hit the same code of the mock."""
_SECONDS_BETWEEN_LOOKS = 0.02


async def survive(
    load: Load, *acts: Coroutine[Any, Any, None], before: Sequence[Ledger] = ()
) -> Reconciliation:
    """Run the load with the acts beside it, then replay every key and reconcile.

    ``before`` tells what the partner has made until then.
    """
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(load.run())
        for act in acts:
            tasks.create_task(act)
    await load.replay()
    return reconcile(await load.listed(), *before, load.ledger)


async def moments(load: Load, count: int) -> AsyncIterator[Random]:
    """Wait for ``count`` moments of the load, each random and the same for the same seed."""
    random, creates = Random(f"{load.ledger.plan.seed}/moments"), load.ledger.plan.creates
    earliest, latest = int(_EARLIEST * creates), int(_LATEST * creates)
    for moment in sorted(random.randint(earliest, latest) for _ in range(count)):
        await load.reached(moment)
        await asyncio.sleep(random.uniform(0, _MOST_SECONDS_LATER))
        yield random


async def kill_workers(load: Load, host: Host, kills: int) -> None:
    """Kill workers that clients are connected to, whichever they are."""
    async for random in moments(load, kills):
        while not (busy := host.busy_workers()):  # noqa: ASYNC110 - they set no event of ours
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
        random.choice(busy).kill()


async def kill_host(load: Load, host: Host, kills: int) -> None:
    """Kill all of a host and start it again."""
    async for _ in moments(load, kills):
        await asyncio.to_thread(host.kill)
        await asyncio.to_thread(host.start)


async def redeploy(load: Load, host: Host, times: int, codes: list[int]) -> None:
    """End a host in order and start it again; its exit codes are added to ``codes``."""
    async for _ in moments(load, times):
        codes.append(await asyncio.to_thread(host.stop))
        await asyncio.to_thread(host.start)


async def kill_redis(load: Load, redis: RedisServer, host: Host, kills: int) -> None:
    """Kill the server, then a worker of the mock, and start the server once all clients saw it.

    The new worker comes while there is no server, and must neither end the mock nor be wrong.
    """
    async for random in moments(load, kills):
        redis.kill()
        await load.saw_outages(load.connections)
        workers = host.worker_processes()
        random.choice(workers).kill()
        while set(host.worker_processes()) <= set(workers):  # noqa: ASYNC110 - as above
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
        await load.saw_outages(load.connections)
        await asyncio.to_thread(redis.start)


async def hang_redis(load: Load, redis: RedisServer, times: int) -> None:
    """Let the server hang until as many requests as there are connections saw the outage.

    They are told while it still hangs: whoever waits for it without an end stalls the load.
    """
    async for _ in moments(load, times):
        assert redis.process
        redis.process.send_signal(signal.SIGSTOP)
        try:
            await load.saw_outages(load.connections)
        finally:
            redis.process.send_signal(signal.SIGCONT)


async def doom_workers(load: Load, marker: Path, deaths: int) -> None:
    """Let a process that runs :mod:`tests.violence.dying` die at one of its commits."""
    async for random in moments(load, deaths):
        doom(marker, random.choice([BEFORE, AFTER]))
        while is_doomed(marker):  # noqa: ASYNC110 - another process takes it away
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
