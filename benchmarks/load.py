"""The load: raw HTTP/1.1 over a few keep-alive connections, as cheap as Python allows."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import uvloop

from benchmarks.commands import HOST
from benchmarks.wire import Answer, BenchmarkError, parse_answer

Check = Callable[[Answer], str | None]


@dataclass(slots=True)
class Load:
    """A number of requests to send, and the count of what was answered."""

    next_request: Callable[[], bytes]
    count: int
    check: Check
    finished: asyncio.Future[None]
    sent: int = 0
    answered: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    complaint: str | None = None

    def fail(self, error: Exception) -> None:
        """End the load early."""
        if not self.finished.done():
            self.finished.set_exception(error)

    def take(self, answer: Answer) -> None:
        """Count an answer, and remember the first that is not as it should be."""
        self.statuses[answer.status] += 1
        if self.complaint is None:
            self.complaint = self.check(answer)
        self.answered += 1
        if self.answered == self.count and not self.finished.done():
            self.finished.set_result(None)


class Connection(asyncio.Protocol):
    """One connection: it sends a request, waits for the answer, and sends the next."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; the load begins when every connection is there."""
        # A cast: uvloop's transports are not subclasses of this.
        self._transport = cast("asyncio.WriteTransport", transport)

    def send(self) -> None:
        """Send the next request, if any is left."""
        load = self._load
        if load.sent < load.count and self._transport is not None:
            load.sent += 1
            self._transport.write(load.next_request())

    def data_received(self, data: bytes) -> None:
        """Take an answer when it is complete."""
        self._received += data
        try:
            answer = parse_answer(self._received)
        except (BenchmarkError, ValueError) as error:
            self._load.fail(BenchmarkError(f"an answer cannot be read: {error}"))
            return
        if answer is not None:
            self._received = b""
            self._load.take(answer)
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the load: a server that closes a connection is not one to measure."""
        reason = f": {exc}" if exc else ""
        self._load.fail(BenchmarkError(f"the server closed a connection{reason}"))


async def _send_all(
    port: int, next_request: Callable[[], bytes], count: int, connections: int, check: Check
) -> float:
    loop = asyncio.get_running_loop()
    load = Load(next_request, count, check, loop.create_future())
    # Whatever goes wrong in a callback ends the load at once, not at its time limit.
    loop.set_exception_handler(
        lambda _, context: load.fail(BenchmarkError(f"the load failed: {context['message']}"))
    )
    pairs = [
        await loop.create_connection(lambda: Connection(load), HOST, port)
        for _ in range(connections)
    ]

    # A client that slept between answers would have to be woken by the server's every write.
    # On a virtual machine that costs the server more than the write itself, and only a slow
    # server would pay: a fast one never lets its client sleep. So the client of each spins.
    def stay_awake() -> None:
        if not load.finished.done():
            loop.call_soon(stay_awake)

    # Generous enough for a slow machine, and still an end to a server that hangs.
    limit = 30 + count / 100
    started = time.perf_counter()
    try:
        stay_awake()
        for _, connection in pairs:
            connection.send()
        async with asyncio.timeout(limit):
            await load.finished
        seconds = time.perf_counter() - started
    except TimeoutError:
        message = f"{load.answered:,} of {count:,} answers in {limit:.0f} s, gave up"
        raise BenchmarkError(message) from None
    finally:
        for transport, _ in pairs:
            transport.close()
    if load.complaint is not None:
        counts = ", ".join(f"{n:,} times {status}" for status, n in load.statuses.most_common())
        raise BenchmarkError(f"{load.complaint} (of all answers: {counts})")
    return seconds


def run_load(
    port: int, next_request: Callable[[], bytes], count: int, connections: int, check: Check
) -> float:
    """Send `count` requests and return the seconds it took, or raise `BenchmarkError`."""
    try:
        return uvloop.run(_send_all(port, next_request, count, connections, check))
    except OSError as error:
        raise BenchmarkError(f"no connection to the server: {error}") from None
