"""The load: many connections that send a plan's creates, and try again until each is confirmed."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.violence.connection import Address, Answer, Connection, Cut, Refused
from tests.violence.ledger import Ledger

CREDENTIALS = "/auth/credentials"

_SECONDS_BEFORE_RETRY = 0.02
_SECONDS_WITHOUT_PROGRESS = 90
"""A stalled server must not hold a test for ever; far beyond any wait that it documents."""
_MOST_ON_ONE_CONNECTION = 100
_PAGE = 100


class Stalled(Exception):
    """No request was answered for a long time."""


@dataclass
class Load:
    """Clients of one partner, whose ``token`` never expires.

    ``addresses`` are servers that share one store: each new connection goes to the next.
    ``outage_allowed`` lets an answer ``store_unavailable`` be a reason to try again.
    """

    addresses: Sequence[Address]
    token: str
    ledger: Ledger
    connections: int = 64
    outage_allowed: bool = False
    answered: int = 0
    _opened: int = 0
    _settled: int = 0
    _milestones: dict[int, asyncio.Event] = field(default_factory=dict)
    _outages: dict[int, asyncio.Event] = field(default_factory=dict)

    async def run(self) -> None:
        """Send every create of the plan; returns once each has its final answer."""
        work = iter(self.ledger.plan.order)
        # Every connection is there before the first request: they begin at once.
        await self._together(self._work(number, work) for number in range(self.connections))

    async def replay(self) -> None:
        """Send every key once more, after all acts of violence: no answer may be lost."""
        indices = iter(range(self.ledger.plan.keys))
        self.outage_allowed = False
        confirmed = self.ledger.confirmed
        await self._together(self._work(number, indices) for number in range(self.connections))
        self.ledger.confirmed = confirmed

    async def reached(self, creates: int) -> None:
        """Return once the outcome of so many creates is known."""
        if self._settled < creates:
            await self._milestones.setdefault(creates, asyncio.Event()).wait()

    async def saw_outages(self, times: int) -> None:
        """Return once so many more requests were answered with an unavailable store."""
        until = self.ledger.outages + times
        await self._outages.setdefault(until, asyncio.Event()).wait()

    async def listed(self) -> list[dict[str, Any]]:
        """All credentials of the partner, page by page."""
        found: list[dict[str, Any]] = []
        async with _connection(self.addresses[0]) as connection:
            while True:
                after = f"&starting_after={found[-1]['id']}" if found else ""
                target = f"{CREDENTIALS}?limit={_PAGE}{after}"
                answer = await connection.request("GET", target, self._headers())
                assert answer.status == 200, f"a page of the list was answered {answer.status}"
                page = json.loads(answer.body)
                found += page["data"]
                if not page["has_more"] or not page["data"]:
                    return found

    async def _together(self, workers: Iterator[Coroutine[Any, Any, None]]) -> None:
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(self._watch())
            running = [tasks.create_task(worker) for worker in workers]
            await asyncio.wait(running)
            watch.cancel()

    async def _watch(self) -> None:
        while True:
            before = self.answered
            await asyncio.sleep(_SECONDS_WITHOUT_PROGRESS)
            if self.answered == before:
                raise Stalled(
                    f"no request was answered for {_SECONDS_WITHOUT_PROGRESS} s;"
                    f" {self.ledger.confirmed} creates were confirmed until then"
                )

    async def _work(self, number: int, work: Iterator[int]) -> None:
        # Each connection lives for some requests: then all workers get a share of them.
        random = Random(f"{self.ledger.plan.seed}/{number}")
        connection: Connection | None = None
        left = 0
        try:
            for index in work:
                while True:
                    if connection is None or not connection.is_open or left == 0:
                        if connection is not None:
                            await connection.close()
                        connection = await self._connect()
                        left = random.randint(1, _MOST_ON_ONE_CONNECTION)
                    left -= 1
                    if await self._create(connection, index):
                        break
                    await asyncio.sleep(_SECONDS_BEFORE_RETRY)
        finally:
            if connection is not None:
                await connection.close()

    async def _connect(self) -> Connection:
        while True:
            self._opened += 1
            try:
                return await Connection.open(self.addresses[self._opened % len(self.addresses)])
            except Refused:
                await asyncio.sleep(_SECONDS_BEFORE_RETRY)

    async def _create(self, connection: Connection, index: int) -> bool:
        """Send one create; the result is whether its outcome is known."""
        plan, ledger = self.ledger.plan, self.ledger
        headers = {
            **self._headers(),
            "Content-Type": "application/json",
            "Idempotency-Key": plan.key(index),
        }
        try:
            answer = await connection.request("POST", CREDENTIALS, headers, plan.body(index))
        except Cut as cut:
            await connection.close()
            ledger.note_cut(index, begun=cut.begun)
            return False
        self.answered += 1
        if answer.status == 201:
            ledger.answers[index].append(answer)
            ledger.confirmed += 1
        elif self.outage_allowed and is_outage(answer):
            ledger.note_outage(index)
            _reach(self._outages, ledger.outages)
            return False
        else:
            ledger.refused.append((index, answer))
        self._settled += 1
        _reach(self._milestones, self._settled)
        return True

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def _reach(milestones: dict[int, asyncio.Event], count: int) -> None:
    if event := milestones.pop(count, None):
        event.set()


def is_outage(answer: Answer) -> bool:
    """Whether an answer is the documented one for an unavailable store."""
    return (
        answer.status == 500
        and answer.media_type == "application/problem+json"
        and json.loads(answer.body).get("code") == "store_unavailable"
    )


@asynccontextmanager
async def _connection(address: Address) -> AsyncIterator[Connection]:
    connection = await Connection.open(address)
    try:
        yield connection
    finally:
        await connection.close()
